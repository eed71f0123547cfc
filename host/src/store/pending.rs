//! An engine that is not open yet, while its service is away.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Resumable, Stored, Upload,
};

/// Answers everything with [`Error::Unavailable`] until it is open; then it is that engine.
pub struct Pending {
    engine: OnceLock<Arc<dyn BlobStore>>,
    reason: Mutex<String>,
    place: String,
}

impl Pending {
    /// One for files in this place.
    pub fn new(place: String) -> Self {
        Self {
            engine: OnceLock::new(),
            reason: Mutex::new("the store is not open yet".to_owned()),
            place,
        }
    }

    /// It is open, once and for all.
    pub fn open(&self, engine: Arc<dyn BlobStore>) {
        // One task opens it, once.
        let _ = self.engine.set(engine);
    }

    /// Why it is not open.
    pub fn because(&self, reason: String) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn reason(&self) -> String {
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone()
    }

    fn engine(&self) -> Result<&dyn BlobStore, Error> {
        match self.engine.get() {
            Some(engine) => Ok(engine.as_ref()),
            None => Err(self.unavailable()),
        }
    }

    fn unavailable(&self) -> Error {
        Error::Unavailable(self.reason().into())
    }
}

#[async_trait::async_trait]
impl BlobStore for Pending {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        self.engine()?.open(key, options).await
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        self.engine()?.stat(key, may_read, conditions).await
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        self.engine()?.create(key, options).await
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let engine = self.engine();
        let engine = engine.map_err(|error| Refusal { index: 0, error })?;
        engine.finish(uploads).await
    }

    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        self.engine()?.remove(key, may_remove, conditions).await
    }

    async fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        match self.engine() {
            Ok(engine) => engine.stat_many(keys, may_read).await,
            Err(_) => keys.iter().map(|_| Err(self.unavailable())).collect(),
        }
    }

    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        match self.engine() {
            Ok(engine) => engine.remove_many(keys, may_remove).await,
            Err(_) => keys.iter().map(|_| Err(self.unavailable())).collect(),
        }
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        match self.engine() {
            Ok(engine) => engine.copy(copies).await,
            Err(_) => copies
                .iter()
                .map(|_| Err(CopyError::Target(self.unavailable())))
                .collect(),
        }
    }

    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        let engine = self.engine()?;
        engine.amend(key, may_replace, conditions, amendment).await
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        self.engine()?.list(options).await
    }

    fn resumable(&self) -> Result<&dyn Resumable, Error> {
        self.engine()?.resumable()
    }

    fn digest(&self, info: &Info) -> Result<Option<[u8; 32]>, Error> {
        self.engine()?.digest(info)
    }

    fn describe(&self) -> Description {
        match self.engine.get() {
            Some(engine) => engine.describe(),
            None => Description {
                engine: "s3, not open yet".to_owned(),
                place: self.place.clone(),
                data_dir: None,
                notice: None,
            },
        }
    }

    async fn close(&self) {
        if let Some(engine) = self.engine.get() {
            engine.close().await;
        }
    }

    async fn ready(&self) -> Result<(), Error> {
        self.engine()?.ready().await
    }

    fn damaged_files(&self) -> u64 {
        let engine = self.engine.get();
        engine.map_or(0, |engine| engine.damaged_files())
    }

    fn checksum_mismatches(&self) -> u64 {
        let engine = self.engine.get();
        engine.map_or(0, |engine| engine.checksum_mismatches())
    }

    fn unopened(&self) -> Option<String> {
        match self.engine.get() {
            Some(engine) => engine.unopened(),
            None => Some(self.reason()),
        }
    }
}
