//! The port's functions over the bucket.

use std::rc::Rc;

use coffer_adapter::{Opened, Store};
use coffer_port::object::publish::begins_without_look;
use coffer_port::object::{Remove, Seen};
use coffer_port::{
    Conditions, CreateOptions, Error, Guard, Info, Key, ListOptions, Listing, OpenOptions, Refusal,
    Stored, check_read,
};

use crate::batch;
use crate::bucket::Bucket;
use crate::download;
use crate::failure::Failure;
use crate::list;
use crate::publish::look_and_check;
use crate::settings::Settings;
use crate::upload::Upload;

/// Files in a bucket.
pub struct S3Store(Rc<Bucket>);

impl Store for S3Store {
    type Staged = Upload;

    fn connect() -> Result<Self, Error> {
        Ok(S3Store(Rc::new(Bucket(Settings::read()?))))
    }

    fn open(&self, key: &Key, options: &OpenOptions) -> Result<Opened, Error> {
        download::open(&self.0, key, options)
    }

    fn stat(&self, key: &Key, may_read: &Guard, conditions: &Conditions) -> Result<Info, Error> {
        let info = self.0.head(key)?.info;
        check_read(&info, may_read, conditions)?;
        Ok(info)
    }

    fn create(self, key: Key, options: CreateOptions) -> Result<Upload, Error> {
        let seen = match begins_without_look(&options) {
            true => Seen::NotLooked,
            false => look_and_check(&self.0, &key, &options)?,
        };
        Ok(Upload::new(self.0, key, options, seen))
    }

    fn finish(self, uploads: Vec<Upload>) -> Result<Vec<Stored>, Refusal> {
        batch::publish_all(uploads)
    }

    fn remove(&self, key: &Key, may_remove: &Guard, conditions: &Conditions) -> Result<(), Error> {
        let mut remove = Remove::new(may_remove, conditions, true);
        loop {
            let found = self.0.look(key)?.map(|object| object.info);
            let Some(pin) = remove.pin(found)? else {
                return Ok(());
            };
            match self.0.delete(key, &pin) {
                Err(Failure::Precondition | Failure::NotFound | Failure::Conflict) => {}
                Err(Failure::Unconfirmed(_)) => remove.unconfirmed(),
                outcome => return Ok(outcome?),
            }
        }
    }

    fn list(&self, options: &ListOptions) -> Result<Listing, Error> {
        list::page(&self.0, options)
    }
}
