//! Copies share the bytes of their source: a second reference to them is stored.

use std::fs;
use std::io::ErrorKind::NotFound;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::committer::Change;
use super::damage::{Damage, Damaged};
use super::index::{Index, SMALL, Version};
use super::layout::Layout;
use super::{LocalStore, stopped};
use crate::store::{Copy, CopyError, Error, Stored};

impl LocalStore {
    /// Copies or moves each of these files in one transaction.
    pub(super) async fn copy_each(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        let count = copies.len();
        let failed = |error: fn() -> Error| {
            let failed = (0..count).map(|_| Err(CopyError::Target(error())));
            failed.collect()
        };
        let inspection = self.inspection();
        let inspected = spawn_blocking(move || {
            let checked = copies.iter().map(|copy| inspection.check(copy).err());
            let refusals: Vec<_> = checked.collect();
            (copies, refusals)
        });
        let Ok((copies, refusals)) = inspected.await else {
            return failed(|| Error::Unavailable("a copy could not be inspected".into()));
        };
        let accepted = copies.into_iter().zip(&refusals);
        let accepted = accepted.filter_map(|(copy, refusal)| refusal.is_none().then_some(copy));
        let copies: Vec<_> = accepted.collect();
        let decided = if copies.is_empty() {
            Vec::new()
        } else {
            match self.change(|reply| Change::Copy { copies, reply }).await {
                Ok(decided) => decided,
                Err(_) => return failed(stopped),
            }
        };
        let mut decided = decided.into_iter();
        let outcomes = refusals.into_iter().map(|refusal| match refusal {
            Some(refusal) => Err(refusal),
            None => decided
                .next()
                .unwrap_or_else(|| Err(CopyError::Target(stopped()))),
        });
        outcomes.collect()
    }

    fn inspection(&self) -> Inspection {
        Inspection {
            layout: self.layout.clone(),
            index: self.index.clone(),
            damaged: self.damaged.clone(),
        }
    }
}

/// Finds out what the index cannot tell, before anything is changed. Blocks.
struct Inspection {
    layout: Arc<Layout>,
    index: Arc<Index>,
    damaged: Arc<Damaged>,
}

impl Inspection {
    /// Whether the bytes are complete, since damaged ones must not replace others, and whether
    /// there is room for another row. Guards and conditions are the committer's.
    fn check(&self, copy: &Copy) -> Result<(), CopyError> {
        let version = self.version(copy)?;
        if let Some(version) = version.filter(|version| copy.check_source(Some(&version.info)).is_ok())
            && let Some(damage) = self.damage(&version).map_err(CopyError::Target)?
            // Otherwise it was replaced or removed since, and with it its bytes.
            && self.version(copy)?.is_some_and(|latest| latest.id == version.id)
        {
            return Err(CopyError::Source(self.damaged.found(version.id, damage)));
        }
        let room = self.layout.check_room();
        room.map_err(|error| CopyError::Target(error.into()))
    }

    fn version(&self, copy: &Copy) -> Result<Option<Version>, CopyError> {
        let snapshot = self.index.snapshot();
        let version = snapshot.and_then(|snapshot| snapshot.get(&copy.from));
        version.map_err(CopyError::Target)
    }

    fn damage(&self, version: &Version) -> Result<Option<Damage>, Error> {
        let (id, size) = (version.id, version.info.size);
        let in_index = match size {
            ..=SMALL => self.index.snapshot()?.content_length(id)?,
            _ => None,
        };
        let found = match in_index {
            Some(length) => length,
            None => match fs::metadata(self.layout.blob(id)) {
                Ok(about) => about.len(),
                Err(error) if error.kind() == NotFound => return Ok(Some(Damage::Missing)),
                Err(error) => return Err(Error::unavailable(error)),
            },
        };
        Ok((found != size).then_some(Damage::Length { found, size }))
    }
}
