//! A service that runs, and which there are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use crate::bucket::Bucket;
use crate::daemon::Daemon;
use crate::proxy::Proxy;
use crate::{FOLDER, ceph, localstack, moto, seaweedfs, swift};

/// The region that all of them are in.
pub const REGION: &str = "us-east-1";

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Kind {
    /// SeaweedFS: master, volume server, filer and gateway in one process
    SeaweedFs,
    /// Ceph's radosgw, on a monitor, a manager and an OSD in memory
    Ceph,
    /// The S3 API of OpenStack Swift
    Swift,
    /// moto's server
    Moto,
    /// LocalStack's S3
    LocalStack,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}").to_lowercase())
    }
}

/// Why a service cannot be checked.
#[derive(Debug)]
pub enum Unavailable {
    /// It is not installed, since its package cannot be had.
    Missing(String),
    /// It is, and does not run.
    Broken(String),
}

/// An access key that may do everything.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// What is named in requests.
    pub id: String,
    /// What they are signed with.
    pub secret: String,
}

/// What a service's own module starts.
pub struct Started {
    /// `http://ADDR:PORT`
    pub endpoint: String,
    /// Of its only user.
    pub key: AccessKey,
    /// Ended in this order.
    pub daemons: Vec<Daemon>,
    /// What they leave elsewhere.
    pub litter: Vec<PathBuf>,
}

/// A service that answers. Its processes end on drop, and what they kept goes.
pub struct Service {
    /// Which it is.
    pub kind: Kind,
    /// Of its only user.
    pub key: AccessKey,
    /// What hosts reach it by.
    pub proxy: Proxy,
    /// For what is said and asked; stays.
    pub folder: PathBuf,
    endpoint: String,
    daemons: Vec<Daemon>,
    litter: Vec<PathBuf>,
}

impl Service {
    /// Starts one and returns once it answers.
    pub async fn start(kind: Kind) -> Result<Service, Unavailable> {
        let folder = Path::new(FOLDER).join(kind.to_string());
        let _ = std::fs::remove_dir_all(&folder);
        let data = folder.join("data");
        std::fs::create_dir_all(&data).map_err(broken)?;
        let started = match kind {
            Kind::SeaweedFs => seaweedfs::start(&data),
            Kind::Ceph => ceph::start(&data),
            Kind::Swift => swift::start(&data),
            Kind::Moto => moto::start(&data),
            Kind::LocalStack => localstack::start(&data),
        }?;
        let proxy = Proxy::start(&started.endpoint, &folder.join("requests")).await;
        let service = Service {
            kind,
            key: started.key,
            proxy,
            folder,
            endpoint: started.endpoint,
            daemons: started.daemons,
            litter: started.litter,
        };
        service.wait().await?;
        Ok(service)
    }

    /// Until a bucket can be made.
    async fn wait(&self) -> Result<(), Unavailable> {
        let mut last = String::new();
        for _ in 0..120 {
            match self.bucket("ready").create().await {
                Ok(()) => return Ok(()),
                Err(cause) => last = cause,
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let logs = self.daemons.iter().map(Daemon::last_words);
        let logs: Vec<String> = logs.collect();
        Err(Unavailable::Broken(format!("{last}; {}", logs.join("; "))))
    }

    /// A bucket of that name, which need not exist, past Coffer.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.endpoint, &self.key, name)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for daemon in self.daemons.drain(..) {
            drop(daemon);
        }
        let _ = std::fs::remove_dir_all(self.folder.join("data"));
        for path in &self.litter {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A program that is installed there, or why it is not.
pub fn installed(path: &str) -> Result<PathBuf, Unavailable> {
    let path = if path.starts_with('/') {
        PathBuf::from(path)
    } else {
        Path::new(FOLDER).join("installed").join(path)
    };
    match path.exists() {
        true => Ok(path),
        false => Err(Unavailable::Missing(format!(
            "{} is not installed",
            path.display()
        ))),
    }
}

/// What is there and does not work.
pub fn broken(cause: impl fmt::Display) -> Unavailable {
    Unavailable::Broken(cause.to_string())
}

/// The key that those get who are not given another.
pub fn key(id: &str) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        secret: "coffer-test-secret".to_owned(),
    }
}
