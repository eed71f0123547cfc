//! No store at all: for judging a component that is not going to serve.

use super::{
    BlobStore, Conditions, CreateOptions, Error, Info, Key, ListOptions, Listing, OpenOptions,
    Opened, Refusal, Stored, Upload, Whose,
};

/// Answers everything with [`Error::Unavailable`].
pub struct AbsentStore;

fn absent() -> Error {
    Error::Unavailable("there is no store".into())
}

#[async_trait::async_trait]
impl BlobStore for AbsentStore {
    async fn open(&self, _: &Key, _: OpenOptions) -> Result<Opened, Error> {
        Err(absent())
    }

    async fn stat(&self, _: &Key, _: &Conditions) -> Result<Info, Error> {
        Err(absent())
    }

    async fn create(&self, _: Key, _: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        Err(absent())
    }

    async fn finish(&self, _: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        Err(Refusal {
            index: 0,
            error: absent(),
        })
    }

    async fn remove(&self, _: &Key, _: &Whose, _: &Conditions) -> Result<(), Error> {
        Err(absent())
    }

    async fn list(&self, _: ListOptions) -> Result<Listing, Error> {
        Err(absent())
    }
}
