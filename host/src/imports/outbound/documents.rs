//! A cache of the IAM API's documents: fresh, or stale while they are renewed and while the IAM
//! API is down.

mod copy;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use reqwest::Url;

use super::fetch::{FetchError, Fetcher};
pub(super) use copy::Asked;
use copy::{Copy, Plan, Replaced};

/// Max documents that are kept. A policy needs two.
const MOST: usize = 32;

/// Documents by URL.
#[derive(Default)]
pub struct Documents {
    fetcher: Fetcher,
    kept: Mutex<HashMap<Url, Arc<Mutex<Document>>>>,
    version: AtomicU64,
}

/// A requested document.
pub(super) struct Found {
    pub(super) body: Bytes,
    /// Whether it was cached before the request.
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
    /// Why the last request for it failed.
    failure: Option<Arc<FetchError>>,
    /// The request for it that is in progress, or the last one.
    renewal: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Documents {
    /// A number that changes when any document does.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The document at this URL, or why it is unavailable. However many callers ask, at most one
    /// request is in progress.
    pub(super) async fn get(
        self: &Arc<Self>,
        url: &Url,
        asked: Asked,
    ) -> Result<Found, Arc<FetchError>> {
        let shared = self.document(url);
        let now = Instant::now();
        let renewal = {
            let mut document = lock(&shared);
            if let Asked::InsteadOf(digest) = asked {
                if document.copy.reject(digest) {
                    self.version.fetch_add(1, Ordering::Release);
                    tracing::warn!(%url, "a document of the IAM API is unusable: the previous one stays in use");
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

    /// Starts a request, which continues even if those who wait for it are gone.
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
                            tracing::info!(%url, "fetched a document of the IAM API: new or changed");
                        }
                        Replaced::Useless => {
                            tracing::warn!(%url,
                                "fetched a document of the IAM API: still unusable, the previous one stays in use");
                        }
                    }
                }
                Err(error) => {
                    let kept = document.copy.usable(Instant::now()).is_some();
                    tracing::warn!(%url, %error, kept, "a document of the IAM API cannot be fetched");
                    document.failure = Some(Arc::new(error));
                }
            }
        });
        let renewal = request.map(|_| ()).boxed().shared();
        document.renewal = Some(renewal.clone());
        renewal
    }
}

impl Document {
    fn failure(&self) -> Arc<FetchError> {
        let failure = self.failure.clone();
        failure.unwrap_or_else(|| Arc::new(FetchError::NoCopy))
    }

    fn under_way(&self) -> Option<Shared<BoxFuture<'static, ()>>> {
        let renewal = self.renewal.as_ref()?;
        renewal.peek().is_none().then(|| renewal.clone())
    }
}

/// The state is consistent even after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
