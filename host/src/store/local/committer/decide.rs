//! Decides changes inside a transaction, each against what those before it left.

mod uploads;

use std::time::{SystemTime, UNIX_EPOCH};

use super::change::{Change, Verdict};
use crate::store::local::id::Id;
use crate::store::local::index::{Draft, Version};
use crate::store::local::upload::Sealed;
use crate::store::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Error, Guard, Info, Key, Refusal,
    Stored, check_remove,
};

/// The changes of one transaction.
pub(super) struct Decisions<'a, 'txn> {
    draft: &'a mut Draft<'txn>,
    /// The time of the latest version.
    latest: &'a mut SystemTime,
    /// Versions whose files are to be removed after the commit.
    pub(super) freed: Vec<Id>,
    /// Resumable uploads that are no longer there, and the bytes to be removed.
    pub(super) ended: Vec<(Id, Id)>,
    /// Whether anything has changed.
    pub(super) changed: bool,
}

impl<'a, 'txn> Decisions<'a, 'txn> {
    pub(super) fn new(draft: &'a mut Draft<'txn>, latest: &'a mut SystemTime) -> Self {
        Self {
            draft,
            latest,
            freed: Vec::new(),
            ended: Vec::new(),
            changed: false,
        }
    }

    pub(super) fn decide(&mut self, change: &Change) -> Result<Verdict, redb::Error> {
        Ok(match change {
            Change::Publish { batch, .. } => Verdict::Published(self.publish(batch)?),
            Change::Remove {
                key,
                may_remove,
                conditions,
                ..
            } => Verdict::Removed(self.remove(key, may_remove, conditions)?),
            Change::RemoveMany {
                keys, may_remove, ..
            } => {
                let removed = keys.iter().map(|key| self.remove_any(key, may_remove));
                Verdict::RemovedMany(removed.collect::<Result<_, _>>()?)
            }
            Change::Copy { copies, .. } => {
                let copied = copies.iter().map(|copy| self.copy(copy));
                Verdict::Copied(copied.collect::<Result<_, _>>()?)
            }
            Change::Amend {
                key,
                may_replace,
                conditions,
                amendment,
                ..
            } => Verdict::Amended(self.amend(key, may_replace, conditions, amendment)?),
            Change::Upload(change) => Verdict::Upload(self.decide_upload(change)?),
        })
    }

    fn publish(&mut self, batch: &[Sealed]) -> Result<Result<Vec<Stored>, Refusal>, redb::Error> {
        let mut currents = Vec::with_capacity(batch.len());
        for (index, sealed) in batch.iter().enumerate() {
            let current = self.draft.get(&sealed.key)?;
            if let Err(error) = sealed.options.check(info_of(current.as_ref())) {
                return Ok(Err(Refusal { index, error }));
            }
            currents.push(current);
        }
        let mut stored = Vec::with_capacity(batch.len());
        for (sealed, current) in batch.iter().zip(currents) {
            let modified = self.now(info_of(current.as_ref()));
            let id = match &sealed.content {
                Some(_) => Id::at(modified),
                None => sealed.stage.id(),
            };
            let info = info(&sealed.key, sealed.size, id, &sealed.options, modified);
            let inserted = self.draft.insert(id, &info, sealed.content.as_ref())?;
            stored.push(self.stored(info, inserted));
        }
        Ok(Ok(stored))
    }

    fn remove(
        &mut self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<Result<(), Error>, redb::Error> {
        let current = self.draft.get(key)?;
        if let Err(error) = check_remove(info_of(current.as_ref()), may_remove, conditions) {
            return Ok(Err(error));
        }
        self.freed.extend(self.draft.remove(key)?);
        self.changed = true;
        Ok(Ok(()))
    }

    /// Removes a file if it exists.
    fn remove_any(
        &mut self,
        key: &Key,
        may_remove: &Guard,
    ) -> Result<Result<(), Error>, redb::Error> {
        Ok(
            match self.remove(key, may_remove, &Conditions::default())? {
                Err(Error::NotFound) => Ok(()),
                outcome => outcome,
            },
        )
    }

    fn copy(&mut self, copy: &Copy) -> Result<Result<Stored, CopyError>, redb::Error> {
        let source = self.draft.get(&copy.from)?;
        if let Err(error) = copy.check_source(info_of(source.as_ref())) {
            return Ok(Err(error));
        }
        let Some(source) = source else {
            return Ok(Err(CopyError::Source(Error::NotFound)));
        };
        let target = self.draft.get(&copy.to)?;
        // The same id means the same bytes.
        let same = |target: &Version| target.id == source.id && copy.counts(&target.info);
        if let Some(target) = target.as_ref().filter(|target| same(target)) {
            if copy.may_remove.is_some() && copy.from != copy.to {
                self.freed.extend(self.draft.remove(&copy.from)?);
                self.changed = true;
            }
            return Ok(Ok(Stored {
                info: target.info.clone(),
                replaced: true,
            }));
        }
        let target = info_of(target.as_ref());
        if let Err(error) = copy.check_target(target) {
            return Ok(Err(error));
        }
        let modified = self.now(target);
        let info = info(
            &copy.to,
            source.info.size,
            source.id,
            &copy.options,
            modified,
        );
        let inserted = match copy.may_remove {
            Some(_) => self.draft.rename(&copy.from, source.id, &info)?,
            None => self.draft.copy(source.id, &info)?,
        };
        Ok(Ok(self.stored(info, inserted)))
    }

    fn amend(
        &mut self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: &Amendment,
    ) -> Result<Result<Info, Error>, redb::Error> {
        let current = self.draft.get(key)?;
        if let Err(error) = check_remove(info_of(current.as_ref()), may_replace, conditions) {
            return Ok(Err(error));
        }
        let Some(Version { id, mut info }) = current else {
            return Ok(Err(Error::NotFound));
        };
        info.modified = self.now(Some(&info));
        amendment.clone().apply(&mut info);
        self.draft.amend(id, &info)?;
        self.changed = true;
        Ok(Ok(info))
    }

    fn stored(&mut self, info: Info, (replaced, freed): (bool, Option<Id>)) -> Stored {
        self.freed.extend(freed);
        self.changed = true;
        Stored { info, replaced }
    }

    /// The time of a version that replaces this one. The clock may be set back, but versions
    /// never get an earlier time.
    fn now(&mut self, current: Option<&Info>) -> SystemTime {
        let before = current.map_or(UNIX_EPOCH, |info| info.modified);
        *self.latest = SystemTime::now().max(*self.latest).max(before);
        *self.latest
    }
}

fn info_of(version: Option<&Version>) -> Option<&Info> {
    version.map(|version| &version.info)
}

/// The description of a version that is stored like this.
fn info(key: &Key, size: u64, id: Id, options: &CreateOptions, modified: SystemTime) -> Info {
    Info {
        key: key.clone(),
        size,
        etag: id.etag(),
        modified,
        content_type: options.content_type.clone(),
        uploader: options.uploader.clone(),
        metadata: options.metadata.clone(),
    }
}
