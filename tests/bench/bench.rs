//! What all measurements share.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::files;
use crate::plan::Plan;

/// The folders, the program and the plan of a run.
pub struct Bench {
    /// The folder of everything that is measured: on a disk, kept between runs.
    pub folder: PathBuf,
    /// The program under measurement.
    pub server: PathBuf,
    pub plan: Plan,
    /// Names of rows, or prefixes of names with a `*`; empty means all.
    pub only: Vec<String>,
}

impl Bench {
    /// Whether a row of this name is to be measured.
    pub fn wants(&self, row: &str) -> bool {
        let fits = |name: &String| match name.strip_suffix('*') {
            Some(beginning) => row.starts_with(beginning),
            None => row == name,
        };
        self.only.is_empty() || self.only.iter().any(fits)
    }

    /// A file for a log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// The folder that the rivals serve.
    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// A file in the folder that the rivals serve, of this size.
    pub fn rival_file(&self, name: &str, size: u64) -> Result<PathBuf> {
        files::of_size(self.root().join(name), size)
    }

    /// Whether the program knows a flag of `serve`.
    pub fn knows_flag(&self, flag: &str) -> Result<bool> {
        let mut command = std::process::Command::new(&self.server);
        let help = crate::process::output(command.args(["serve", "--help"]))?;
        Ok(help.contains(flag))
    }
}

/// Removes what an earlier run left, and creates the folder again.
pub fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}
