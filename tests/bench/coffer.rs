//! Coffer as it is measured: the real program with its default settings, a policy that
//! trusts one IAM API's tokens, its log in a file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::load::{Request, probe};
use crate::process::Process;
use crate::{Result, tokens};

/// A running server. Stopped on drop.
pub struct Coffer {
    pub address: SocketAddr,
    pub operations: SocketAddr,
    pub process: Process,
    pub policy: PathBuf,
    /// From the start of the process to its first response.
    pub began_in: Duration,
}

/// How to start it.
pub struct Setup<'b> {
    bench: &'b Bench,
    data: PathBuf,
    code: PathBuf,
    policy: String,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

impl<'b> Setup<'b> {
    /// On a data directory of this name, which is kept from run to run.
    pub fn new(bench: &'b Bench, data: &str) -> Self {
        Self {
            bench,
            data: bench.folder.join(data),
            code: bench.folder.join("code"),
            policy: tokens::policy().to_owned(),
            arguments: vec![],
            environment: vec![],
        }
    }

    /// With this at the end of its policy.
    pub fn policy_with(mut self, more: &str) -> Self {
        self.policy += more;
        self
    }

    /// With these flags too.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// With this environment variable too.
    pub fn environment(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// With compiled components in this folder.
    pub fn code(mut self, folder: &Path) -> Self {
        self.code = folder.to_owned();
        self
    }

    /// The command, run by this program if one is named (valgrind and its flags).
    pub fn command(&self, by: &[&str]) -> Result<Command> {
        let policy = self.data.with_extension("policy.toml");
        write(&policy, &self.policy)?;
        let mut command = match by {
            [] => Command::new(&self.bench.server),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.bench.server);
                command
            }
        };
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--ops-listen", "127.0.0.1:0"])
            .arg("--code-cache")
            .arg(&self.code)
            .arg("--policy")
            .arg(policy)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped());
        // With S3 there is none.
        if !self.arguments.iter().any(|argument| argument == "s3") {
            command.arg("--data-dir").arg(&self.data);
        }
        Ok(command)
    }

    /// Starts the server and returns once it answers.
    pub fn start(self) -> Result<Coffer> {
        let mut command = self.command(&[])?;
        self.start_as(&mut command)
    }

    /// The same with a command made by [`Self::command`].
    pub fn start_as(self, command: &mut Command) -> Result<Coffer> {
        let log = self.data.with_extension("log");
        let begun = Instant::now();
        let mut process = Process::start("coffer", command, &log)?;
        let said = process.lines(2).map_err(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            format!("{error}: {}", said.trim())
        })?;
        let address = |line: &String| line.rsplit("http://").next()?.parse().ok();
        let addresses: Vec<SocketAddr> = said.iter().filter_map(address).collect();
        let [address, operations] = addresses[..] else {
            return Err(format!("coffer says {said:?}"));
        };
        probe::send(&Request::get(address, "/v1/public/files/none"), b"")?;
        Ok(Coffer {
            address,
            operations,
            process,
            policy: self.data.with_extension("policy.toml"),
            began_in: begun.elapsed(),
        })
    }
}

impl Coffer {
    /// Stores a file and returns the request that reads it.
    pub fn stored(&self, target: &str, content: &[u8]) -> Result<Request> {
        let request = Request::get(self.address, target);
        let answer = probe::send(&request.clone().method("PUT"), content)?;
        match answer.status {
            200 | 201 => Ok(request),
            status => Err(format!("{target} was not stored: {status}")),
        }
    }

    /// Removes a file that need not be there.
    pub fn remove(&self, target: &str) -> Result<()> {
        let request = Request::get(self.address, target).method("DELETE");
        match probe::send(&request, b"")?.status {
            204 | 404 => Ok(()),
            status => Err(format!("{target} was not removed: {status}")),
        }
    }

    /// Replaces its policy and reloads it, and returns how long the reload took.
    pub fn swap(&self, policy: &str) -> Result<Duration> {
        let beside = self.policy.with_extension("new");
        write(&beside, policy)?;
        std::fs::rename(&beside, &self.policy).map_err(|error| error.to_string())?;
        let request = Request::get(self.operations, "/component/reload").method("POST");
        let begun = Instant::now();
        let answer = probe::send(&request, b"")?;
        let took = begun.elapsed();
        match answer.status {
            200 => Ok(took),
            status => Err(format!("a policy was not accepted: {status}")),
        }
    }
}

fn write(file: &Path, content: &str) -> Result<()> {
    std::fs::write(file, content).map_err(|error| format!("{}: {error}", file.display()))
}
