//! `coffer health`: asks a running host whether it is ready, for health checks where there is neither
//! a shell nor another HTTP client.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::settings::Health;

/// Why the host does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// Nobody can be asked.
    #[error("the host has no operations listener (--ops-listen off)")]
    Off,
    /// Where to ask is unknown.
    #[error(
        "--ops-listen {0} has port 0, so the host chose the port itself: pass the address that it printed"
    )]
    NoPort(SocketAddr),
    /// This process cannot ask.
    #[error("the async runtime cannot be started: {0}")]
    NoRuntime(io::Error),
    /// The listener could not be asked.
    #[error("no answer from {url}: {reason}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// The last cause, which says most.
        reason: String,
    },
    /// It said no.
    #[error("not ready: {0}")]
    NotReady(String),
}

/// What the host says about its readiness, in one line.
///
/// # Errors
/// See [`HealthError`].
pub fn health(asked: &Health) -> Result<String, HealthError> {
    let address = asked.ops_listen.0.ok_or(HealthError::Off)?;
    if address.port() == 0 {
        return Err(HealthError::NoPort(address));
    }
    let url = format!("http://{}/readyz", reachable(address));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(HealthError::NoRuntime)?;
    let (is_ready, line) = runtime
        .block_on(ask(&url, asked.timeout.into()))
        .map_err(|error| HealthError::NoAnswer {
            url,
            reason: last_cause(&error),
        })?;
    if is_ready {
        Ok(line)
    } else {
        Err(HealthError::NotReady(line))
    }
}

async fn ask(url: &str, time: std::time::Duration) -> reqwest::Result<(bool, String)> {
    let client = reqwest::Client::builder()
        // The proxies of the environment are meant for S3.
        .no_proxy()
        // There is no TLS here, and perhaps no certificates on the machine.
        .tls_built_in_root_certs(false)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(time)
        .build()?;
    let mut response = client.get(url).send().await?;
    let first = response.chunk().await?.unwrap_or_default();
    let text = String::from_utf8_lossy(&first);
    let line = text.lines().next().unwrap_or_default();
    Ok((response.status().is_success(), line.to_owned()))
}

/// Where to reach a listener on this machine: one on all addresses is also on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn last_cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_loopback() {
        for (listener, expected) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:9090", "10.1.2.3:9090"),
        ] {
            let address = reachable(listener.parse().expect("an address"));
            assert_eq!(address.to_string(), expected);
        }
    }
}
