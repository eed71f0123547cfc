//! Records which version of a file at the source became which at the target, so that a repeated
//! copy need not read either. It is only a shortcut: what it does not know is compared.

use std::env;
use std::fmt::Display;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use redb::TableDefinition;
use sha2::{Digest, Sha256};

use crate::maintenance::error::MaintenanceError;
use crate::store::local::PrivateDatabase;
use crate::store::{Info, Key, Listed};

/// The versions at both ends, by key.
const COPIED: TableDefinition<&str, (&str, &str)> = TableDefinition::new("copied");
/// How many files share a transaction. After a kill, as many are compared again.
const GROUP: usize = 64;

/// A version as a list describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag(String);

impl Tag {
    /// At the source, whose lists agree with each other.
    pub(super) fn exact(listed: &Listed) -> Tag {
        Tag::at(listed, since_1970(listed).as_nanos())
    }

    /// At the target, where a list may tell the time more precisely than a description.
    pub(super) fn listed(listed: &Listed) -> Tag {
        Tag::at(listed, since_1970(listed).as_secs())
    }

    fn at(listed: &Listed, time: impl Display) -> Tag {
        Tag(format!("{} {} {time}", listed.etag, listed.size))
    }

    /// The same as [`Tag::listed`].
    pub(super) fn described(info: &Info) -> Tag {
        Tag::listed(&listed(info))
    }
}

fn since_1970(listed: &Listed) -> Duration {
    let since = listed.modified.duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// A description as a list has it.
pub(super) fn listed(info: &Info) -> Listed {
    Listed {
        key: info.key.clone(),
        size: info.size,
        etag: info.etag.clone(),
        modified: info.modified,
    }
}

/// What is known of a file that was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) source: Tag,
    pub(super) target: Tag,
}

/// The file of a record.
struct Record {
    path: PathBuf,
    database: PrivateDatabase,
}

/// The record, if there is a place for it.
pub(super) struct Ledger {
    record: Option<Record>,
    pending: Mutex<Vec<(Key, Copied)>>,
}

impl Ledger {
    /// Opens that of these stores, source and target; created if missing.
    pub(super) fn open(
        asked: Option<&Path>,
        stores: [String; 2],
    ) -> Result<Ledger, MaintenanceError> {
        let path = match asked {
            Some(path) => Some(path.to_owned()),
            None => default_path(&stores),
        };
        let record = path.map(Record::open).transpose()?;
        if record.is_none() {
            tracing::warn!(
                "no directory for --state: HOME is not set, so a repeated copy compares every file"
            );
        }
        Ok(Ledger {
            record,
            pending: Mutex::default(),
        })
    }

    pub(super) fn get(&self, key: &Key) -> Result<Option<Copied>, MaintenanceError> {
        let Some(record) = &self.record else {
            return Ok(None);
        };
        let found = record.database.read(|transaction| {
            let copied = transaction.open_table(COPIED)?;
            let found = copied.get(key.as_str())?;
            Ok(found.map(|row| {
                let (source, target) = row.value();
                Copied {
                    source: Tag(source.to_owned()),
                    target: Tag(target.to_owned()),
                }
            }))
        });
        found.map_err(state_error(&record.path))
    }

    /// Records a file, soon.
    pub(super) fn put(&self, key: Key, copied: Copied) -> Result<(), MaintenanceError> {
        let mut pending = self.pending();
        pending.push((key, copied));
        match pending.len() >= GROUP {
            true => self.write(&mut pending),
            false => Ok(()),
        }
    }

    /// Records what is pending.
    pub(super) fn flush(&self) -> Result<(), MaintenanceError> {
        self.write(&mut self.pending())
    }

    fn write(&self, pending: &mut Vec<(Key, Copied)>) -> Result<(), MaintenanceError> {
        let all = std::mem::take(pending);
        let Some(record) = &self.record else {
            return Ok(());
        };
        let written = record.database.write(|transaction| {
            let mut copied = transaction.open_table(COPIED)?;
            for (key, Copied { source, target }) in &all {
                copied.insert(key.as_str(), (source.0.as_str(), target.0.as_str()))?;
            }
            Ok(())
        });
        written.map_err(state_error(&record.path))
    }

    fn pending(&self) -> MutexGuard<'_, Vec<(Key, Copied)>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn open(path: PathBuf) -> Result<Record, MaintenanceError> {
        if let Some(folder) = path.parent() {
            let mut private = DirBuilder::new();
            private.recursive(true).mode(0o700);
            let created = private.create(folder).map_err(redb::Error::Io);
            created.map_err(state_error(&path))?;
        }
        let database = PrivateDatabase::open(&path).and_then(|database| {
            database.write(|transaction| {
                transaction.open_table(COPIED)?;
                Ok(())
            })?;
            Ok(database)
        });
        let database = database.map_err(state_error(&path))?;
        Ok(Record { path, database })
    }
}

fn state_error(path: &Path) -> impl Fn(redb::Error) -> MaintenanceError + use<'_> {
    |error| match error {
        redb::Error::DatabaseAlreadyOpen => MaintenanceError::StateInUse(path.to_owned()),
        source => MaintenanceError::State {
            file: path.to_owned(),
            source,
        },
    }
}

/// One file for each pair of stores.
fn default_path(stores: &[String; 2]) -> Option<PathBuf> {
    let absolute = |name| {
        let path = env::var_os(name).map(PathBuf::from)?;
        path.is_absolute().then_some(path)
    };
    // systemd separates several directories by colons.
    let state = env::var_os("STATE_DIRECTORY");
    let state = state.and_then(|all| env::split_paths(&all).next());
    let folder = state
        .or_else(|| absolute("XDG_STATE_HOME").map(|state| state.join("coffer")))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/coffer")))?;
    let digest = Sha256::digest(stores.join("\0"));
    let name = base16ct::lower::encode_string(digest.get(..8).unwrap_or_default());
    Some(folder.join(format!("copy-{name}.redb")))
}
