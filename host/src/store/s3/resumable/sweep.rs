//! Removes uploads that have expired, by any host: what they have at the service is paid for.
//!
//! What cannot be read takes no effect here either: it stays until its id says that it has been
//! over for as long as abandoned multipart uploads are kept.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::PAGE;
use super::format::Known;
use super::id::Id;
use super::objects::{STATES, TAILS, UNFINISHED};
use crate::store::s3::bucket::PartsId;
use crate::store::s3::list;
use crate::store::s3::shared::Shared;
use crate::store::{Entry, Error, Key, ListOptions};

/// Before the first sweep, so that hosts that start again and again do not list each time.
const FIRST: Duration = Duration::from_secs(60);
/// The time between two sweeps.
const INTERVAL: Duration = Duration::from_secs(3600);
/// By how much the clocks of hosts may differ.
const SKEW: Duration = Duration::from_secs(60);
/// Sweeps every hour.
pub(in crate::store::s3) async fn run(store: Arc<Shared>, abandoned_after: Duration) {
    tokio::time::sleep(FIRST).await;
    loop {
        match sweep(&store, abandoned_after, SystemTime::now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed expired resumable uploads"),
            Err(error) => tracing::warn!(?error, "cannot look for expired resumable uploads"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Removes what has expired; returns how many unfinished uploads.
pub(in crate::store::s3) async fn sweep(
    store: &Shared,
    abandoned_after: Duration,
    now: SystemTime,
) -> Result<usize, Error> {
    let mut removed = 0;
    // Their other objects stay too.
    let mut left = HashSet::new();
    let mut states = Names::below(store, STATES);
    while let Some(page) = states.next_page().await? {
        for (key, id) in page.into_iter().filter(|(_, id)| id.is_over_for(SKEW, now)) {
            match store.find(id).await {
                Ok(Some(found)) => {
                    if let Known::Unfinished(state) = found.known {
                        // The state last, so that the next sweep finds what this one leaves.
                        store.abort_of(&state).await;
                        store.clear(id, &state).await;
                        removed += 1;
                    }
                    store.forget_state(id).await;
                }
                Ok(None) => {}
                Err(Error::Misconfigured(_)) if id.is_over_for(abandoned_after, now) => {
                    store.drop_object(&key).await;
                }
                Err(error) => {
                    tracing::warn!(?error, "cannot remove an expired resumable upload");
                    left.insert(id);
                }
            }
        }
    }
    for prefix in [UNFINISHED, TAILS] {
        let mut names = Names::below(store, prefix);
        while let Some(page) = names.next_page().await? {
            for (key, id) in page {
                if id.is_over_for(SKEW, now) && !left.contains(&id) {
                    store.drop_object(&key).await;
                }
            }
        }
    }
    Ok(removed)
}

/// The multipart uploads of resumable uploads that have not expired; none if one of these cannot
/// be read, so that nobody knows.
pub(in crate::store::s3) async fn in_use(
    store: &Shared,
    now: SystemTime,
) -> Result<Option<HashSet<PartsId>>, Error> {
    let mut uploads = HashSet::new();
    let mut states = Names::below(store, STATES);
    while let Some(page) = states.next_page().await? {
        for (_, id) in page {
            match store
                .find(id)
                .await
                .map(|found| found.map(|found| found.known))
            {
                Ok(Some(Known::Unfinished(state))) => uploads.extend(state.received.upload),
                Ok(_) => {}
                Err(Error::Misconfigured(_)) if id.is_over_for(SKEW, now) => {}
                Err(error @ Error::Misconfigured(_)) => {
                    tracing::warn!(?error, "abandoned multipart uploads stay for now");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Some(uploads))
}

/// The objects of uploads below a prefix, page by page. Others stay out of it.
struct Names<'a> {
    store: &'a Shared,
    prefix: &'a str,
    after: Option<String>,
    is_done: bool,
}

impl<'a> Names<'a> {
    fn below(store: &'a Shared, prefix: &'a str) -> Names<'a> {
        Names {
            store,
            prefix,
            after: None,
            is_done: false,
        }
    }

    async fn next_page(&mut self) -> Result<Option<Vec<(Key, Id)>>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let options = ListOptions {
            prefix: self.prefix.to_owned(),
            delimiter: None,
            after: self.after.take(),
            limit: PAGE,
        };
        let page = list::page(&self.store.bucket, &options).await?;
        self.after = page.entries.last().map(|entry| entry.name().to_owned());
        self.is_done = !page.more || self.after.is_none();
        let found = page.entries.into_iter().filter_map(|entry| match entry {
            Entry::File(listed) => {
                let name = listed.key.as_str().strip_prefix(self.prefix)?;
                let id = Id::parse(name.split('/').next()?)?;
                Some((listed.key, id))
            }
            Entry::Folder(_) => None,
        });
        Ok(Some(found.collect()))
    }
}
