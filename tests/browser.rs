//! A real browser on pages of another origin: what Chromium shows, plays, runs and lets
//! scripts read.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Setup, iam, user};

/// What `just browser` installs, and a link to the cases beside it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/browser");

/// One browser for all cases of `tests/browser/cases`, since its start takes longest.
#[test]
fn chromium_shows_and_plays_what_it_should_and_runs_nothing() {
    let installed = Path::new(INSTALLED).join("node_modules").exists();
    assert!(installed, "run `just browser` first");
    let mut node = Command::new("node")
        // The cases find their packages beside the link.
        .args(["--preserve-symlinks", "--preserve-symlinks-main"])
        .arg("tests/main.mjs")
        .current_dir(INSTALLED)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(node.stdout.take().unwrap());
    let mut port = String::new();
    told.read_line(&mut port).unwrap();
    let origin = format!("http://*.localhost:{}", port.trim());
    let policy = format!("{}[cors]\norigins = [\"{origin}\"]\n", iam());
    let server = Setup::policy(&policy).start();
    let place = serde_json::json!({ "url": server.url, "alice": user("alice") });
    // The process ends when its stdin is closed.
    let mut stdin = node.stdin.take().unwrap();
    writeln!(stdin, "{place}").unwrap();
    let mut cases = String::new();
    told.read_to_string(&mut cases).unwrap();
    let status = node.wait().unwrap();
    assert!(status.success(), "{status}\n{cases}");
    println!("{cases}");
}
