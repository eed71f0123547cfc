//! An S3 service in memory, as a process of its own: Coffer's engine and the SDK's direct
//! calls go to the same one.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::Result;
use crate::process::{Process, role};
use crate::s3_service::S3Service;

/// The argument that makes this program the service.
pub const ROLE: &str = "serve-s3";

/// The service. Stopped on drop.
pub struct Service {
    pub url: String,
    _process: Process,
}

impl Service {
    /// Starts it without a bucket.
    pub fn start(log: &Path) -> Result<Self> {
        let mut command = role(ROLE)?;
        command.stdout(Stdio::piped());
        let mut process = Process::start("the S3 service", &mut command, log)?;
        let url = process.lines(1)?.remove(0);
        Ok(Self {
            url,
            _process: process,
        })
    }
}

/// Serves forever.
pub fn serve() {
    let service = S3Service::start();
    println!("{}", service.url());
    loop {
        std::thread::sleep(Duration::from_millis(500));
        // Its record of requests would grow without bound.
        drop(service.requests());
    }
}
