//! Another platform in place of Coffer's host, for the tests that hold on every one:
//! `COFFER_TEST_PLATFORM` names it, and `tests/portable.sh` prepares it and skips tests.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use reqwest::Client;
use reqwest_middleware::ClientWithMiddleware;
use tempfile::TempDir;

use super::server::checking;
use super::setup::POLICY_FILE;
use super::{Server, Setup, engine};

/// The setting that names one.
const SETTING: &str = "COFFER_TEST_PLATFORM";
/// What the recipes build and install.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");
/// Flags that a setting of the component replaces.
const SETTINGS: &[(&str, &str)] = &[("--public-url", "COFFER_PUBLIC_URL")];

/// How wasmtime and jco report their ports.
const STARTS: [&str; 2] = [
    "Serving HTTP on http://127.0.0.1:",
    "Server listening @ 127.0.0.1:",
];

/// What runs the component, and where the adapter stores files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// `wasmtime serve`, on a directory or a bucket.
    Wasmtime(Store),
    /// `jco serve`, on a directory or a bucket.
    Jco(Store),
}

/// Where the adapter stores files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// A directory.
    Filesystem,
    /// A bucket of the service in this process.
    S3,
}

impl Platform {
    /// The platform under test; none for Coffer's own host.
    pub fn chosen() -> Option<Self> {
        let name = std::env::var(SETTING)
            .ok()
            .filter(|name| !name.is_empty())?;
        Some(match name.as_str() {
            "wasmtime-filesystem" => Self::Wasmtime(Store::Filesystem),
            "wasmtime-s3" => Self::Wasmtime(Store::S3),
            "jco-filesystem" => Self::Jco(Store::Filesystem),
            "jco-s3" => Self::Jco(Store::S3),
            _ => panic!("{SETTING}={name}?"),
        })
    }

    /// Whether these tests are for Coffer's own host.
    pub fn is_ours() -> bool {
        Self::chosen().is_none()
    }

    fn store(self) -> Store {
        match self {
            Self::Wasmtime(store) | Self::Jco(store) => store,
        }
    }

    /// Starts it and returns once it listens.
    pub(super) fn start(self, setup: Setup, data: Arc<TempDir>) -> Server {
        assert!(
            setup.component.is_none(),
            "only Coffer's host accepts components"
        );
        let directory = data.path().join("data");
        let mut settings = setup.env;
        if !settings
            .iter()
            .any(|(name, _)| name == "COFFER_LINK_SECRET")
        {
            // The same for servers on the same data, as the host keeps it there.
            let secret = format!("the link secret of {}", data.path().display());
            settings.push(("COFFER_LINK_SECRET".to_owned(), secret));
        }
        if let Some(policy) = setup.policy {
            std::fs::write(data.path().join(POLICY_FILE), &policy).unwrap();
            settings.push(("COFFER_POLICY".to_owned(), policy));
        }
        for flag in setup.args.chunks(2) {
            let known = SETTINGS.iter().find(|(name, _)| *name == flag[0]);
            let (_, setting) = known.unwrap_or_else(|| panic!("{flag:?} is for Coffer's host"));
            settings.push(((*setting).to_owned(), flag[1].clone()));
        }
        let service = match self.store() {
            _ if setup.bare => None,
            Store::Filesystem => {
                std::fs::create_dir_all(&directory).unwrap();
                None
            }
            Store::S3 => {
                let service = setup.s3.unwrap_or_else(|| engine::service_of(&data));
                service.make_bucket(engine::BUCKET);
                settings.extend(engine::settings(&service));
                Some(service)
            }
        };
        let mut command = match self {
            Self::Wasmtime(store) => {
                let given = (store == Store::Filesystem && !setup.bare).then_some(&*directory);
                wasmtime(store, given, &settings)
            }
            Self::Jco(store) => jco(store, &directory, settings),
        };
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = spawned.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::default();
        let (told, address) = std::sync::mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let (log, told) = (Arc::clone(&log), told.clone());
            thread::spawn(move || collect(stream, &log, |url| told.send(url).is_ok()));
        }
        drop(told);
        let url = address.recv();
        let url = url.unwrap_or_else(|_| panic!("it ended: {}", log.lock().unwrap()));
        Server {
            child,
            url,
            operations: String::new(),
            log,
            unread: None,
            data,
            client: client(),
            _service: service,
        }
    }
}

/// Others close a connection whose request they have not read to its end, so none is
/// reused.
fn client() -> ClientWithMiddleware {
    let client = Client::builder().pool_max_idle_per_host(0);
    checking(client.build().unwrap())
}

fn wasmtime(store: Store, given: Option<&Path>, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(format!("{TARGET}/tools/bin/wasmtime"));
    command.args([
        "serve",
        "-Scli",
        "--addr",
        "127.0.0.1:0",
        "--allow-precompiled",
    ]);
    for (name, value) in settings {
        command.args(["--env", &format!("{name}={value}")]);
    }
    if let Some(directory) = given {
        let mut given = OsString::from(directory);
        given.push("::/data");
        command.arg("--dir").arg(given);
    }
    command.arg(composed(store, "cwasm"));
    command
}

/// What `jco serve` itself runs once it has transpiled the component.
fn jco(store: Store, directory: &Path, settings: Vec<(String, String)>) -> Command {
    let mut command = Command::new("node");
    command.arg(composed(store, "jco").join("_run.js"));
    command.env("COFFER_JCO_PORT", free_port().to_string());
    command.env("COFFER_JCO_DATA", directory).envs(settings);
    command
}

/// It does not report which free port it has chosen, so it is given one.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn composed(store: Store, form: &str) -> PathBuf {
    let name = match store {
        Store::Filesystem => "coffer-filesystem",
        Store::S3 => "coffer-s3",
    };
    let path = PathBuf::from(TARGET).join(format!("portable/{name}.{form}"));
    assert!(path.exists(), "run `just test-portable`");
    path
}

/// Collects its output, and passes on each line for the address in it.
fn collect(stream: impl Read, log: &Mutex<String>, told: impl Fn(String) -> bool) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let serving = STARTS.iter().find_map(|start| line.strip_prefix(start));
        if let Some(port) = serving {
            let port: String = port.chars().take_while(char::is_ascii_digit).collect();
            told(format!("http://127.0.0.1:{port}"));
        }
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}
