//! A server in place of the one that the specs of tus-js-client name: behind a TLS proxy with a
//! path prefix, and a certificate of the tests' own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::{Server, Setup};

pub const HOST: &str = "tusd.tusdemo.net";
const PROXY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/clients/demo_proxy.mjs"
);

pub struct Demo {
    _server: Server,
    proxy: Child,
    /// The proxy's.
    pub port: u16,
    folder: TempDir,
}

impl Demo {
    /// With this policy and rules by which everybody may delete what a spec leaves.
    pub fn start(policy: &str) -> Self {
        let policy = format!("{policy}[public]\ndelete = \"anyone\"\n");
        let url = format!("https://{HOST}/files");
        let server = Setup::policy(&policy).args(&["--public-url", &url]).start();
        let folder = TempDir::new().unwrap();
        let own = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let [key, certificate] = [
            ("key.pem", own.signing_key.serialize_pem()),
            ("certificate.pem", own.cert.pem()),
        ]
        .map(|(name, pem)| {
            let file = folder.path().join(name);
            std::fs::write(&file, pem).unwrap();
            file
        });
        let (_, port) = server.address().rsplit_once(':').unwrap();
        let mut proxy = Command::new("node")
            .args([PROXY, port])
            .args([key, certificate])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut said = BufReader::new(proxy.stdout.take().unwrap());
        said.read_line(&mut port).unwrap();
        Self {
            _server: server,
            proxy,
            port: port.trim().parse().unwrap(),
            folder,
        }
    }

    /// The file with the proxy's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}
