//! Many small files, stored over HTTP as clients store them.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use crate::Result;
use crate::coffer::Coffer;
use crate::load::{Request, probe};

/// As many files as one form may hold.
const FORM: u64 = 100;
/// How many forms are sent at once.
const CONNECTIONS: usize = 16;
const BOUNDARY: &str = "a-boundary-between-files";

/// Fills a folder of the public area, which is its root if it has no name, up to this many
/// files, or until `patience` is over. Returns how many there are. It continues after the
/// files of an earlier run.
///
/// # Errors
/// If a form is refused.
pub fn fill(coffer: &Coffer, folder: &str, count: u64, patience: Duration) -> Result<u64> {
    let forms = count.div_ceil(FORM);
    let stored = first_missing(coffer.address, folder, forms)?;
    let (next, begun) = (AtomicU64::new(stored), Instant::now());
    let send = || -> Result<()> {
        let mut stream = TcpStream::connect(coffer.address).map_err(|error| error.to_string())?;
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let target = format!("/v1/public/files?replace=true&folder={folder}");
        let request = Request::get(coffer.address, &target)
            .method("POST")
            .field("Content-Type", &kind);
        while begun.elapsed() < patience {
            let form = next.fetch_add(1, Ordering::Relaxed);
            if form >= forms {
                break;
            }
            let answer = probe::send_on(&mut stream, &request, &body(form))?;
            if answer.status != 201 {
                return Err(format!("a form was answered with {}", answer.status));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        let mut sent = senders.into_iter().map(ScopedJoinHandle::join);
        sent.try_for_each(|sent| sent.map_err(|_| "a sender panicked".to_owned())?)
    })?;
    // Senders whose time was over have not started another form.
    Ok(next.load(Ordering::Relaxed).min(forms) * FORM)
}

/// A page of 100 in the middle of the names, and the length of its document.
pub fn page(coffer: &Coffer) -> Result<(Request, usize)> {
    let request = Request::get(coffer.address, "/v1/public/files?prefix=3&limit=100");
    let answer = probe::send(&request, b"")?;
    let document: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    match document["files"].as_array().map(Vec::len) {
        Some(100) => Ok((request, answer.body.len())),
        found => Err(format!("a page with {found:?} files")),
    }
}

/// Forms are stored in order, but for those in progress when a run was interrupted: a few
/// are sent again.
fn first_missing(address: SocketAddr, folder: &str, forms: u64) -> Result<u64> {
    let (mut from, mut to) = (0, forms);
    while from < to {
        let middle = u64::midpoint(from, to);
        let name = name(middle * FORM + FORM - 1);
        let target = match folder {
            "" => format!("/v1/public/files/{name}"),
            folder => format!("/v1/public/files/{folder}/{name}"),
        };
        match probe::send(&Request::get(address, &target).method("HEAD"), b"")?.status {
            200 => from = middle + 1,
            404 => to = middle,
            status => return Err(format!("{target}: {status}")),
        }
    }
    Ok(from.saturating_sub(2 * CONNECTIONS as u64))
}

/// Names that are spread over the index: those stored one after another are not neighbours.
/// The first digit is one of 0 to 4, each a fifth of all.
fn name(number: u64) -> String {
    let mixed = (number / 5).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    format!("{}{mixed:08x}-{number:07}", number % 5)
}

fn body(form: u64) -> Vec<u8> {
    let mut body = String::new();
    for number in form * FORM..(form + 1) * FORM {
        let name = name(number);
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{number}\r\n"
        );
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}
