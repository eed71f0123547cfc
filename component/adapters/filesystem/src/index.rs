//! Which version every key has: the newest generation and the base that it names.

use std::cell::Cell;

use coffer_adapter::platform::unique;
use coffer_port::Error;

use crate::base::{self, Base};
use crate::disk::{self, Answer, Directory};
use crate::generation::Generation;
use crate::row::Change;
use crate::snapshot::{Snapshot, merged};
use crate::sweep;
use crate::turn::Turn;

/// The directory of the generations, named by their numbers.
const INDEX: &str = "index";
/// The directory of the bases.
const BASES: &str = "bases";
/// The directory of files that may become generations.
const TRIALS: &str = "trials";
/// Changes of more bytes than this are merged into a new base.
const LARGE: usize = 64 << 10;
/// How many generations before the newest one are kept: for readers that are about to open
/// one, and so that a writer that is late notices.
const KEPT: u64 = 64;
/// Max attempts when other writers are faster.
const ROUNDS: u32 = 100;

/// The directories of an index.
pub struct Index<'a> {
    root: &'a Directory,
    generations: Directory,
    bases: Directory,
    trials: Directory,
    changed: Cell<bool>,
}

impl<'a> Index<'a> {
    pub fn of(root: &'a Directory) -> Answer<Index<'a>> {
        Ok(Index {
            root,
            generations: root.enter(INDEX)?,
            bases: root.enter(BASES)?,
            trials: root.enter(TRIALS)?,
            changed: Cell::new(false),
        })
    }

    /// The index as it is now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn newest(&self) -> Result<Snapshot, Error> {
        for _ in 0..ROUNDS {
            let names = self.generations.names()?;
            let present: Vec<u64> = names.iter().filter_map(|n| Generation::number(n)).collect();
            let Some(number) = present.iter().copied().max() else {
                // The first one has no predecessor whose id could be checked.
                self.publish(
                    1,
                    &Generation {
                        id: unique(),
                        ..Generation::default()
                    },
                )?;
                continue;
            };
            let generation = match self.generation(number) {
                Ok(generation) => generation?,
                // Others have written many generations meanwhile.
                Err(failure) if failure.is_absence() => continue,
                Err(failure) => return Err(failure.into()),
            };
            let base = match &generation.base {
                None => None,
                Some(name) => match self.bases.open(name) {
                    Ok(file) => {
                        let size = disk::size(&file)?;
                        Some(Base::open(file, size)?)
                    }
                    Err(failure) if failure.is_absence() => continue,
                    Err(failure) => return Err(failure.into()),
                },
            };
            return Ok(Snapshot {
                number,
                present,
                generation,
                base,
            });
        }
        Err(Error::unavailable("the index kept changing"))
    }

    /// Changes the index atomically: `decide` returns the changes to make to the snapshot that it
    /// is given, and is called again if the index has changed meanwhile. None at all are not
    /// written.
    ///
    /// # Errors
    /// Those of `decide`, and of the disk.
    pub fn change<T, E: From<Error>>(
        &self,
        mut decide: impl FnMut(&Snapshot) -> Result<(Vec<Change>, T), E>,
    ) -> Result<T, E> {
        let _turn = Turn::take(self.root);
        for _ in 0..ROUNDS {
            let snapshot = self.newest()?;
            let (changes, outcome) = decide(&snapshot)?;
            if changes.is_empty() || self.succeed(&snapshot, changes)? {
                return Ok(outcome);
            }
        }
        Err(Error::unavailable("too many concurrent writers").into())
    }

    /// Whether a change may have taken effect although [`Index::change`] failed.
    pub fn is_changed(&self) -> bool {
        self.changed.get()
    }

    /// Creates the generation after this snapshot. False if another writer did.
    fn succeed(&self, snapshot: &Snapshot, changes: Vec<Change>) -> Result<bool, Error> {
        let mut next = Generation {
            id: unique(),
            ..snapshot.generation.clone()
        };
        next.changes.extend(
            changes
                .into_iter()
                .map(|c| (c.key().as_str().as_bytes().to_vec(), c)),
        );
        let number = snapshot.number.saturating_add(1);
        let large = next.text().len() > LARGE;
        let mut versions = Vec::new();
        if large {
            versions = self.write_base(snapshot, &mut next, number)?;
        }
        let published = self.publish(number, &next);
        if large && !matches!(published, Ok(true)) {
            // The faster writer has created one too, or will.
            let base = next.base.as_deref().unwrap_or_default();
            let _ = self.bases.remove(base);
        }
        if !published? {
            return Ok(false);
        }
        self.changed.set(true);
        self.generations.settle()?;
        self.confirm(snapshot)?;
        for &old in &snapshot.present {
            if old.saturating_add(KEPT) < number {
                let _ = self.generations.remove(&Generation::name(old));
            }
        }
        if large {
            self.forget_bases(&next);
            sweep::some(self.root, &self.trials, number, &versions);
        }
        Ok(true)
    }

    /// Gives a generation its name. False if another one has it.
    fn publish(&self, number: u64, generation: &Generation) -> Result<bool, Error> {
        let trial = unique();
        let file = self.trials.create(&trial)?;
        let written = disk::write(&file, 0, generation.text().as_bytes())
            .and_then(|()| disk::sync(&file))
            .and_then(|()| {
                self.trials
                    .link(&trial, &self.generations, &Generation::name(number))
            });
        let _ = self.trials.remove(&trial);
        match written {
            Ok(()) => Ok(true),
            Err(failure) if failure.is_presence() => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Makes sure that the free name was really the next one, and not one that was used and
    /// removed long ago: its predecessor still exists.
    fn confirm(&self, snapshot: &Snapshot) -> Result<(), Error> {
        match self.generation(snapshot.number) {
            Ok(Ok(generation)) if generation.id == snapshot.generation.id => Ok(()),
            _ => Err(Error::unavailable("the disk was too slow")),
        }
    }

    fn generation(&self, number: u64) -> Answer<Result<Generation, Error>> {
        let file = self.generations.open(&Generation::name(number))?;
        let size = disk::size(&file)?;
        let bytes = disk::read(&file, 0, size)?;
        let text = String::from_utf8(bytes).ok();
        let parsed = text.as_deref().and_then(Generation::parse);
        Ok(parsed.ok_or_else(|| {
            Error::unavailable(format!("generation {number} of the index is damaged"))
        }))
    }

    /// Merges the changes into a new base. Returns the versions in it whose bytes are on the
    /// shelves that [`sweep::some`] will scan.
    fn write_base(
        &self,
        snapshot: &Snapshot,
        next: &mut Generation,
        number: u64,
    ) -> Result<Vec<String>, Error> {
        let name = unique();
        let file = self.bases.create(&name)?;
        let (mut offset, mut versions) = (0, Vec::new());
        let changes = std::mem::take(&mut next.changes);
        let rows = merged(snapshot.base.as_ref(), changes).inspect(|row| {
            if let Ok(row) = row
                && sweep::is_due(&row.version, number)
            {
                versions.push(row.version.clone());
            }
        });
        let written = base::write(rows, |bytes| {
            disk::write(&file, offset, bytes)?;
            offset += bytes.len() as u64;
            Ok(())
        });
        if let Err(error) = written {
            let _ = self.bases.remove(&name);
            return Err(error);
        }
        disk::sync(&file)?;
        self.bases.settle()?;
        next.base = Some(name);
        Ok(versions)
    }

    /// Removes bases that no generation names. One that is being written is young.
    fn forget_bases(&self, newest: &Generation) {
        let (Ok(generations), Ok(bases)) = (self.generations.names(), self.bases.names()) else {
            return;
        };
        let mut named = vec![newest.base.clone()];
        for number in generations.iter().filter_map(|n| Generation::number(n)) {
            match self.generation(number) {
                Ok(Ok(generation)) => named.push(generation.base),
                Err(failure) if failure.is_absence() => {}
                // Better to keep them all than to lose one.
                _ => return,
            }
        }
        for base in bases {
            let young = self
                .bases
                .age(&base)
                .is_none_or(|age| age < sweep::OLD_BASE);
            if !young && !named.contains(&Some(base.clone())) {
                let _ = self.bases.remove(&base);
            }
        }
    }
}
