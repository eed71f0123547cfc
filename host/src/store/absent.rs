//! An empty store that accepts nothing: for checking a component before it serves.

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Stored, Upload,
};

/// Finds nothing, and answers everything else with [`Error::Unavailable`].
pub struct AbsentStore;

fn absent() -> Error {
    Error::Unavailable("no store is attached".into())
}

#[async_trait::async_trait]
impl BlobStore for AbsentStore {
    async fn open(&self, _: &Key, _: OpenOptions) -> Result<Opened, Error> {
        Err(Error::NotFound)
    }

    async fn stat(&self, _: &Key, _: &Guard, _: &Conditions) -> Result<Info, Error> {
        Err(Error::NotFound)
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

    async fn remove(&self, _: &Key, _: &Guard, _: &Conditions) -> Result<(), Error> {
        Err(absent())
    }

    async fn remove_many(&self, keys: &[Key], _: &Guard) -> Vec<Result<(), Error>> {
        keys.iter().map(|_| Err(absent())).collect()
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        copies
            .iter()
            .map(|_| Err(CopyError::Target(absent())))
            .collect()
    }

    async fn amend(&self, _: &Key, _: &Guard, _: &Conditions, _: Amendment) -> Result<Info, Error> {
        Err(Error::NotFound)
    }

    async fn list(&self, _: ListOptions) -> Result<Listing, Error> {
        Err(absent())
    }

    fn describe(&self) -> Description {
        Description {
            engine: "absent".to_owned(),
            place: String::new(),
            data_dir: None,
            notice: None,
        }
    }

    async fn close(&self) {}
}
