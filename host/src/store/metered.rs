//! Counts the calls of an engine and their outcomes.

use std::sync::Arc;
use std::time::Instant;

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Resumable, Stored, Upload,
};
use crate::metrics::Metrics;
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

    fn count<T>(&self, call: &'static str, start: Instant, result: &Result<T, Error>) {
        let error = result.as_ref().err();
        self.metrics.called(call, outcome(error), start.elapsed());
    }

    /// As one call, by the worst of its outcomes.
    fn count_many<T, E>(
        &self,
        call: &'static str,
        start: Instant,
        results: &[Result<T, E>],
        error: impl Fn(&E) -> &Error,
    ) {
        let errors = || {
            results
                .iter()
                .filter_map(|result| result.as_ref().err().map(&error))
        };
        let worst = errors().find(|error| error.is_failure());
        let outcome = outcome(worst.or_else(|| errors().next()));
        self.metrics.called(call, outcome, start.elapsed());
    }
}

fn outcome(error: Option<&Error>) -> &'static str {
    match error {
        None => "done",
        Some(error) if error.is_failure() => "failed",
        Some(_) => "refused",
    }
}

#[async_trait::async_trait]
impl BlobStore for Metered {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        let start = Instant::now();
        let result = self.engine.open(key, options).await;
        self.count("open", start, &result);
        result
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let start = Instant::now();
        let result = self.engine.stat(key, may_read, conditions).await;
        self.count("stat", start, &result);
        result
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        let start = Instant::now();
        let result = self.engine.create(key, options).await;
        self.count("create", start, &result);
        result
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let start = Instant::now();
        let result = self.engine.finish(uploads).await;
        let error = result.as_ref().err().map(|refusal| &refusal.error);
        self.metrics
            .called("finish", outcome(error), start.elapsed());
        result
    }

    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let result = self.engine.remove(key, may_remove, conditions).await;
        self.count("remove", start, &result);
        result
    }

    async fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        let start = Instant::now();
        let results = self.engine.stat_many(keys, may_read).await;
        self.count_many("stat_many", start, &results, |error| error);
        results
    }

    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        let start = Instant::now();
        let results = self.engine.remove_many(keys, may_remove).await;
        self.count_many("remove_many", start, &results, |error| error);
        results
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        let start = Instant::now();
        let results = self.engine.copy(copies).await;
        self.count_many("copy", start, &results, CopyError::error);
        results
    }

    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        let start = Instant::now();
        let amended = self.engine.amend(key, may_replace, conditions, amendment);
        let result = amended.await;
        self.count("amend", start, &result);
        result
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        let start = Instant::now();
        let result = self.engine.list(options).await;
        self.count("list", start, &result);
        result
    }

    fn resumable(&self) -> Result<&dyn Resumable, Error> {
        self.engine.resumable().map(|_| self as &dyn Resumable)
    }

    async fn ready(&self) -> Result<(), Error> {
        self.engine.ready().await
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
        let start = Instant::now();
        let result = self.engine.resumable()?.begin(key, options).await;
        self.count("begin", start, &result);
        result
    }

    async fn look(&self, id: &UploadId) -> Result<Progress, Error> {
        let start = Instant::now();
        let result = self.engine.resumable()?.look(id).await;
        self.count("look", start, &result);
        result
    }

    async fn resume(
        &self,
        id: &UploadId,
        options: TurnOptions,
    ) -> Result<(Box<dyn Upload>, Progress), Error> {
        let start = Instant::now();
        let result = self.engine.resumable()?.resume(id, options).await;
        self.count("resume", start, &result);
        result
    }

    async fn suspend(&self, turn: Box<dyn Upload>, length: Option<u64>) -> Result<u64, Error> {
        let start = Instant::now();
        let result = self.engine.resumable()?.suspend(turn, length).await;
        self.count("suspend", start, &result);
        result
    }

    async fn finish(&self, turn: Box<dyn Upload>, terms: Terms) -> Result<Stored, Error> {
        let start = Instant::now();
        let result = self.engine.resumable()?.finish(turn, terms).await;
        self.count("finish_turn", start, &result);
        result
    }

    async fn discard(&self, id: &UploadId) -> Result<(), Error> {
        let start = Instant::now();
        let result = self.engine.resumable()?.discard(id).await;
        self.count("discard", start, &result);
        result
    }
}
