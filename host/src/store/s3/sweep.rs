//! Aborts abandoned multipart uploads of hosts that crashed, in case the bucket has no
//! lifecycle rule that does so.
//!
//! What may be under way on another host is never aborted: where the service does not say
//! when an upload began, only one counts as abandoned that this host has seen long ago. Nor are
//! those of resumable uploads aborted before these expire.

mod probe;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::bucket::{Marker, Open};
use super::failure::S3Failure;
use super::resumable;
use super::shared::Shared;

pub(super) use probe::{Uploads, probe};

/// The time between two sweeps.
const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// The most answers of one sweep; what is left is for the next one.
const MOST_PAGES: usize = 1000;
/// The most uploads that are remembered.
const MOST: usize = 10_000;

/// Sweeps at once and then every day.
pub(super) async fn run(store: Arc<Shared>, abandoned_after: Duration) {
    let mut sweep = Sweep::new(store, abandoned_after);
    loop {
        match sweep.run(SystemTime::now()).await {
            Ok(0) => {}
            Ok(aborted) => tracing::info!(aborted, "aborted abandoned multipart uploads"),
            Err(failure) => tracing::warn!(?failure, "cannot list abandoned multipart uploads"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What is known between two sweeps.
pub(super) struct Sweep {
    store: Arc<Shared>,
    abandoned_after: Duration,
    /// When this host saw an upload first, by its ID.
    first_seen: HashMap<String, SystemTime>,
}

impl Sweep {
    pub(super) fn new(store: Arc<Shared>, abandoned_after: Duration) -> Sweep {
        Sweep {
            store,
            abandoned_after,
            first_seen: HashMap::new(),
        }
    }

    /// Aborts the multipart uploads that are at least this old; returns how many. One that
    /// cannot be aborted stays.
    pub(super) async fn run(&mut self, now: SystemTime) -> Result<usize, S3Failure> {
        let store = self.store.clone();
        let bucket = &store.bucket;
        let Some(limit) = now.checked_sub(self.abandoned_after) else {
            return Ok(0);
        };
        let prefix = bucket.prefix.to_string();
        let (mut marker, mut aborted) = (Marker::default(), 0);
        let mut seen = HashMap::new();
        let mut resumable = None;
        for _ in 0..MOST_PAGES {
            let page = bucket.uploads_page(&prefix, marker).await?;
            for upload in page.uploads {
                if !upload.object.starts_with(&prefix) || self.begun(&upload, now) >= limit {
                    self.remember(&mut seen, upload.id, now);
                    continue;
                }
                let in_use = match &mut resumable {
                    Some(in_use) => in_use,
                    unknown => unknown.insert(resumable::in_use(&store, now).await?),
                };
                if in_use.as_ref().is_none_or(|ids| ids.contains(&upload.id)) {
                    self.remember(&mut seen, upload.id, now);
                    continue;
                }
                match bucket.abort_parts(&upload.object, &upload.id).await {
                    Ok(()) => aborted += 1,
                    Err(S3Failure::NoSuchUpload | S3Failure::NotFound) => {}
                    Err(failure) => {
                        tracing::warn!(?failure, "cannot abort an abandoned multipart upload");
                        self.remember(&mut seen, upload.id, now);
                    }
                }
            }
            match page.next {
                Some(next) => marker = next,
                None => break,
            }
        }
        self.first_seen = seen;
        Ok(aborted)
    }

    /// Since when an upload has been there for sure.
    fn begun(&self, upload: &Open, now: SystemTime) -> SystemTime {
        match upload.begun {
            Some(begun) if self.store.bucket.uploads.dated => begun,
            _ => self.first_seen.get(&upload.id).copied().unwrap_or(now),
        }
    }

    fn remember(&self, seen: &mut HashMap<String, SystemTime>, id: String, now: SystemTime) {
        if !self.store.bucket.uploads.dated && seen.len() < MOST {
            let first = self.first_seen.get(&id).copied();
            seen.insert(id, first.unwrap_or(now));
        }
    }
}
