//! How many lines about a shadow policy are logged: a policy may differ on every request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Max lines in [`TIME`].
const MOST: u32 = 60;
const TIME: Duration = Duration::from_secs(60);

/// Lines of the last minute.
#[derive(Default)]
pub(super) struct Lines(Mutex<Minute>);

/// One minute that begins with its first line.
#[derive(Debug, Default)]
struct Minute {
    begun: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl Lines {
    /// Whether one more line may be logged. If not, a later line says how many were left out, at
    /// the end of the minute.
    pub(super) fn admit(self: &Arc<Self>) -> bool {
        let mut minute = self.lock();
        let admitted = minute.admit(Instant::now());
        if let (Some(begun), 1, false) = (minute.begun, minute.left_out, admitted) {
            let lines = Arc::clone(self);
            tokio::spawn(async move {
                sleep_until(begun + TIME).await;
                let mut minute = lines.lock();
                if minute.begun == Some(begun) {
                    minute.finish();
                }
            });
        }
        admitted
    }

    /// Says now how many lines were left out.
    pub(super) fn finish(&self) {
        self.lock().finish();
    }

    fn lock(&self) -> MutexGuard<'_, Minute> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    fn admit(&mut self, now: Instant) -> bool {
        if self.begun.is_none_or(|begun| now >= begun + TIME) {
            self.finish();
            *self = Self {
                begun: Some(now),
                ..Self::default()
            };
        }
        if self.written < MOST {
            self.written += 1;
            true
        } else {
            self.left_out += 1;
            false
        }
    }

    fn finish(&mut self) {
        if self.left_out > 0 {
            let count = self.left_out;
            tracing::warn!(
                count,
                "more about the shadow policy was not logged: too many lines"
            );
            self.left_out = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_sixty_lines_and_the_rest_is_counted() {
        let start = Instant::now();
        let mut minute = Minute::default();
        let later = |seconds| start + Duration::from_secs(seconds);
        for second in [0, 30, 59] {
            let admitted = (0..30).filter(|_| minute.admit(later(second))).count();
            assert_eq!(admitted, if second < 59 { 30 } else { 0 });
        }
        assert_eq!(minute.left_out, 30);
        assert!(minute.admit(later(60)));
        assert_eq!((minute.written, minute.left_out), (1, 0));
        // What was said is not said again.
        minute.left_out = 7;
        minute.finish();
        assert_eq!(minute.left_out, 0);
        assert!(!minute.admit(later(61)) || minute.written == 2);
    }
}
