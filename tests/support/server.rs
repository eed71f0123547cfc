//! A running server: requests to it, its files and memory, signals, its end.

use std::path::PathBuf;
use std::process::{Child, ChildStderr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tempfile::TempDir;

pub use reqwest_middleware::RequestBuilder;

use super::Setup;
use super::described::{self, Described};
use super::s3_service::S3Service;
use super::setup::{COMPONENT_FILE, POLICY_FILE, collect};

/// A running server. Killed on drop.
pub struct Server {
    pub(super) child: Child,
    /// `http://ADDR:PORT`
    pub url: String,
    /// The same of the operations listener.
    pub operations: String,
    pub(super) log: Arc<Mutex<String>>,
    /// What it logs, until somebody reads it.
    pub(super) unread: Option<ChildStderr>,
    pub(super) data: Arc<TempDir>,
    pub(super) client: ClientWithMiddleware,
    /// Outlives the server.
    pub(super) _service: Option<Arc<S3Service>>,
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
            server.client = checking(client.unwrap());
            let server = Arc::new(server);
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// `ADDR:PORT`
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A request to a path such as `/v1/public/files/a`, sent unchanged.
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

    /// Starts reading its log, if nobody did before.
    pub fn read_log(&mut self) {
        if let Some(stderr) = self.unread.take() {
            self.log = collect(stderr);
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The directory that its files are in.
    pub fn data_dir(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Its policy, if it was given one.
    pub fn policy_file(&self) -> PathBuf {
        self.data.path().join(POLICY_FILE)
    }

    /// Its component, if it was given one.
    pub fn component_file(&self) -> PathBuf {
        self.data.path().join(COMPONENT_FILE)
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        let open = format!("/proc/{}/fd", self.pid());
        std::fs::read_dir(open).unwrap().count()
    }

    /// Asks it to reload component and policy (SIGHUP).
    pub fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    /// Its data directory, for a later server.
    pub fn data(&self) -> Arc<TempDir> {
        Arc::clone(&self.data)
    }

    /// Kills it at once, while others may be talking to it (SIGKILL).
    pub fn kill(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }

    /// Kills it at once, as a crash would (SIGKILL).
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
            thread::sleep(Duration::from_millis(1));
        }
        (self.log(), code)
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Resident memory without page cache, in MiB: now and at its peak.
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

/// A client that checks each answer.
pub fn checking(client: Client) -> ClientWithMiddleware {
    ClientBuilder::new(client).with(Described).build()
}

/// One for URLs that a server gave.
pub fn client() -> ClientWithMiddleware {
    checking(Client::new())
}

/// A GET request to such a URL.
pub async fn fetch(url: impl reqwest::IntoUrl) -> reqwest_middleware::Result<Response> {
    client().get(url).send().await
}

impl Drop for Server {
    fn drop(&mut self) {
        described::end(self.address());
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
