//! Compiled code, cached for the next start where nobody else can write.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;
use crate::support::files_below;

/// What is kept, and when it was written.
fn kept(cache: &std::path::Path) -> Vec<(PathBuf, SystemTime)> {
    let files = files_below(cache).into_iter().map(|(file, _)| file);
    // Beside each there may be statistics of its use.
    let code = files.filter(|file| file.extension().is_none());
    let mut kept: Vec<_> = code
        .map(|file| (file.clone(), file.metadata().unwrap().modified().unwrap()))
        .collect();
    kept.sort();
    kept
}

#[test]
fn a_second_start_finds_its_code_compiled_in_a_directory_of_its_users_own() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("a/code");
    let guest = Guest::new("").build();
    let start = || {
        let arguments = ["--code-cache", cache.to_str().unwrap()];
        Setup::public_only()
            .component(&guest)
            .args(&arguments)
            .start()
    };
    let server = start();
    let mode = cache.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let first = kept(&cache);
    assert!(!first.is_empty(), "{:?}", files_below(&cache));
    drop(server);
    let server = start();
    assert_eq!(kept(&cache), first);
    assert_eq!(store(&server, "other"), 403);
}

#[test]
fn a_directory_that_others_can_write_to_is_not_used_and_that_is_logged() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let arguments = ["--code-cache", folder.path().to_str().unwrap()];
    let server = Setup::public_only().args(&arguments).start();
    let said = [
        " WARN ",
        "other users can write to it",
        folder.path().to_str().unwrap(),
    ];
    eventually("it is logged", || is_logged(&server, &said));
    assert!(files_below(folder.path()).is_empty());
    assert_eq!(store(&server, "a"), 201);
}

#[test]
fn without_a_home_the_code_is_cached_in_the_data_directory() {
    let guest = Guest::new("").build();
    let start = |data| {
        let setup = Setup::public_only().component(&guest);
        let setup = [
            "HOME",
            "XDG_CACHE_HOME",
            "CACHE_DIRECTORY",
            "STATE_DIRECTORY",
        ]
        .into_iter()
        .fold(setup, |setup, name| setup.env(name, ""));
        match data {
            None => setup.start(),
            Some(data) => setup.data(data).start(),
        }
    };
    let server = start(None);
    let cache = server.data_dir().join("code-cache");
    let first = kept(&cache);
    assert!(!first.is_empty(), "{:?}", files_below(&cache));
    let data = server.data();
    assert_eq!(server.stop(), Some(0));
    let server = start(Some(data));
    assert_eq!(kept(&cache), first);
    assert_eq!(store(&server, "other"), 403);
}

#[test]
fn an_unusable_home_is_skipped() {
    let folder = TempDir::new().unwrap();
    let home = folder.path().join("home");
    fs::write(&home, "a file").unwrap();
    let cache = folder.path().join("cache");
    let server = Setup::public_only()
        .component(&Guest::new("").build())
        .env("HOME", home.to_str().unwrap())
        .env("XDG_CACHE_HOME", "")
        .env("CACHE_DIRECTORY", "")
        .env("STATE_DIRECTORY", cache.to_str().unwrap())
        .start();
    assert!(!kept(&cache.join("code-cache")).is_empty());
    assert!(!server.log().contains("no code cache"), "{}", server.log());
}
