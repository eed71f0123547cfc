//! How a server is set up and started.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use super::described;
use super::engine::Engine;
use super::s3_service::S3Service;
use super::server::client;
use super::{AUDIENCE, COFFER, ISSUER, Platform, Server, jwks};

/// Compiled components, for all tests together.
const CODE_CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/code-cache");

pub(super) const POLICY_FILE: &str = "policy.toml";
pub(super) const COMPONENT_FILE: &str = "component.wasm";

/// How a server is to be started. `Setup::default()` has the test IAM API's keys
/// in its policy and the rules that a policy has by default.
pub struct Setup {
    pub(super) policy: Option<String>,
    pub(super) component: Option<Vec<u8>>,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    data: Option<Arc<TempDir>>,
    pub(super) s3: Option<Arc<S3Service>>,
    platform: Option<Platform>,
    /// Without the settings that the platform's adapter needs.
    pub(super) bare: bool,
    /// Nobody reads its log at first.
    unread: bool,
    /// Its answers are held against the OpenAPI document.
    described: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self::policy(&iam())
    }
}

/// An `[iam]` table that trusts [`token`](super::token)s.
pub fn iam() -> String {
    format!(
        "[iam]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\norg-claim = \"/org_id\"\n\
         roles-claim = \"/roles\"\njwks = '''{}'''\n",
        jwks()
    )
}

impl Setup {
    /// With this policy.
    pub fn policy(document: &str) -> Self {
        Self {
            policy: Some(document.to_owned()),
            ..Self::public_only()
        }
    }

    /// With the policy that is built in: the public-only mode.
    pub fn public_only() -> Self {
        Self {
            policy: None,
            component: None,
            args: vec![],
            env: vec![],
            data: None,
            s3: None,
            platform: Platform::chosen(),
            bare: false,
            unread: false,
            described: true,
        }
    }

    /// Its log is not read before [`Server::read_log`].
    pub fn unread_log(mut self) -> Self {
        self.unread = true;
        self
    }

    /// Its answers are not held against the OpenAPI document.
    pub(super) fn undescribed(mut self) -> Self {
        self.described = false;
        self
    }

    /// With this component instead of the embedded one, in [`Server::component_file`].
    pub fn component(mut self, component: &[u8]) -> Self {
        self.component = Some(component.to_owned());
        self.undescribed()
    }

    /// With these flags too.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// With this environment variable too.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On the data directory of an earlier server.
    pub fn data(mut self, data: Arc<TempDir>) -> Self {
        self.data = Some(data);
        self
    }

    /// On this S3 service, in a bucket named [`BUCKET`](super::BUCKET).
    pub fn s3(mut self, service: &Arc<S3Service>) -> Self {
        self.s3 = Some(service.clone());
        self
    }

    /// On another platform than Coffer's host.
    #[allow(dead_code)]
    pub fn on(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// [`Setup::on`], without a store.
    #[allow(dead_code)]
    pub fn bare(self, platform: Platform) -> Self {
        Self {
            bare: true,
            ..self.on(platform)
        }
    }

    /// Starts the server and returns once it listens.
    pub fn start(mut self) -> Server {
        let data = self.data.clone();
        let data = data.unwrap_or_else(|| Arc::new(TempDir::new().unwrap()));
        let described = self.described;
        if let Some(platform) = self.platform {
            let server = platform.start(self, data);
            if described {
                described::begin(server.address());
            }
            return server;
        }
        let engine = self.engine(&data);
        let mut command = Command::new(COFFER);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--ops-listen", "127.0.0.1:0"])
            .args(&self.args)
            .env("COFFER_ENV", "test")
            .envs(self.env.clone())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // With S3 there is none.
        if matches!(engine, Engine::Local) {
            command.arg("--data-dir").arg(data.path().join("data"));
        }
        // A test that sets the user's home looks for the compiled code itself.
        let home = self.env.iter().any(|(name, _)| name == "HOME");
        if !home && !self.args.iter().any(|arg| arg == "--code-cache") {
            command.args(["--code-cache", CODE_CACHE]);
        }
        if let Some(policy) = self.policy {
            let file = data.path().join(POLICY_FILE);
            std::fs::write(&file, policy).unwrap();
            command.arg("--policy").arg(file);
        }
        if let Some(component) = self.component {
            let file = data.path().join(COMPONENT_FILE);
            std::fs::write(&file, component).unwrap();
            command.arg("--component").arg(file);
        }
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (log, unread) = if self.unread {
            (Arc::default(), Some(stderr))
        } else {
            (collect(stderr), None)
        };
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = |prefix: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let url = line.trim().strip_prefix(prefix).map(str::to_owned);
            url.unwrap_or_else(|| panic!("{line:?}, and logged {}", log.lock().unwrap()))
        };
        let (url, operations) = (address("listening on "), address("operations on "));
        if described {
            described::begin(url.trim_start_matches("http://"));
        }
        Server {
            child,
            url,
            operations,
            log,
            unread,
            data,
            client: client(),
            _service: match engine {
                Engine::Memory(service) => Some(service),
                Engine::Local | Engine::External => None,
            },
        }
    }
}

pub(super) fn collect(stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let collected = Arc::new(Mutex::new(String::new()));
    let target = Arc::clone(&collected);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = target.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    collected
}
