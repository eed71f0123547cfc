//! A program of a service: its output in a file, ended with its owner.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::Process;
use crate::service::{Unavailable, broken};

/// A process that runs until it is dropped.
pub struct Daemon {
    log: PathBuf,
    _process: Process,
}

impl Daemon {
    /// Starts it; what it says goes to `NAME.log` in this folder.
    pub fn start(folder: &Path, name: &str, command: &mut Command) -> Result<Self, Unavailable> {
        let log = folder.with_file_name(format!("{name}.log"));
        let file = File::create(&log).map_err(broken)?;
        let second = file.try_clone().map_err(broken)?;
        let mut bound = bound(command);
        let command = bound.stdin(Stdio::null()).stdout(file).stderr(second);
        Ok(Self {
            log,
            _process: Process::start(command),
        })
    }

    /// The end of what it said, in one line.
    pub fn last_words(&self) -> String {
        let said = std::fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let last: Vec<&str> = said.lines().rev().take(3).collect();
        format!("{}: {}", self.log.display(), last.join(" / "))
    }
}

/// The same command, which ends with this program even where that is killed: some services
/// leave the terminal's process group.
fn bound(command: &Command) -> Command {
    let mut bound = Command::new("setpriv");
    bound.args(["--pdeathsig", "KILL"]);
    bound.arg(command.get_program()).args(command.get_args());
    bound.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if let Some(folder) = command.get_current_dir() {
        bound.current_dir(folder);
    }
    bound
}

/// Runs a command to its end and returns what it printed.
pub fn ask(command: &mut Command) -> Result<String, Unavailable> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| broken(format!("{command:?}: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(broken(format!("{command:?}: {}", said.trim()))),
    }
}
