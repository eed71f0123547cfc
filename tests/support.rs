//! A server of one's own for every test, and callers with tokens for it.

mod component;
mod connection;
mod engine;
mod iam_api;
mod platform;
mod problem;
mod raw;
pub mod s3_service;
mod tokens;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;

pub use component::{Guest, component};
pub use connection::{Answer, Connection};
pub use engine::BUCKET;
pub use iam_api::{CONFIGURATION, IamApi};
pub use platform::Platform;
// For tests/portable.rs, as is what allows dead code.
#[allow(unused_imports)]
pub use platform::Store;
pub use problem::{assert_problem, assert_problem_parts, is_identified, json_of};
pub use raw::{parse, raw};
use s3_service::S3Service;
pub use tokens::{
    AUDIENCE, Claims, ISSUER, jwks, org_member, sign, sign_text, sign_with, token, user,
};

/// The program under test.
pub const COFFER: &str = env!("CARGO_BIN_EXE_coffer");

/// Compiled components, for all tests together.
const CODE_CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/code-cache");

const POLICY_FILE: &str = "policy.toml";
const COMPONENT_FILE: &str = "component.wasm";

/// How a server is to be started. `Setup::default()` has the test IAM API's keys
/// in its policy and the rules that a policy has by default.
pub struct Setup {
    policy: Option<String>,
    component: Option<Vec<u8>>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    data: Option<Arc<TempDir>>,
    s3: Option<Arc<S3Service>>,
    platform: Option<Platform>,
    /// Without the settings that the platform's adapter needs.
    bare: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self::policy(&iam())
    }
}

/// An `[iam]` table that trusts [`token`]s.
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
            component: None,
            args: vec![],
            env: vec![],
            data: None,
            s3: None,
            platform: Platform::chosen(),
            bare: false,
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
        }
    }

    /// With this component instead of the embedded one, in [`Server::component_file`].
    pub fn component(mut self, component: &[u8]) -> Self {
        self.component = Some(component.to_owned());
        self
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

    /// On this S3 service, in a bucket named [`BUCKET`].
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
        if let Some(platform) = self.platform {
            return platform.start(self, data);
        }
        let service = self.engine(&data);
        let mut command = Command::new(COFFER);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--ops-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path().join("data"))
            .args(&self.args)
            .env("COFFER_ENV", "test")
            .envs(self.env)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !self.args.iter().any(|arg| arg == "--code-cache") {
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
        let log = collect(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = |prefix: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let url = line.trim().strip_prefix(prefix).map(str::to_owned);
            url.unwrap_or_else(|| panic!("{line:?}, and logged {}", log.lock().unwrap()))
        };
        let (url, operations) = (address("listening on "), address("operations on "));
        Server {
            child,
            url,
            operations,
            log,
            data,
            client: Client::new(),
            _service: service,
        }
    }
}

fn collect(stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
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

/// A server that runs. Killed on drop.
pub struct Server {
    child: Child,
    /// `http://ADDR:PORT`
    pub url: String,
    /// The same for operators.
    pub operations: String,
    log: Arc<Mutex<String>>,
    data: Arc<TempDir>,
    client: Client,
    /// Ends after it.
    _service: Option<Arc<S3Service>>,
}

impl Server {
    /// Starts a server with [`Setup::default`].
    pub fn start() -> Self {
        Setup::default().start()
    }

    /// A server with [`Setup::public_only`] for tests that need none of their own,
    /// since they keep to names of their own. It ends with the last of them.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let mut server = Setup::public_only().start();
            // A connection ends with the test that made it, so none is kept.
            let client = Client::builder().pool_max_idle_per_host(0).build();
            server.client = client.unwrap();
            let server = Arc::new(server);
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// `ADDR:PORT`
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A request to a path such as `/v1/public/files/a`, sent as it stands.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A HEAD request.
    pub fn head(&self, path: &str) -> RequestBuilder {
        self.request(Method::HEAD, path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.request(Method::PUT, path).body(body)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The directory that its files are in.
    pub fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Its policy, where it was given one.
    pub fn policy_file(&self) -> PathBuf {
        self.data.path().join(POLICY_FILE)
    }

    /// Its component, where it was given one.
    pub fn component_file(&self) -> PathBuf {
        self.data.path().join(COMPONENT_FILE)
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        let open = format!("/proc/{}/fd", self.pid());
        std::fs::read_dir(open).unwrap().count()
    }

    /// Asks it to read component and policy anew (SIGHUP).
    pub fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// Its data directory's keeper, for a server to come.
    pub fn data(&self) -> Arc<TempDir> {
        Arc::clone(&self.data)
    }

    /// Ends it at once, while others may be talking to it (SIGKILL).
    pub fn kill(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }

    /// Ends it at once, as a crash would (SIGKILL).
    pub fn crash(mut self) -> Arc<TempDir> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.data()
    }

    /// Asks it to stop (SIGTERM), and returns its exit code once it has.
    pub fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }

    /// Waits for its end, and returns all that it has logged and its exit code.
    pub fn ended(mut self) -> (String, Option<i32>) {
        let code = self.child.wait().unwrap().code();
        // Its collector ends with the pipe.
        while Arc::strong_count(&self.log) > 1 {
            thread::sleep(std::time::Duration::from_millis(1));
        }
        (self.log(), code)
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Resident memory that is its own, not page cache, in MiB: now and at most.
    pub fn resident_mib(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let field = |name: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace()
                .nth(1)
                .unwrap()
                .parse::<u64>()
                .unwrap()
                / 1024
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every file below a folder, with its size in bytes.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let elsewhere = std::env::var_os("COFFER_TEST_ENGINE").is_some() || !Platform::is_ours();
    if !folder.exists() && elsewhere {
        return found;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        // It may be removed meanwhile.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push((entry.path(), metadata.len()));
        }
    }
    found
}

/// Bytes that look like noise, always the same for a seed (SplitMix64).
pub fn content(seed: u64, length: usize) -> Vec<u8> {
    let word = |index: usize| {
        let state = (index as u64)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = state.wrapping_add(seed.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(word).collect();
    bytes.truncate(length);
    bytes
}

/// Waits for what happens on its own, soon: fails after half a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}
