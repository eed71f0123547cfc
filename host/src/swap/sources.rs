//! The files that a component and its policy come from.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use super::embedded;

/// Where component and policies come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// A component instead of the embedded one.
    component: Option<Source>,
    /// A policy instead of the component's own.
    policy: Option<Source>,
    /// A policy that decides beside it.
    shadow: Option<Source>,
}

/// One file, and what it is for.
#[derive(Debug, Clone)]
struct Source {
    what: &'static str,
    path: PathBuf,
    /// What was read at the start, if the file can be read only once: a pipe, such as a shell's
    /// `<(…)`, has nothing left for a second reader.
    once: Option<Arc<[u8]>>,
}

/// Why component or policy cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// One of the files.
    #[error("the {what} {path} cannot be read: {reason}", path = path.display())]
    Unreadable {
        /// What it is for.
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        reason: Unreadable,
    },
    /// What was read may be half of one and half of another.
    #[error("the component or the policy changed while it was being read")]
    Changed,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A policy is text.
    #[error(transparent)]
    NotText(#[from] FromUtf8Error),
    /// Opening a pipe would block until there is a writer.
    #[error("it is not a regular file anymore")]
    NotRegular,
}

/// Component and policy at one moment.
pub struct Taken {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// The policy document.
    pub policy: Option<String>,
    /// Whether the component asks another one that is in it.
    pub(super) is_asking: bool,
    /// What the files looked like before they were read.
    pub(super) stamps: Stamps,
}

/// The metadata of the files: it changes whenever one of them is written to or replaced, through
/// any symbolic links on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 3]);

type Stamp = (u64, u64, u64, i64, i64);

impl Sources {
    /// Reads both for the first time.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn open(
        component: Option<&Path>,
        policy: Option<&Path>,
    ) -> Result<(Self, Taken), SourceError> {
        Self::with_shadow(component, policy, None)
    }

    /// The same beside a shadow policy, which is read by itself: whatever is wrong with it, the
    /// others can change.
    ///
    /// # Errors
    /// As [`Sources::read`], and for a shadow policy that is not there.
    pub fn with_shadow(
        component: Option<&Path>,
        policy: Option<&Path>,
        shadow: Option<&Path>,
    ) -> Result<(Self, Taken), SourceError> {
        let open =
            |what, file: Option<&Path>| file.map(|file| Source::open(what, file)).transpose();
        let sources = Self {
            component: open("component", component)?,
            policy: open("policy", policy)?,
            shadow: open("shadow policy", shadow)?,
        };
        let taken = sources.read()?;
        Ok((sources, taken))
    }

    /// Reads them.
    ///
    /// # Errors
    /// See [`SourceError`]; also if one is being written to.
    pub(super) fn read(&self) -> Result<Taken, SourceError> {
        let stamps = self.stamps();
        let component = self.component.as_ref().map(Source::read).transpose()?;
        let policy = self.policy.as_ref().map(Source::read_text).transpose()?;
        let component = component.unwrap_or(Cow::Borrowed(embedded::COMPONENT));
        let taken = Taken {
            is_asking: is_asking(&component),
            component: component.into_owned(),
            policy,
            stamps,
        };
        if self.stamps() == taken.stamps {
            Ok(taken)
        } else {
            Err(SourceError::Changed)
        }
    }

    /// Reads the shadow policy.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub(super) fn read_shadow(&self) -> Result<Option<String>, SourceError> {
        self.shadow.as_ref().map(Source::read_text).transpose()
    }

    pub(super) fn stamps(&self) -> Stamps {
        let stamp = |source: &Option<Source>| {
            let source = source.as_ref().filter(|source| source.once.is_none())?;
            stamp(&source.path).ok()
        };
        Stamps([&self.component, &self.policy, &self.shadow].map(stamp))
    }

    /// Whether any of the files could change.
    pub(super) fn may_change(&self) -> bool {
        self.all().any(|source| source.once.is_none())
    }

    /// Logs which files were read once and are not reloaded.
    pub(super) fn tell_fixed(&self) {
        for Source { what, path, .. } in self.all().filter(|source| source.once.is_some()) {
            tracing::warn!(
                "the {what} {} is not a regular file, so it was read once and is not reloaded",
                path.display()
            );
        }
    }

    fn all(&self) -> impl Iterator<Item = &Source> {
        self.component
            .iter()
            .chain(&self.policy)
            .chain(&self.shadow)
    }
}

impl Source {
    fn open(what: &'static str, path: &Path) -> Result<Self, SourceError> {
        let mut source = Self {
            what,
            path: path.to_owned(),
            once: None,
        };
        let about = path.metadata().map_err(|error| source.unreadable(error))?;
        if !about.is_file() {
            let bytes = fs::read(path).map_err(|error| source.unreadable(error))?;
            source.once = Some(bytes.into());
        }
        Ok(source)
    }

    fn read(&self) -> Result<Cow<'_, [u8]>, SourceError> {
        if let Some(bytes) = &self.once {
            return Ok(Cow::Borrowed(bytes));
        }
        let about = self
            .path
            .metadata()
            .map_err(|error| self.unreadable(error))?;
        // Opening a pipe would block until there is a writer.
        if !about.is_file() {
            return Err(self.unreadable(Unreadable::NotRegular));
        }
        fs::read(&self.path)
            .map(Cow::Owned)
            .map_err(|error| self.unreadable(error))
    }

    fn read_text(&self) -> Result<String, SourceError> {
        let bytes = self.read()?.into_owned();
        String::from_utf8(bytes).map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, reason: impl Into<Unreadable>) -> SourceError {
        SourceError::Unreadable {
            what: self.what,
            path: self.path.clone(),
            reason: reason.into(),
        }
    }
}

/// Whether a component is one of `wit/decide.wit` that is composed with another: the import of
/// the inner one is written in it.
fn is_asking(component: &[u8]) -> bool {
    memchr::memmem::find(component, b"coffer:storage/decide@").is_some()
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
