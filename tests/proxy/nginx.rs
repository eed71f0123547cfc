//! nginx on the configuration in `host/packaging`, of which only addresses and files are replaced.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::program;

const CONFIGURATION: &str = include_str!("../../host/packaging/proxy/nginx.conf");
const HOST: &str = "files.example.com";

/// A running nginx. Stopped on drop.
pub(super) struct Nginx {
    child: Child,
    address: SocketAddr,
    /// Its certificate, configuration and temporary files.
    folder: TempDir,
}

impl Nginx {
    /// In front of a server.
    pub(super) fn before(upstream: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let own = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        std::fs::write(path("cert.pem"), own.cert.pem()).unwrap();
        std::fs::write(path("key.pem"), own.signing_key.serialize_pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();

        let mut coffer = CONFIGURATION.to_owned();
        for (given, used) in [
            ("server 127.0.0.1:8080;", format!("server {upstream};")),
            ("listen 443 ", format!("listen {address} ")),
            ("/etc/ssl/files.example.com.pem", path("cert.pem")),
            ("/etc/ssl/private/files.example.com.key", path("key.pem")),
        ] {
            assert!(coffer.contains(given), "{given} in {coffer}");
            coffer = coffer.replace(given, &used);
        }
        std::fs::write(path("coffer.conf"), coffer).unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {};\n", path("temporary")))
            .concat();
        let main = format!(
            "daemon off;\nworker_processes 1;\npid {};\nerror_log stderr warn;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}include {};\n}}\n",
            path("pid"),
            path("coffer.conf"),
        );
        std::fs::write(path("nginx.conf"), main).unwrap();
        let child = program("nginx")
            .args(["-e", "stderr", "-c", &path("nginx.conf")])
            // It takes over the descriptor, as in an upgrade of itself, so nobody else can have
            // the port meanwhile.
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .env("NGINX", "0;")
            .spawn()
            .unwrap_or_else(|error| panic!("nginx: {error} (just programs nginx)"));
        Self {
            child,
            address,
            folder,
        }
    }

    /// Makes it fail if it stores a body in a file, once it has started.
    pub(super) fn refuse_files(&self) {
        std::fs::remove_dir_all(self.folder.path().join("temporary")).unwrap();
    }

    /// A request by curl, over HTTP/2.
    pub(super) fn curl(&self, url: &str) -> Command {
        let mut command = program("curl");
        command
            .args([
                "--silent",
                "--show-error",
                "--http2",
                "--max-time",
                "60",
                "--cacert",
            ])
            .arg(self.folder.path().join("cert.pem"))
            .args(["--connect-to", &format!("{HOST}:443:{}", self.address)])
            .arg(url);
        command
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its worker behind.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
