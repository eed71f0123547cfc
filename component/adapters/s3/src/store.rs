//! The port's functions, over the bucket.

use std::rc::Rc;

use coffer_port::conditions::{check_read, check_remove, is_none};
use coffer_port::{
    Conditions, CreateOptions, Error, Info, ListOptions, Listing, OpenOptions, Opened, Refusal,
    Store, Stored, Whose, unavailable,
};

use crate::batch;
use crate::bucket::{Bucket, Pin};
use crate::download;
use crate::failure::Failure;
use crate::list;
use crate::publish::{Seen, is_free, look_and_check};
use crate::settings::Settings;
use crate::upload::Upload;

/// So often it is decided anew whether a file may be removed.
const ROUNDS: u32 = 16;

/// Files in a bucket.
pub struct S3Store(Rc<Bucket>);

impl Store for S3Store {
    type Staged = Upload;

    fn connect() -> Result<Self, Error> {
        Ok(S3Store(Rc::new(Bucket(Settings::read()?))))
    }

    fn open(&self, key: &str, options: &OpenOptions) -> Result<Opened, Error> {
        download::open(&self.0, key, options)
    }

    fn stat(&self, key: &str, conditions: &Conditions) -> Result<Info, Error> {
        let info = self.0.head(key)?.info;
        check_read(conditions, &info)?;
        Ok(info)
    }

    fn create(self, key: String, options: CreateOptions) -> Result<Upload, Error> {
        let seen = match is_free(&options) {
            true => Seen::NotLooked,
            false => look_and_check(&self.0, &key, &options)?,
        };
        Ok(Upload::new(self.0, key, options, seen))
    }

    fn finish(self, uploads: Vec<Upload>) -> Result<Vec<Stored>, Refusal> {
        batch::publish_all(uploads)
    }

    fn remove(&self, key: &str, may_remove: &Whose, conditions: &Conditions) -> Result<(), Error> {
        let any = matches!(may_remove, Whose::Anyones) && is_none(conditions);
        for round in 1..=ROUNDS {
            let found = self.0.look(key)?.map(|object| object.info);
            check_remove(found.as_ref(), may_remove, conditions)?;
            let pin = match found {
                // Of many who remove it at once, one does. If others keep replacing it and
                // any version will do, it is this one's turn in the end.
                Some(info) if !(any && round == ROUNDS) => Pin::Version(info.etag),
                _ => Pin::None,
            };
            match self.0.delete(key, &pin) {
                Err(Failure::Precondition | Failure::NotFound | Failure::Conflict) => {}
                outcome => return Ok(outcome?),
            }
        }
        Err(unavailable("too many others write this key"))
    }

    fn list(&self, options: &ListOptions) -> Result<Listing, Error> {
        list::page(&self.0, options)
    }
}
