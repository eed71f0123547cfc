//! `coffer manual`: man pages and shell completions, from the definition of the command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::settings::Cli;

/// They cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct ManualError {
    path: PathBuf,
    source: io::Error,
}

/// Writes a man page per command into `man`, and completions into `completions`.
///
/// # Errors
/// [`ManualError`].
pub fn write(dir: &Path) -> Result<(), ManualError> {
    let pages = folder(dir, "man")?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| ManualError { path, source }
    };
    clap_mangen::generate_to(Cli::command(), &pages).map_err(failed(&pages))?;
    let completions = folder(dir, "completions")?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Cli::command(), "coffer", &completions)
            .map_err(failed(&completions))?;
    }
    Ok(())
}

fn folder(dir: &Path, name: &str) -> Result<PathBuf, ManualError> {
    let path = dir.join(name);
    match fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(ManualError { path, source }),
    }
}
