//! A Coffer host as it runs in production.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;

use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;
use uuid::Uuid;

use crate::garage::{AccessKey, Cluster};
use crate::node::REGION;
use crate::process::Process;

/// A `coffer serve` on a bucket. Killed on drop.
pub struct Host {
    process: Process,
    url: String,
    log: PathBuf,
    client: Client,
    _stdout: BufReader<ChildStdout>,
    _folder: Arc<TempDir>,
}

impl Host {
    /// Starts a host that reaches the cluster through this node alone, and returns once it
    /// listens.
    pub fn start(cluster: &Cluster, node: usize, bucket: &str) -> Self {
        Self::start_with(cluster, node, bucket, &[])
    }

    /// The same with more flags.
    pub fn start_with(cluster: &Cluster, node: usize, bucket: &str, flags: &[&str]) -> Self {
        let endpoint = cluster.endpoint(node);
        Self::on(cluster.folder(), &endpoint, cluster.key(), bucket, flags)
    }

    /// Starts a host on any service.
    pub fn on(
        folder: Arc<TempDir>,
        endpoint: &str,
        key: &AccessKey,
        bucket: &str,
        flags: &[&str],
    ) -> Self {
        let file = |kind: &str| folder.path().join(format!("{}.{kind}", Uuid::new_v4()));
        let (secret, log) = (file("secret"), file("log"));
        std::fs::write(&secret, [b'7'; 32]).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
        command
            .args(["serve", "--env", "production", "--listen", "127.0.0.1:0"])
            .args(["--ops-listen", "off"])
            .args(["--engine", "s3", "--s3-bucket", bucket])
            .args(["--s3-endpoint", endpoint, "--s3-region", REGION])
            .args(["--s3-path-style", "--link-secret-file"])
            .arg(secret)
            .args(flags)
            .env("AWS_ACCESS_KEY_ID", &key.id)
            .env("AWS_SECRET_ACCESS_KEY", &key.secret)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap());
        let mut process = Process::start(&mut command);
        let mut stdout = BufReader::new(process.child().stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let told = || std::fs::read_to_string(&log).unwrap();
        Self {
            process,
            url: url.unwrap_or_else(|| panic!("{line:?}, and logged {}", told())),
            log,
            client: Client::new(),
            _stdout: stdout,
            _folder: folder,
        }
    }

    /// A request about a public file.
    pub fn request(&self, method: Method, name: &str) -> RequestBuilder {
        self.at(method, &format!("/v1/public/files/{name}"))
    }

    /// A request with this path.
    pub fn at(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request for the list of public files.
    pub fn list(&self) -> RequestBuilder {
        self.client.get(format!("{}/v1/public/files", self.url))
    }

    /// Kills it at once, as a crash would (SIGKILL).
    pub fn kill(&self) {
        self.process.kill();
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Its peak resident memory, in MiB.
    pub fn most_resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.unwrap().split_whitespace().next().unwrap();
        kib.parse::<u64>().unwrap() / 1024
    }
}
