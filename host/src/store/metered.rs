//! Counts the calls of an engine and their outcomes.

use std::sync::Arc;
use std::time::Instant;

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Resumable, Stored, Upload,
};
use crate::metrics::Metrics;
use crate::traces::Part;
use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnOptions, UploadId};

/// An engine whose calls are counted.
pub struct Metered {
    engine: Arc<dyn BlobStore>,
    metrics: Arc<Metrics>,
}

impl Metered {
    /// Counts the calls of this engine.
    pub fn new(engine: Arc<dyn BlobStore>, metrics: Arc<Metrics>) -> Self {
        Self { engine, metrics }
    }

    /// Measures a call, with a span of its own in the request's trace.
    async fn call<T>(
        &self,
        call: &'static str,
        calling: impl Future<Output = T>,
        error: impl FnOnce(&T) -> Option<&Error>,
    ) -> T {
        let mut part = Part::engine(call);
        let start = Instant::now();
        let result = calling.await;
        let outcome = outcome(error(&result));
        self.metrics.called(call, outcome, start.elapsed());
        if let Some(part) = &mut part {
            part.outcome(outcome, outcome == FAILED);
        }
        result
    }

    async fn one<T>(
        &self,
        call: &'static str,
        calling: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.call(call, calling, |result| result.as_ref().err())
            .await
    }

    /// Counts as one call, by the worst of its outcomes.
    async fn many<T, E>(
        &self,
        call: &'static str,
        calling: impl Future<Output = Vec<Result<T, E>>>,
        error: impl Fn(&E) -> &Error,
    ) -> Vec<Result<T, E>> {
        self.call(call, calling, |results| {
            let errors = || {
                results
                    .iter()
                    .filter_map(|result| result.as_ref().err().map(&error))
            };
            let worst = errors().find(|error| error.is_failure());
            worst.or_else(|| errors().next())
        })
        .await
    }
}

const FAILED: &str = "failed";

fn outcome(error: Option<&Error>) -> &'static str {
    match error {
        None => "done",
        Some(error) if error.is_failure() => FAILED,
        Some(_) => "refused",
    }
}

#[async_trait::async_trait]
impl BlobStore for Metered {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        self.one("open", self.engine.open(key, options)).await
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        self.one("stat", self.engine.stat(key, may_read, conditions))
            .await
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        self.one("create", self.engine.create(key, options)).await
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let calling = self.engine.finish(uploads);
        self.call("finish", calling, |result| {
            result.as_ref().err().map(|refusal| &refusal.error)
        })
        .await
    }

    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        self.one("remove", self.engine.remove(key, may_remove, conditions))
            .await
    }

    async fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        let calling = self.engine.stat_many(keys, may_read);
        self.many("stat_many", calling, |error| error).await
    }

    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        let calling = self.engine.remove_many(keys, may_remove);
        self.many("remove_many", calling, |error| error).await
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        let calling = self.engine.copy(copies);
        self.many("copy", calling, CopyError::error).await
    }

    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        let amending = self.engine.amend(key, may_replace, conditions, amendment);
        self.one("amend", amending).await
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        self.one("list", self.engine.list(options)).await
    }

    fn resumable(&self) -> Result<&dyn Resumable, Error> {
        self.engine.resumable().map(|_| self as &dyn Resumable)
    }

    async fn ready(&self) -> Result<(), Error> {
        self.engine.ready().await
    }

    fn digest(&self, info: &Info) -> Result<Option<[u8; 32]>, Error> {
        self.engine.digest(info)
    }

    fn describe(&self) -> Description {
        self.engine.describe()
    }

    async fn close(&self) {
        self.engine.close().await;
    }

    fn damaged_files(&self) -> u64 {
        self.engine.damaged_files()
    }

    fn unopened(&self) -> Option<String> {
        self.engine.unopened()
    }

    fn checksum_mismatches(&self) -> u64 {
        self.engine.checksum_mismatches()
    }
}

#[async_trait::async_trait]
impl Resumable for Metered {
    async fn begin(&self, key: Key, options: BeginOptions) -> Result<UploadId, Error> {
        self.one("begin", self.engine.resumable()?.begin(key, options))
            .await
    }

    async fn look(&self, id: &UploadId) -> Result<Progress, Error> {
        self.one("look", self.engine.resumable()?.look(id)).await
    }

    async fn resume(
        &self,
        id: &UploadId,
        options: TurnOptions,
    ) -> Result<(Box<dyn Upload>, Progress), Error> {
        self.one("resume", self.engine.resumable()?.resume(id, options))
            .await
    }

    async fn suspend(&self, turn: Box<dyn Upload>, length: Option<u64>) -> Result<u64, Error> {
        self.one("suspend", self.engine.resumable()?.suspend(turn, length))
            .await
    }

    async fn finish(&self, turn: Box<dyn Upload>, terms: Terms) -> Result<Stored, Error> {
        self.one("finish_turn", self.engine.resumable()?.finish(turn, terms))
            .await
    }

    async fn discard(&self, id: &UploadId) -> Result<(), Error> {
        self.one("discard", self.engine.resumable()?.discard(id))
            .await
    }
}
