//! The server under load: a process of its own, with files to change.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::timeline::Policy;

/// Killed on drop.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub address: SocketAddr,
    operations: SocketAddr,
    /// The component that it starts with.
    pub good: Vec<u8>,
    client: reqwest::Client,
}

impl Server {
    pub fn start(policy: Policy) -> Self {
        let embedded = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../target/component/coffer.wasm"
        );
        let good = std::fs::read(embedded).unwrap();
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("policy.toml"), policy.text()).unwrap();
        std::fs::write(file("component.wasm"), &good).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_coffer"))
            .args(["serve", "--env", "test", "--watch-interval", "0s"])
            .args(["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--log", "error", "--data-dir"])
            .arg(file("data"))
            .arg("--code-cache")
            .arg(file("code"))
            .arg("--policy")
            .arg(file("policy.toml"))
            .arg("--component")
            .arg(file("component.wasm"))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(std::fs::File::create(file("log")).unwrap()))
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let (_, address) = line.trim().split_once("http://").unwrap();
            address.parse().unwrap()
        };
        let (address, operations) = (address(), address());
        Self {
            child,
            address,
            operations,
            good,
            client: reqwest::Client::new(),
            folder,
        }
    }

    fn replace(&self, name: &str, content: &[u8]) {
        let file: PathBuf = self.folder.path().join(name);
        let beside = file.with_extension("new");
        std::fs::write(&beside, content).unwrap();
        std::fs::rename(beside, file).unwrap();
    }

    pub fn write_policy(&self, policy: Policy) {
        self.replace("policy.toml", policy.text().as_bytes());
    }

    pub fn write_component(&self, component: &[u8]) {
        self.replace("component.wasm", component);
    }

    /// Reloads the files.
    ///
    /// # Errors
    /// Why they were refused.
    pub async fn reload(&self) -> Result<(), String> {
        let url = format!("http://{}/component/reload", self.operations);
        let answer = self.client.post(url).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status() == 200 {
            return Ok(());
        }
        let problem: serde_json::Value = answer.json().await.map_err(|error| error.to_string())?;
        Err(problem["detail"].as_str().unwrap_or("no reason").to_owned())
    }

    /// What is resident, in MiB.
    pub fn resident_mib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().nth(1))
            .unwrap();
        kib.parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
