//! The port's functions over the bucket.

use std::rc::Rc;

use coffer_adapter::{Batch, Opened, Store};
use coffer_port::object::Seen;
use coffer_port::object::publish::begins_without_look;
use coffer_port::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Error, Guard, Info, Key, ListOptions,
    Listing, OpenOptions, Refusal, Stored, check_read,
};

use crate::bucket::Bucket;
use crate::publish::look_and_check;
use crate::run::{run, several};
use crate::settings::Settings;
use crate::upload::Upload;
use crate::{batch, copies, download, list, remove};

/// Files in a bucket.
pub struct S3Store(Rc<Bucket>);

impl S3Store {
    async fn stat_one(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let info = self.0.head(key).await?.info;
        check_read(&info, may_read, conditions)?;
        Ok(info)
    }
}

impl Store for S3Store {
    type Staged = Upload;

    fn connect() -> Result<Self, Error> {
        Ok(S3Store(Rc::new(Bucket(Settings::read()?))))
    }

    fn open(&self, key: &Key, options: &OpenOptions) -> Result<Opened, Error> {
        run(download::open(&self.0, key, options))
    }

    fn stat(&self, key: &Key, may_read: &Guard, conditions: &Conditions) -> Result<Info, Error> {
        run(self.stat_one(key, may_read, conditions))
    }

    fn create(self, key: Key, options: CreateOptions) -> Result<Upload, Error> {
        let seen = match begins_without_look(&options) {
            true => Seen::NotLooked,
            false => run(look_and_check(&self.0, &key, &options))?,
        };
        Ok(Upload::new(self.0, key, options, seen))
    }

    fn finish(self, uploads: Vec<Upload>) -> Result<Vec<Stored>, Refusal> {
        run(batch::publish_all(uploads))
    }

    fn remove(&self, key: &Key, may_remove: &Guard, conditions: &Conditions) -> Result<(), Error> {
        run(remove::remove(&self.0, key, may_remove, conditions))
    }

    fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Batch<Info, Error> {
        let none = Conditions::default();
        let stats = keys.iter().map(|key| self.stat_one(key, may_read, &none));
        Ok(run(several(stats)))
    }

    fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Batch<(), Error> {
        Ok(run(remove::remove_many(&self.0, keys, may_remove)))
    }

    fn copy(&self, copies: &[Copy]) -> Batch<Stored, CopyError> {
        let copies = copies.iter().map(|copy| copies::copy(&self.0, copy));
        Ok(run(several(copies)))
    }

    fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        run(copies::amend(
            &self.0,
            key,
            may_replace,
            conditions,
            amendment,
        ))
    }

    fn list(&self, options: &ListOptions) -> Result<Listing, Error> {
        run(list::page(&self.0, options))
    }
}
