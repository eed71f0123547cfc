//! Keeps damage to an index from spreading: redb panics on some unexpected content of its
//! file.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the index can be trusted. Once it has been found damaged, it is neither read nor
/// written: its next answer could be wrong, too.
#[derive(Debug, Default)]
pub(in crate::store::local) struct Health {
    damaged: AtomicBool,
    /// Whether requests are served: during a start, damage is reported to the operator instead.
    serves: AtomicBool,
}

impl Health {
    /// Runs an operation on the index. A panic becomes [`redb::Error::Corrupted`].
    pub(in crate::store::local) fn attempt<T>(
        &self,
        work: impl FnOnce() -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        if self.is_damaged() {
            return Err(redb::Error::Corrupted(
                "it was already found damaged".into(),
            ));
        }
        let outcome = guarded(work).unwrap_or_else(|panic| Err(redb::Error::Corrupted(panic)));
        if let Err(error @ redb::Error::Corrupted(_)) = &outcome
            && !self.damaged.swap(true, Ordering::SeqCst)
            && self.serves.load(Ordering::SeqCst)
        {
            tracing::error!(%error, "the index is damaged, it is no longer read or written");
        }
        outcome
    }

    /// From now on, damage is logged.
    pub(in crate::store::local) fn serve(&self) {
        self.serves.store(true, Ordering::SeqCst);
    }

    pub(in crate::store::local) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::SeqCst)
    }
}

thread_local! {
    /// The panic message of this thread's guarded work; none if nothing is guarded.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs this; a panic is returned as one line instead of being printed to stderr.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let other = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let is_caught = CAUGHT.with_borrow_mut(|caught| {
                let Some(said) = caught.as_mut().filter(|said| said.is_empty()) else {
                    // Not guarded, or a second one, which ends the process.
                    return false;
                };
                *said = one_line(&panic.to_string());
                true
            });
            if !is_caught {
                other(panic);
            }
        }));
    });
    let outside = CAUGHT.replace(Some(String::new()));
    // State that a panic leaves inconsistent is not used again, see `Health`.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    let said = CAUGHT.replace(outside);
    outcome.map_err(|panic: Box<dyn Any + Send>| {
        drop(panic);
        said.unwrap_or_default()
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_as_damage_in_one_line_and_ends_all_use() {
        let health = Health::default();
        assert!(matches!(health.attempt(|| Ok(1)), Ok(1)));
        let full = || Err::<(), _>(redb::Error::Io(std::io::ErrorKind::StorageFull.into()));
        assert!(health.attempt(full).is_err());
        assert!(!health.is_damaged());
        let panicked = health.attempt(|| -> Result<(), _> { panic!("not\na page") });
        let told = panicked.expect_err("damage").to_string();
        assert!(
            told.contains("not a page") && !told.contains('\n'),
            "{told}"
        );
        assert!(health.is_damaged());
        assert!(health.attempt(|| Ok(1)).is_err());
    }
}
