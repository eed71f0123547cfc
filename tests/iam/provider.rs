//! A provider's process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// Where `just providers` puts the scripts and what they need.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/providers");

/// A running script of `tests/providers`. Killed on drop.
pub struct Provider {
    child: Child,
    /// Its issuer: `iss` of its tokens.
    pub issuer: String,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Provider {
    /// Starts `oidc-provider`.
    pub fn openid() -> Self {
        Self::start(&["openid.mjs"])
    }

    /// Starts better-auth, from the package of this name.
    pub fn better_auth(package: &str) -> Self {
        Self::start(&["better-auth.mjs", package])
    }

    /// Returns once it listens.
    fn start(arguments: &[&str]) -> Self {
        assert!(
            Path::new(INSTALLED).join("node_modules").exists(),
            "run `just providers` first"
        );
        let mut child = Command::new("node")
            // The scripts are links, and find their packages beside the links.
            .arg("--preserve-symlinks-main")
            .args(arguments)
            .current_dir(INSTALLED)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut provider = Self {
            child,
            issuer: String::new(),
            pipes: Mutex::new((stdin, stdout)),
        };
        provider.issuer = provider.line();
        provider
    }

    /// Sends it a command, and returns its answer.
    pub fn command(&self, command: &str) -> String {
        writeln!(self.pipes.lock().unwrap().0, "{command}").unwrap();
        self.line()
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn line(&self) -> String {
        let mut line = String::new();
        self.pipes.lock().unwrap().1.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the provider ended: {line:?}");
        line.trim_end().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
