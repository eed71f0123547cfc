//! Removing one file, on the conditions that hold at that moment.

use std::mem;

use super::{Pin, ROUNDS};
use crate::{Conditions, Error, Guard, Info, check_remove};

/// One file on its way out: look, decide, remove on a condition; and again where another
/// writer came between.
#[derive(Debug)]
pub struct Remove<'a> {
    may_remove: &'a Guard,
    conditions: &'a Conditions,
    /// The service evaluates conditions on this.
    evaluated: bool,
    rounds: u32,
    unconfirmed: bool,
}

impl<'a> Remove<'a> {
    /// Of a file that these admit.
    #[must_use]
    pub fn new(may_remove: &'a Guard, conditions: &'a Conditions, evaluated: bool) -> Self {
        Self {
            may_remove,
            conditions,
            evaluated,
            rounds: 0,
            unconfirmed: false,
        }
    }

    /// On which condition to remove what a look has found; none if an earlier attempt, whose
    /// answer was lost, has removed it. To be asked again, after another look, where the
    /// condition did not hold.
    ///
    /// # Errors
    /// As [`check_remove`], and [`Error::Unavailable`] once others were faster too often.
    pub fn pin(&mut self, found: Option<Info>) -> Result<Option<Pin>, Error> {
        if mem::take(&mut self.unconfirmed) && found.is_none() {
            return Ok(None);
        }
        if self.rounds == ROUNDS {
            return Err(Error::unavailable("too many others write this key"));
        }
        self.rounds += 1;
        check_remove(found.as_ref(), self.may_remove, self.conditions)?;
        // Of many who remove it at once, one does. If others keep replacing it and any
        // version will do, it is this one's turn in the end.
        let any = *self.may_remove == Guard::Any && self.conditions.is_none();
        Ok(Some(match found {
            Some(info) if self.evaluated && !(any && self.rounds == ROUNDS) => {
                Pin::Version(info.etag)
            }
            _ => Pin::None,
        }))
    }

    /// The file may be removed, but no answer says so.
    pub fn unconfirmed(&mut self) {
        self.unconfirmed = true;
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::{Key, Metadata};

    fn info() -> Info {
        Info {
            key: Key::new("k").expect("a key"),
            size: 1,
            etag: "\"1\"".into(),
            modified: UNIX_EPOCH,
            content_type: "a/b".into(),
            uploader: Some("ann".into()),
            metadata: Metadata::default(),
        }
    }

    #[test]
    fn the_last_round_removes_whatever_is_there_only_where_any_version_will_do() {
        let none = Conditions::default();
        for (guard, evaluated, last) in [
            (Guard::Any, true, Pin::None),
            (
                Guard::Uploader("ann".into()),
                true,
                Pin::Version("\"1\"".into()),
            ),
            (Guard::Any, false, Pin::None),
        ] {
            let mut remove = Remove::new(&guard, &none, evaluated);
            let pins: Vec<Pin> = (0..ROUNDS)
                .map(|_| remove.pin(Some(info())).expect("a round").expect("a pin"))
                .collect();
            assert_eq!(pins[0] == Pin::None, !evaluated, "{guard:?}");
            assert_eq!(pins.last(), Some(&last), "{guard:?}");
            assert!(remove.pin(Some(info())).is_err());
        }
        let mut remove = Remove::new(&Guard::Any, &none, true);
        assert!(matches!(remove.pin(None), Err(Error::NotFound)));
    }

    #[test]
    fn an_attempt_whose_answer_was_lost_has_removed_what_is_gone() {
        let none = Conditions::default();
        let mut remove = Remove::new(&Guard::Any, &none, true);
        assert!(remove.pin(Some(info())).expect("a round").is_some());
        remove.unconfirmed();
        assert_eq!(remove.pin(None).expect("removed"), None);
        // It removed nothing: what is gone now, others have removed.
        let mut remove = Remove::new(&Guard::Any, &none, true);
        remove.pin(Some(info())).expect("a round");
        remove.unconfirmed();
        remove.pin(Some(info())).expect("a round");
        assert!(matches!(remove.pin(None), Err(Error::NotFound)));
    }
}
