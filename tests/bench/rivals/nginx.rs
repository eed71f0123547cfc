//! nginx: static files by sendfile, and DAV's PUT.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::process::{Process, free_address};

/// Descriptors are not kept open (`open_file_cache`, off unless asked for): each request opens its
/// file, as with Coffer. PUT does not sync.
fn configuration(folder: &str, root: &str, address: SocketAddr, log: AccessLog) -> String {
    // By default its workers run as a user who may not write here.
    let user = match rustix::process::geteuid().is_root() {
        true => "user root;",
        false => "",
    };
    let access_log = match log {
        AccessLog::Off => "off".to_owned(),
        AccessLog::On => format!("{folder}/access.log combined buffer=32k"),
    };
    format!(
        "{user}
daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  access_log {access_log};
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/unused;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  server {{
    listen {address} backlog=4096;
    root {root};
    location / {{ dav_methods PUT DELETE; create_full_put_path on; }}
  }}
}}
"
    )
}

#[derive(Clone, Copy)]
enum AccessLog {
    Off,
    On,
}

/// nginx on a configuration of its own. Stopped on drop.
pub struct Nginx {
    pub address: SocketAddr,
    pub process: Process,
}

impl Nginx {
    /// Starts it on a folder of files, without an access log.
    pub fn start(folder: &Path, root: &Path) -> Result<Self> {
        Self::start_with(folder, root, AccessLog::Off)
    }

    /// The same, but each request is logged, as each of Coffer's is.
    pub fn start_logging(folder: &Path, root: &Path) -> Result<Self> {
        Self::start_with(folder, root, AccessLog::On)
    }

    fn start_with(folder: &Path, root: &Path, log: AccessLog) -> Result<Self> {
        let address = free_address()?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let file = folder.join("nginx.conf");
        std::fs::create_dir_all(folder)
            .and_then(|()| {
                let (folder, root) = (text(folder), text(root));
                std::fs::write(&file, configuration(&folder, &root, address, log))
            })
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = Command::new("nginx");
        command
            .args(["-e", "stderr", "-p"])
            .arg(folder)
            .arg("-c")
            .arg(&file);
        let mut process = Process::start("nginx", &mut command, &folder.join("log"))?;
        process.answers(address)?;
        Ok(Self { address, process })
    }
}
