//! A real browser on pages of another origin: what Chromium shows, plays, runs and lets
//! scripts read.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Setup, iam, user};

/// What `just browser` installs, and a link to the cases beside it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/browser");

#[test]
fn chromium_shows_and_plays_what_it_should_and_runs_nothing() {
    run(
        &[
            "display",
            "media",
            "script",
            "pdf",
            "embedding",
            "requests",
            "uploads",
        ],
        |origin| {
            let server = Setup::policy(&policy(origin)).start();
            let place = json!({ "url": server.url, "alice": user("alice") });
            (server, place)
        },
    );
}

/// A policy that lets pages of this origin read.
pub fn policy(origin: &str) -> String {
    format!("{}[cors]\norigins = [\"{origin}\"]\n", iam())
}

/// Runs the cases of these files in `tests/browser/cases`, in one browser, since its start takes
/// longest. They are told of what is started for the origin of their pages.
pub fn run<T>(subjects: &[&str], start: impl FnOnce(&str) -> (T, Value)) {
    let installed = Path::new(INSTALLED).join("node_modules").exists();
    assert!(installed, "run `just browser` first");
    let mut node = Command::new("node")
        // The cases find their packages beside the link.
        .args(["--preserve-symlinks", "--preserve-symlinks-main"])
        .arg("tests/main.mjs")
        .args(subjects)
        .current_dir(INSTALLED)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(node.stdout.take().unwrap());
    let mut port = String::new();
    told.read_line(&mut port).unwrap();
    let origin = format!("http://*.localhost:{}", port.trim());
    let (_server, place) = start(&origin);
    // The process ends when its stdin is closed.
    let mut stdin = node.stdin.take().unwrap();
    writeln!(stdin, "{place}").unwrap();
    let mut cases = String::new();
    told.read_to_string(&mut cases).unwrap();
    let status = node.wait().unwrap();
    assert!(status.success(), "{status}\n{cases}");
    println!("{cases}");
}
