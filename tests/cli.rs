//! The command line: what is refused at start and how, help, environment variables,
//! development tokens, `check`.

use std::process::Command;

use tempfile::TempDir;

use crate::support::{COFFER, assert_problem, iam};

mod check; // whether `serve` would accept a policy or component
mod health; // whether a running host is ready
mod help; // the output of `--help`
mod manual; // man pages and completions
mod output; // what a command prints cannot be written
mod refused; // what keeps `serve` from starting, and usage errors
mod started; // what a start creates and logs
mod tokens; // `coffer token`, and where its tokens are accepted
mod twins; // the environment variables of flags

/// What a command that has ended printed.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a command to its end, without this process's own settings.
fn run(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let output = command(args, env).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn command(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(COFFER);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COFFER_")) {
        command.env_remove(name);
    }
    command.args(args).envs(env.iter().copied());
    command
}

/// A file with this content in a folder; its path.
fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn from_text(folder: &TempDir, name: &str, text: &str) -> String {
    file(folder, name, wat::parse_str(text).unwrap())
}
