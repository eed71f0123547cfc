//! Large files, by curl.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::process::output;

/// What curl reports about a transfer.
const WRITE_OUT: &str = "%{http_code} %{size_download} %{size_upload} %{time_total}";

struct Transfer {
    status: u16,
    downloaded: u64,
    uploaded: u64,
    seconds: f64,
}

/// Downloads a file of this size; in MiB per second.
pub fn download(server: SocketAddr, target: &str, size: u64) -> Result<f64> {
    let transfer = run(
        Command::new("curl").args(["-o", "/dev/null"]),
        server,
        target,
    )?;
    if (transfer.status, transfer.downloaded) != (200, size) {
        let Transfer {
            status, downloaded, ..
        } = transfer;
        return Err(format!("{status} and {downloaded} bytes of {size}"));
    }
    Ok(mib_per_second(size, transfer.seconds))
}

/// Uploads a file by PUT; in MiB per second.
pub fn put(server: SocketAddr, target: &str, file: &Path) -> Result<f64> {
    let size = size_of(file)?;
    let mut command = Command::new("curl");
    command.args(["-o", "/dev/null", "-T"]).arg(file);
    uploaded(&run(&mut command, server, target)?, size, size)
}

/// Uploads a file in a form; in MiB per second.
pub fn form(server: SocketAddr, target: &str, file: &Path) -> Result<f64> {
    let size = size_of(file)?;
    let mut part = std::ffi::OsString::from("file=@");
    part.push(file);
    let mut command = Command::new("curl");
    command.args(["-o", "/dev/null", "-F"]).arg(part);
    // About twice the boundary and the part's header.
    uploaded(&run(&mut command, server, target)?, size, size + 1024)
}

fn uploaded(transfer: &Transfer, size: u64, at_most: u64) -> Result<f64> {
    let right = [200, 201, 204].contains(&transfer.status);
    if !right || !(size..=at_most).contains(&transfer.uploaded) {
        let Transfer {
            status, uploaded, ..
        } = transfer;
        return Err(format!("{status} after {uploaded} bytes of {size}"));
    }
    Ok(mib_per_second(size, transfer.seconds))
}

fn run(command: &mut Command, server: SocketAddr, target: &str) -> Result<Transfer> {
    command
        .args(["-s", "-H", "Expect:", "-w", WRITE_OUT])
        .arg(format!("http://{server}{target}"));
    let said = output(command)?;
    let mut words = said.split_whitespace();
    let mut next = || words.next().and_then(|word| word.parse::<f64>().ok());
    let transfer = (|| {
        Some(Transfer {
            status: next()? as u16,
            downloaded: next()? as u64,
            uploaded: next()? as u64,
            seconds: next()?,
        })
    })();
    transfer.ok_or_else(|| format!("curl wrote {said}"))
}

fn mib_per_second(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / f64::from(1 << 20) / seconds
}

fn size_of(file: &Path) -> Result<u64> {
    let found = std::fs::metadata(file);
    found
        .map(|found| found.len())
        .map_err(|error| format!("{}: {error}", file.display()))
}
