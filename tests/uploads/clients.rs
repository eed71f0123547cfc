//! Clients that others wrote.

use std::path::Path;
use std::process::Command;

use crate::support::{Server, user};

/// What `just clients` installs, and links to the scripts beside it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/clients");

#[test]
fn tus_js_client_uploads_stops_and_continues() {
    let installed = Path::new(INSTALLED).join("node_modules").exists();
    assert!(installed, "run `just clients` first");
    let server = Server::start();
    let output = Command::new("node")
        // The script is a link, and finds its packages beside the link.
        .args(["--preserve-symlinks-main", "tus.mjs"])
        .args([&server.url, &user("alice")])
        .current_dir(INSTALLED)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    assert_eq!(said.matches("ok: ").count(), 8, "{said}");
}
