//! The files that `coffer check` reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::CheckError;
use crate::sandbox::WASM;

/// Max bytes read from a token's file: longer than any token.
const MOST_READ: u64 = 64 << 10;

/// Whether it is a policy, by its name, or else a component, by its name or its magic number.
///
/// # Errors
/// [`CheckError::Neither`], [`CheckError::Unreadable`].
pub(super) fn is_policy(file: &Path) -> Result<bool, CheckError> {
    let named = |wanted| file.extension().is_some_and(|found| found == wanted);
    if named("toml") || named("wasm") {
        return Ok(named("toml"));
    }
    let mut begin = Vec::new();
    let read = File::open(file).and_then(|file| {
        let mut begin_of = file.take(WASM.len() as u64);
        begin_of.read_to_end(&mut begin)
    });
    read.map_err(|source| CheckError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    if begin == WASM {
        return Ok(false);
    }
    Err(CheckError::Neither(file.to_owned()))
}

/// The token in a file, or on standard input for `-`.
///
/// # Errors
/// See [`CheckError`], which never contains a token that was given instead of a file.
pub(super) fn read_token(file: &Path) -> Result<String, CheckError> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().take(MOST_READ).read_to_string(&mut text),
        Some(jwt) if jwt.starts_with("eyJ") && !file.exists() => {
            return Err(CheckError::TokenGiven);
        }
        _ => File::open(file).and_then(|file| file.take(MOST_READ).read_to_string(&mut text)),
    };
    read.map_err(|source| CheckError::TokenUnreadable {
        file: file.to_owned(),
        source,
    })?;
    let token = text.trim();
    if token.is_empty() {
        return Err(CheckError::NoToken(file.to_owned()));
    }
    Ok(token.to_owned())
}
