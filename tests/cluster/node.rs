//! One node of the cluster: a folder, a configuration, a process.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::{Process, eventually};

/// Where `just test-cluster` installs it.
const GARAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin/garage");
/// The region that a Garage cluster is in by default.
pub const REGION: &str = "garage";

/// A Garage node on loopback.
pub struct Node {
    folder: PathBuf,
    s3_port: u16,
    process: Option<Process>,
}

impl Node {
    /// Starts a node that knows no others yet.
    pub fn start(folder: &Path, rpc_secret: &str, [rpc_port, s3_port]: [u16; 2]) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.display();
        // lmdb limits keys to 511 bytes, of which 32 are Garage's own: too few for
        // Coffer's names. Noise does not compress, and the tests store nothing else.
        let configuration = format!(
            "metadata_dir = \"{path}/meta\"\n\
             data_dir = \"{path}/data\"\n\
             db_engine = \"sqlite\"\n\
             replication_factor = 3\n\
             consistency_mode = \"consistent\"\n\
             compression_level = \"none\"\n\
             rpc_bind_addr = \"127.0.0.1:{rpc_port}\"\n\
             rpc_public_addr = \"127.0.0.1:{rpc_port}\"\n\
             rpc_secret = \"{rpc_secret}\"\n\
             [s3_api]\n\
             api_bind_addr = \"127.0.0.1:{s3_port}\"\n\
             s3_region = \"{REGION}\"\n"
        );
        std::fs::write(folder.join("garage.toml"), configuration).unwrap();
        let mut node = Self {
            folder: folder.to_owned(),
            s3_port,
            process: None,
        };
        node.restart();
        node
    }

    /// `http://ADDR:PORT` of its S3 API.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.s3_port)
    }

    /// Kills it at once, as a crash would (SIGKILL).
    pub fn kill(&mut self) {
        drop(self.process.take().expect("a running node"));
    }

    /// Starts it on its old data, and returns once it accepts commands.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "the node is running");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .unwrap();
        let mut process = Process::start(
            self.command(&["server"])
                .env("RUST_LOG", "garage=info")
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        );
        eventually("the node accepts commands", || {
            assert!(process.runs(), "the node has ended: {}", self.log());
            let asked = self.command(&["status"]).output().unwrap();
            asked.status.success()
        });
        self.process = Some(process);
    }

    /// Its id and address, as other nodes need them.
    pub fn id(&self) -> String {
        self.ask(&["node", "id", "-q"]).trim().to_owned()
    }

    /// Runs a `garage` command on it and returns what it prints.
    pub fn ask(&self, command: &[&str]) -> String {
        let asked = self.command(command).output().unwrap();
        let told = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{command:?}: {told}");
        String::from_utf8(asked.stdout).unwrap()
    }

    /// Calls a function of the administration API.
    pub fn call(&self, function: &str, arguments: &Value) -> Value {
        let answer = self.ask(&["json-api", function, &arguments.to_string()]);
        serde_json::from_str(&answer).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(GARAGE);
        command
            .arg("-c")
            .arg(self.folder.join("garage.toml"))
            .args(arguments);
        command
    }

    fn log(&self) -> String {
        let log = File::open(self.folder.join("log")).and_then(std::io::read_to_string);
        log.unwrap()
    }
}
