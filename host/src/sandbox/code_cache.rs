//! Where compiled components are kept for the next start: compiling one takes seconds.
//!
//! | looked at, in this order | who has it |
//! |---|---|
//! | `$CACHE_DIRECTORY` | a service of systemd's with `CacheDirectory=` |
//! | `$XDG_CACHE_HOME/coffer`, `$HOME/.cache/coffer` | a user (XDG Base Directory Specification) |
//! | `$STATE_DIRECTORY/code-cache` | a service of systemd's with `StateDirectory=` |
//! | `code-cache` in the data directory | the local engine |
//! | `/var/tmp/coffer-code-UID` | everyone else, such as a container without a home |

use std::env;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use wasmtime::{Cache, CacheConfig};

/// The cache in the directory that was asked for, else in the first that does. What keeps
/// a directory from being used is a warning where it was asked for, or where none is left.
pub fn find(asked: Option<&Path>, data_dir: Option<&Path>) -> Option<Cache> {
    let directories = match asked {
        Some(directory) => vec![directory.to_owned()],
        None => defaults(data_dir, |name| env::var_os(name).map(PathBuf::from)),
    };
    let mut reasons = Vec::new();
    for directory in directories {
        match open(&directory) {
            Ok(cache) => return Some(cache),
            Err(reason) => reasons.push(format!("{}: {reason}", directory.display())),
        }
    }
    tracing::warn!("compiled code is not kept in {}", reasons.join(", nor in "));
    None
}

fn defaults(data_dir: Option<&Path>, variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    // Of several directories systemd names all, with a colon between.
    let first = |name| {
        let named = variable(name)?;
        let first = env::split_paths(&named).next()?;
        first.is_absolute().then_some(first)
    };
    let places = [
        first("CACHE_DIRECTORY"),
        absolute("XDG_CACHE_HOME").map(|cache| cache.join("coffer")),
        absolute("HOME").map(|home| home.join(".cache/coffer")),
        first("STATE_DIRECTORY").map(|state| state.join("code-cache")),
        data_dir.map(|data| data.join("code-cache")),
        Some(format!("/var/tmp/coffer-code-{}", geteuid().as_raw()).into()),
    ];
    places.into_iter().flatten().collect()
}

/// What keeps a directory from being used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it belongs to another user")]
    ForeignOwner,
    #[error("others can write there")]
    Writable,
    #[error("{0:#}")]
    Cache(#[from] wasmtime::Error),
}

/// Compiled code by the component's digest and the compiler's version. What is there is
/// run as it is, so it must be this user's alone.
fn open(directory: &Path) -> Result<Cache, Unusable> {
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(directory)?;
    // From here on no symbolic link can lead elsewhere.
    let directory = directory.canonicalize()?;
    let about = directory.metadata()?;
    if about.uid() != geteuid().as_raw() {
        return Err(Unusable::ForeignOwner);
    }
    if about.mode() & 0o022 != 0 {
        return Err(Unusable::Writable);
    }
    // Some are there only to be read.
    tempfile::tempfile_in(&directory)?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    // Code that is loaded often would be compressed anew, harder, which takes hundreds of
    // megabytes of memory for nothing.
    config.with_optimized_compression_usage_counter_threshold(u64::MAX);
    Ok(Cache::new(config)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(data_dir: Option<&str>, variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        let found = defaults(data_dir.map(Path::new), variable);
        found
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn there_is_a_place_that_lasts_with_and_without_a_home() {
        let last = format!("/var/tmp/coffer-code-{}", geteuid().as_raw());
        let user = [("XDG_CACHE_HOME", "/x"), ("HOME", "/home/a")];
        assert_eq!(
            paths(Some("data"), &user),
            [
                "/x/coffer",
                "/home/a/.cache/coffer",
                "data/code-cache",
                &last
            ]
        );
        let service = [
            ("CACHE_DIRECTORY", "/var/cache/a:/var/cache/b"),
            ("STATE_DIRECTORY", "/var/lib/a"),
            ("HOME", ""),
            ("XDG_CACHE_HOME", "relative"),
        ];
        assert_eq!(
            paths(None, &service),
            ["/var/cache/a", "/var/lib/a/code-cache", &last]
        );
        assert_eq!(paths(Some("/data"), &[]), ["/data/code-cache", &last]);
        assert_eq!(paths(None, &[]), [last]);
    }
}
