//! The port's functions over the index and the blobs. Each writes the index once, however many
//! files it is about.

use std::collections::HashMap;

use coffer_adapter::platform::now;
use coffer_adapter::{Batch, Opened, Source, Staged, Store};
use coffer_port::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Error, Guard, Info, Key, ListOptions,
    Listing, OpenOptions, Refusal, Stored, check_read, check_remove,
};

use crate::blobs::{self, Fresh, Incoming};
use crate::copies::{self, Plan, Way};
use crate::disk::{Answer, Directory};
use crate::index::Index;
use crate::page;
use crate::row::{self, Change, Row};
use crate::snapshot::Snapshot;

/// Max attempts to open a version before it is replaced.
const ROUNDS: u32 = 16;

/// Files in the data directory.
pub struct FileStore {
    root: Directory,
}

/// A file being uploaded.
pub struct Upload {
    key: Key,
    options: CreateOptions,
    bytes: Incoming,
}

/// Why a batch was not published, and because of which file.
struct Refused(Refusal);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(Refusal { index: 0, error })
    }
}

impl Store for FileStore {
    type Staged = Upload;

    fn connect() -> Result<Self, Error> {
        Ok(FileStore {
            root: Directory::given()?,
        })
    }

    fn open(&self, key: &Key, options: &OpenOptions) -> Result<Opened, Error> {
        let index = Index::of(&self.root)?;
        for _ in 0..ROUNDS {
            let row = index.newest()?.find(key)?.ok_or(Error::NotFound)?;
            let info = row.info();
            let extent = options.check(&info)?.within(info.size)?;
            let source = match blobs::open(&self.root, &row.version, extent.offset) {
                Ok(_) if extent.length == 0 => Source::empty(),
                Ok(source) => source?,
                Err(failure) if failure.is_absence() => continue,
                Err(failure) => return Err(failure.into()),
            };
            return Ok(Opened {
                info,
                extent,
                source,
            });
        }
        Err(Error::unavailable("the bytes of a file are missing"))
    }

    fn stat(&self, key: &Key, may_read: &Guard, conditions: &Conditions) -> Result<Info, Error> {
        let row = Index::of(&self.root)?.newest()?.find(key)?;
        let info = row.ok_or(Error::NotFound)?.info();
        check_read(&info, may_read, conditions)?;
        Ok(info)
    }

    fn create(self, key: Key, options: CreateOptions) -> Result<Upload, Error> {
        let current = Index::of(&self.root)?.newest()?.find(&key)?;
        options.check(current.map(|row| row.info()).as_ref())?;
        Ok(Upload {
            key,
            options,
            bytes: Incoming::create(&self.root)?,
        })
    }

    fn finish(self, uploads: Vec<Upload>) -> Result<Vec<Stored>, Refusal> {
        for (index, upload) in uploads.iter().enumerate() {
            upload.bytes.settle().map_err(|failure| Refusal {
                index,
                error: failure.into(),
            })?;
        }
        let index = Index::of(&self.root).map_err(Error::from);
        let index = index.map_err(|error| Refusal { index: 0, error })?;
        let published = index.change(|snapshot| {
            let modified = now();
            let (mut changes, mut stored, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
            for (index, upload) in uploads.iter().enumerate() {
                let refuse = |error| Refused(Refusal { index, error });
                let current = snapshot.find(&upload.key).map_err(refuse)?;
                let info = current.as_ref().map(Row::info);
                upload.options.check(info.as_ref()).map_err(refuse)?;
                let row = Row {
                    key: upload.key.clone(),
                    version: upload.bytes.version().to_owned(),
                    size: upload.bytes.size(),
                    modified,
                    content_type: upload.options.content_type.clone(),
                    uploader: upload.options.uploader.clone(),
                    metadata: upload.options.metadata.clone(),
                };
                stored.push(Stored {
                    info: row.info(),
                    replaced: current.is_some(),
                });
                changes.push(Change::Stored(row));
                replaced.extend(current);
            }
            Ok::<_, Refused>((changes, (stored, replaced)))
        });
        if index.is_changed() {
            // Bytes that the index may name have to stay.
            for upload in uploads {
                upload.bytes.keep();
            }
        }
        let (stored, replaced) = published.map_err(|Refused(refusal)| refusal)?;
        for row in replaced {
            blobs::remove(&self.root, &row.version);
        }
        Ok(stored)
    }

    fn remove(&self, key: &Key, may_remove: &Guard, conditions: &Conditions) -> Result<(), Error> {
        let removed = Index::of(&self.root)?.change(|snapshot| {
            let current = snapshot.find(key)?;
            let info = current.as_ref().map(Row::info);
            check_remove(info.as_ref(), may_remove, conditions)?;
            Ok::<_, Error>((vec![Change::Removed(key.clone())], current))
        })?;
        if let Some(row) = removed {
            blobs::remove(&self.root, &row.version);
        }
        Ok(())
    }

    fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Batch<Info, Error> {
        let snapshot = Index::of(&self.root)?.newest()?;
        let stat = |key| {
            let info = snapshot.find(key)?.ok_or(Error::NotFound)?.info();
            check_read(&info, may_read, &Conditions::default())?;
            Ok(info)
        };
        Ok(keys.iter().map(stat).collect())
    }

    fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Batch<(), Error> {
        let (outcomes, removed) = Index::of(&self.root)?.change(|snapshot| {
            let (mut changes, mut outcomes, mut removed) = (Vec::new(), Vec::new(), Vec::new());
            for key in keys {
                let Some(row) = snapshot.find(key)? else {
                    outcomes.push(Ok(()));
                    continue;
                };
                let checked = check_remove(Some(&row.info()), may_remove, &Conditions::default());
                if checked.is_ok() {
                    changes.push(Change::Removed(row.key));
                    removed.push(row.version);
                }
                outcomes.push(checked);
            }
            Ok::<_, Error>((changes, (outcomes, removed)))
        })?;
        for version in removed {
            blobs::remove(&self.root, &version);
        }
        Ok(outcomes)
    }

    fn copy(&self, copies: &[Copy]) -> Batch<Stored, CopyError> {
        let index = Index::of(&self.root)?;
        let links = self.link(&index.newest()?, copies)?;
        let planned = index.change(|snapshot| {
            let link = |index: usize| {
                let link = links.get(index)?.as_ref()?.as_ref();
                Some(link.map(Fresh::version).map_err(|failure| *failure))
            };
            let Plan {
                changes,
                outcomes,
                obsolete,
            } = copies::plan(copies, now(), |key| snapshot.find(key), link)?;
            Ok::<_, Error>((changes, (outcomes, obsolete)))
        });
        let links = links.into_iter().map(|link| link.and_then(Result::ok));
        let (outcomes, obsolete) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                if index.is_changed() {
                    // Bytes that the index may name have to stay.
                    links.flatten().for_each(Fresh::keep);
                }
                return Err(error);
            }
        };
        for (link, outcome) in links.zip(&outcomes) {
            if let (Some(link), Ok(stored)) = (link, outcome)
                && stored.info.etag == row::etag(link.version())
            {
                link.keep();
            }
        }
        for version in obsolete {
            blobs::remove(&self.root, &version);
        }
        Ok(outcomes)
    }

    fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        Index::of(&self.root)?.change(|snapshot| {
            let current = snapshot.find(key)?.ok_or(Error::NotFound)?;
            check_remove(Some(&current.info()), may_replace, conditions)?;
            let row = current.amended(amendment.clone(), now());
            let info = row.info();
            Ok::<_, Error>((vec![Change::Stored(row)], info))
        })
    }

    fn list(&self, options: &ListOptions) -> Result<Listing, Error> {
        let snapshot = Index::of(&self.root)?.newest()?;
        page::read(options, |from| snapshot.first_from(from))
    }
}

impl FileStore {
    /// Gives the bytes of each file that is to be copied a further name.
    fn link(
        &self,
        snapshot: &Snapshot,
        copies: &[Copy],
    ) -> Result<Vec<Option<Answer<Fresh>>>, Error> {
        let (mut links, mut shelves) = (Vec::new(), HashMap::new());
        for copy in copies {
            let (source, target) = (snapshot.find(&copy.from)?, snapshot.find(&copy.to)?);
            let way = copies::way(copy, source.as_ref(), target.as_ref());
            let link = match (way, source) {
                (Ok(Way::Link), Some(row)) => match Fresh::link(&self.root, &row.version) {
                    // Replaced or removed meanwhile, which the change will notice.
                    Err(failure) if failure.is_absence() => None,
                    linked => Some(linked),
                },
                _ => None,
            };
            links.push(link);
        }
        for link in links.iter().flatten().flatten() {
            shelves.insert(link.version().get(..2), link);
        }
        for link in shelves.values() {
            link.settle()?;
        }
        Ok(links)
    }
}

impl Staged for Upload {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes.write(bytes)
    }

    fn complete(&mut self) -> Result<(), Error> {
        self.bytes.complete()
    }
}
