//! The files that a component and its policy come from.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::component;

/// Where component and policy come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A component in place of the embedded one.
    pub component: Option<PathBuf>,
    /// A policy in place of the one that the component brings.
    pub policy: Option<PathBuf>,
}

/// Component and policy, as they were at one moment.
pub struct Taken {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// The policy document.
    pub policy: Option<String>,
    /// What the files looked like before they were read.
    pub(super) stamps: Stamps,
}

/// What files look like from outside: it changes whenever one of them is written to or
/// another one takes its place, by whatever symbolic links on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

type Stamp = (u64, u64, u64, i64, i64);

impl Sources {
    /// Reads them.
    ///
    /// # Errors
    /// One sentence that names the file; also where one is being written to.
    pub fn read(&self) -> Result<Taken, String> {
        let stamps = self.stamps();
        let taken = Taken {
            component: component::read(self.component.as_deref())?,
            policy: self.policy.as_deref().map(read_policy).transpose()?,
            stamps,
        };
        if self.stamps() == taken.stamps {
            Ok(taken)
        } else {
            Err("the component or the policy changed while it was read".to_owned())
        }
    }

    pub(super) fn stamps(&self) -> Stamps {
        Stamps([&self.component, &self.policy].map(|file| stamp(file.as_deref()?).ok()))
    }

    /// Whether there is a file that could change.
    pub(super) fn may_change(&self) -> bool {
        self.component.is_some() || self.policy.is_some()
    }
}

fn stamp(file: &Path) -> io::Result<Stamp> {
    let about: Metadata = file.metadata()?;
    Ok((
        about.dev(),
        about.ino(),
        about.len(),
        about.mtime(),
        about.mtime_nsec(),
    ))
}

fn read_policy(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("the policy {} cannot be read: {error}", file.display()))
}
