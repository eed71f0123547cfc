//! Folders side by side, of which a policy closes every other one, and the same without it.

use crate::Result;
use crate::coffer::Coffer;
use crate::load::{Request, probe};

/// Closes every other folder in `half/`.
pub const POLICY: &str = "[[public.paths]]\nmatch = \"half/*-closed/**\"\nlist = \"nobody\"\n";

/// As many files as one form may hold, each in a folder of its own.
const FORM: usize = 100;
const FORMS: usize = 3;
const BOUNDARY: &str = "a-boundary-between-files";

/// A page of 100 of the folders in `all/` or in `half/`, and the length of its document.
///
/// # Errors
/// If they cannot be stored, or the page does not have as many.
pub fn page(coffer: &Coffer, folder: &str) -> Result<(Request, usize)> {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let target = format!("/v1/public/files?replace=true&paths=keep&folder={folder}");
    let form = Request::get(coffer.address, &target)
        .method("POST")
        .field("Content-Type", &kind);
    for number in 0..FORMS {
        let answer = probe::send(&form, &body(number * FORM))?;
        if answer.status != 201 {
            return Err(format!("a form was answered with {}", answer.status));
        }
    }
    let target = format!("/v1/public/files?prefix={folder}/&delimiter=/&limit=100");
    let request = Request::get(coffer.address, &target);
    let answer = probe::send(&request, b"")?;
    let document: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let folders = document["folders"].as_array();
    match (folders.map(Vec::len), document["next"].is_string()) {
        (Some(100), true) => Ok((request, answer.body.len())),
        found => Err(format!("a page of {found:?} folders")),
    }
}

fn body(first: usize) -> Vec<u8> {
    let mut body = String::new();
    for number in first..first + FORM {
        let state = ["open", "closed"][number % 2];
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"{number:04}-{state}/f\"\r\nContent-Type: text/plain\r\n\r\n{number}\r\n"
        );
    }
    body += &format!("--{BOUNDARY}--\r\n");
    body.into_bytes()
}
