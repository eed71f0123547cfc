//! moto's server, which keeps everything in memory.

use std::path::Path;
use std::process::Command;

use crate::daemon::Daemon;
use crate::ports;
use crate::service::{Started, Unavailable, installed, key};

pub fn start(data: &Path) -> Result<Started, Unavailable> {
    let server = installed("moto/bin/moto_server")?;
    let [port] = ports::free();
    let mut command = Command::new(server);
    command
        .current_dir(data)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    Ok(Started {
        endpoint: format!("http://127.0.0.1:{port}"),
        key: key("coffer-test"),
        daemons: vec![Daemon::start(data, "moto", &mut command)?],
        litter: vec![],
    })
}
