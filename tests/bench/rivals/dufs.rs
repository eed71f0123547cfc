//! dufs, a file server in Rust.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;
use crate::process::{Process, free_address};

const DUFS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin/dufs");

/// dufs with its log off. Stopped on drop.
pub struct Dufs {
    pub address: SocketAddr,
    _process: Process,
}

impl Dufs {
    /// Starts it on a folder of files, which it may change.
    pub fn start(log: &Path, root: &Path) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(DUFS);
        command
            .arg(root)
            .args(["--allow-all", "--log-format", ""])
            .args(["--bind", &address.ip().to_string()])
            .args(["--port", &address.port().to_string()])
            .stdout(Stdio::null());
        let mut process = Process::start("dufs", &mut command, log)?;
        process.answers(address)?;
        Ok(Self {
            address,
            _process: process,
        })
    }
}
