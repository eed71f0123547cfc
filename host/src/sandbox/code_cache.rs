//! The code cache: compiled components for the next start, since compiling one takes half a second or more.
//!
//! | tried in this order | for |
//! |---|---|
//! | `$CACHE_DIRECTORY` | a systemd service with `CacheDirectory=` |
//! | `$XDG_CACHE_HOME/coffer`, `$HOME/.cache/coffer` | a user (XDG Base Directory Specification) |
//! | `$STATE_DIRECTORY/code-cache` | a systemd service with `StateDirectory=` |
//! | `code-cache` in the data directory | the local engine |
//! | `/var/tmp/coffer-code-UID` | everyone else, such as a container without a home |

use std::env;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use wasmtime::{Cache, CacheConfig};

/// The cache in the directory that was set, else in the first usable default. Warns if the
/// directory that was set, or every default, is unusable.
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
    tracing::warn!(
        "no code cache, so each start compiles the component: {}",
        reasons.join("; ")
    );
    None
}

fn defaults(data_dir: Option<&Path>, variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    // systemd separates several directories by colons.
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

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is owned by another user")]
    ForeignOwner,
    #[error("other users can write to it")]
    Writable,
    #[error("{0:#}")]
    Cache(#[from] wasmtime::Error),
}

/// Compiled code by the component's digest and the compiler's version. It is executed unverified,
/// so only this user may be able to write it.
fn open(directory: &Path) -> Result<Cache, Unusable> {
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(directory)?;
    // From here on symbolic links are resolved.
    let directory = directory.canonicalize()?;
    let about = directory.metadata()?;
    if about.uid() != geteuid().as_raw() {
        return Err(Unusable::ForeignOwner);
    }
    if about.mode() & 0o022 != 0 {
        return Err(Unusable::Writable);
    }
    // It may be read-only.
    tempfile::tempfile_in(&directory)?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    // Code that is loaded often would be recompressed at a higher level, which needs hundreds of
    // megabytes of memory for no benefit.
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
    fn there_is_a_lasting_place_with_and_without_a_home() {
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
