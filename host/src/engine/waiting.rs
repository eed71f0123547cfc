//! Opening the S3 engine while its service is away (`--s3-wait`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::metrics::S3Requests;
use crate::settings::Wait;
use crate::store::pending::Pending;
use crate::store::s3::{Config, S3Store, SetupError};

/// Pause after the first attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Opens the engine as soon as its service answers.
pub(super) struct Waiting {
    pub(super) config: Config,
    pub(super) requests: S3Requests,
    pub(super) limit: Wait,
    /// What is opened.
    pub(super) pending: Arc<Pending>,
}

impl Waiting {
    /// Returns once it is open.
    ///
    /// # Errors
    /// The last one, if the limit has passed; one that waiting does not mend, at once.
    pub(super) async fn open(self) -> Result<(), SetupError> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match S3Store::open(self.config.clone(), &self.requests).await {
                Ok(store) => {
                    super::announce(&store);
                    self.pending.open(Arc::new(store));
                    return Ok(());
                }
                Err(error) => error,
            };
            let left = match self.limit {
                Wait::Forever => Duration::MAX,
                Wait::UpTo(limit) => limit.saturating_sub(start.elapsed()),
            };
            if !error.is_temporary() || left.is_zero() {
                return Err(error);
            }
            tracing::warn!(%error, "waiting for the S3 service (--s3-wait)");
            self.pending.because(error.to_string());
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
