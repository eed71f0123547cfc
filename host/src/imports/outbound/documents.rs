//! What the IAM API publishes, as last seen: fresh, or stale while it is renewed and
//! while the IAM API is down.

mod copy;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use reqwest::Url;

use super::fetch::Fetcher;
pub(super) use copy::Asked;
use copy::{Copy, Plan, Replaced};

/// The most documents that are kept. A policy needs two.
const MOST: usize = 32;

/// Documents by URL.
#[derive(Default)]
pub struct Documents {
    fetcher: Fetcher,
    kept: Mutex<HashMap<Url, Arc<Mutex<Document>>>>,
    version: AtomicU64,
}

/// A document that somebody asked for.
pub(super) struct Found {
    pub(super) body: Bytes,
    /// Whether it was there before it was asked for.
    pub(super) is_copy: bool,
}

impl Found {
    fn copy(body: Bytes) -> Self {
        Self {
            body,
            is_copy: true,
        }
    }
}

/// One document.
#[derive(Default)]
struct Document {
    copy: Copy,
    /// Why the last request for it did not bring it.
    failure: Option<Arc<str>>,
    /// The request for it that is under way, or the last one.
    renewal: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Documents {
    /// Another number once any document is no longer what it was.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The document at this URL, or why it is not to be had. However many ask, at most one
    /// request is under way.
    pub(super) async fn get(self: &Arc<Self>, url: &Url, asked: Asked) -> Result<Found, Arc<str>> {
        let shared = self.document(url);
        let now = Instant::now();
        let renewal = {
            let mut document = lock(&shared);
            if let Asked::InsteadOf(digest) = asked {
                if document.copy.reject(digest) {
                    self.version.fetch_add(1, Ordering::Release);
                    tracing::warn!(%url, "of no use: what was there before stays");
                }
                let body = document.copy.usable(now).map(Found::copy);
                return body.ok_or_else(|| document.failure());
            }
            let under_way = document.under_way();
            let copy = |body: Option<Bytes>, document: &Document| {
                body.map(Found::copy).ok_or_else(|| document.failure())
            };
            match document.copy.plan(now, asked, under_way.is_some()) {
                Plan::Keep(body) => return copy(body, &document),
                Plan::KeepAndRenew(body) => {
                    // Nobody waits for it.
                    drop(self.renew(&shared, &mut document, url));
                    return Ok(Found::copy(body));
                }
                Plan::Wait => under_way.unwrap_or_else(|| self.renew(&shared, &mut document, url)),
            }
        };
        renewal.await;
        let document = lock(&shared);
        let body = document.copy.usable(Instant::now());
        Ok(Found {
            body: body.ok_or_else(|| document.failure())?,
            is_copy: !document.copy.came_since(now),
        })
    }

    fn document(&self, url: &Url) -> Arc<Mutex<Document>> {
        let mut kept = lock(&self.kept);
        if let Some(document) = kept.get(url) {
            return Arc::clone(document);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        Arc::clone(kept.entry(url.clone()).or_default())
    }

    /// Starts a request, which goes on when those who wait for it have gone.
    fn renew(
        self: &Arc<Self>,
        shared: &Arc<Mutex<Document>>,
        document: &mut Document,
        url: &Url,
    ) -> Shared<BoxFuture<'static, ()>> {
        document.copy.tried(Instant::now());
        let (documents, shared, url) = (Arc::clone(self), Arc::clone(shared), url.clone());
        let request = tokio::spawn(async move {
            let fetched = documents.fetcher.fetch(&url).await;
            let mut document = lock(&shared);
            match fetched {
                Ok(fetched) => {
                    document.failure = None;
                    match document.copy.replace(fetched, Instant::now()) {
                        Replaced::Same => {}
                        Replaced::Changed => {
                            documents.version.fetch_add(1, Ordering::Release);
                            tracing::info!(%url, "fetched: not what it was, or not known before");
                        }
                        Replaced::Useless => {
                            tracing::warn!(%url, "fetched: still of no use, what was there before stays");
                        }
                    }
                }
                Err(error) => {
                    let kept = document.copy.usable(Instant::now()).is_some();
                    tracing::warn!(%url, %error, kept, "cannot be fetched");
                    document.failure = Some(error.to_string().into());
                }
            }
        });
        let renewal = request.map(|_| ()).boxed().shared();
        document.renewal = Some(renewal.clone());
        renewal
    }
}

impl Document {
    fn failure(&self) -> Arc<str> {
        let failure = self.failure.clone();
        failure.unwrap_or_else(|| "the last request for it brought nothing".into())
    }

    fn under_way(&self) -> Option<Shared<BoxFuture<'static, ()>>> {
        let renewal = self.renewal.as_ref()?;
        renewal.peek().is_none().then(|| renewal.clone())
    }
}

/// What a panic elsewhere leaves behind is a whole state all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
