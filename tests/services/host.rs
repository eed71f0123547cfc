//! A Coffer host on a service.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use uuid::Uuid;

use crate::process::Process;
use crate::service::{REGION, Service};

/// An answer that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(180);

/// A `coffer serve` in the public-only mode. Killed on drop.
pub struct Host {
    process: Process,
    /// `http://ADDR:PORT`
    pub url: String,
    log: PathBuf,
    client: Client,
    _stdout: BufReader<ChildStdout>,
}

impl Host {
    /// Starts it on a bucket and returns once it listens.
    ///
    /// # Errors
    /// What it logged where it does not start.
    pub fn start(service: &Service, bucket: &str, flags: &[&str]) -> Result<Self, String> {
        let log = service.folder.join(format!("host-{}.log", Uuid::new_v4()));
        let cache = service.folder.with_file_name("code-cache");
        let secret = service.folder.join("link-secret");
        std::fs::write(&secret, [b'7'; 32]).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
        command
            .args(["serve", "--env", "test", "--listen", "127.0.0.1:0"])
            .args(["--ops-listen", "off", "--code-cache"])
            .arg(cache)
            .arg("--link-secret-file")
            .arg(secret)
            .args(["--engine", "s3", "--s3-bucket", bucket])
            .args(["--s3-endpoint", &service.proxy.endpoint()])
            .args(["--s3-region", REGION, "--s3-path-style"])
            .args(flags)
            .env("AWS_ACCESS_KEY_ID", &service.key.id)
            .env("AWS_SECRET_ACCESS_KEY", &service.key.secret)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap());
        let mut process = Process::start(&mut command);
        let mut stdout = BufReader::new(process.child().stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            let said = std::fs::read_to_string(&log).unwrap();
            return Err(said.trim().to_owned());
        };
        Ok(Self {
            process,
            url: url.to_owned(),
            log,
            client: Client::builder().timeout(PATIENCE).build().unwrap(),
            _stdout: stdout,
        })
    }

    /// A request about a public file; every byte of its name is encoded but `/`.
    pub fn request(&self, method: Method, name: &str) -> RequestBuilder {
        let url = format!("{}{}", self.url, path(name));
        self.client.request(method, url)
    }

    /// A request for a list of public files.
    pub fn list(&self, query: &[(&str, String)]) -> RequestBuilder {
        let url = format!("{}/v1/public/files", self.url);
        self.client.get(url).query(query)
    }

    /// `ADDR:PORT`
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Ends it at once, as a crash would (SIGKILL).
    pub fn kill(&self) {
        self.process.kill();
    }

    /// The warnings that it has logged so far, without their times and but for that of
    /// the mode.
    pub fn warnings(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().filter_map(|line| {
            let (_, warning) = line.split_once(" WARN ")?;
            (!warning.contains("PUBLIC-ONLY")).then(|| warning.trim().to_owned())
        });
        lines.collect()
    }
}

/// The path of a public file.
pub fn path(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'/' => "/".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(encode).collect();
    format!("/v1/public/files/{name}")
}
