//! LocalStack's S3, which keeps everything in memory.

use std::path::Path;
use std::process::Command;

use crate::daemon::Daemon;
use crate::ports;
use crate::service::{Started, Unavailable, installed, key};

pub fn start(data: &Path) -> Result<Started, Unavailable> {
    let python = installed("localstack/bin/python")?;
    let [port] = ports::free();
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(python);
    command
        .current_dir(data)
        .args(["-m", "localstack.runtime.main"])
        .env("HOME", data)
        .env("FILESYSTEM_ROOT", data)
        .env("LOCALSTACK_HOST", &address)
        .env("GATEWAY_LISTEN", &address)
        // The other one listens on every address, whatever it is told.
        .env("GATEWAY_SERVER", "hypercorn")
        .env("SERVICES", "s3")
        .env("EAGER_SERVICE_LOADING", "1")
        .env("DNS_ADDRESS", "0")
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1");
    Ok(Started {
        endpoint: format!("http://{address}"),
        key: key("coffer-test"),
        daemons: vec![Daemon::start(data, "localstack", &mut command)?],
        litter: vec![],
    })
}
