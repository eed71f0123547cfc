//! Clients that others wrote.

use std::path::Path;
use std::process::Command;

use super::demo::{Demo, HOST};
use crate::support::{Server, iam, user};

/// What `just clients` installs, and links to the scripts beside it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/clients");

pub fn installed() {
    let installed = Path::new(INSTALLED).join("installed.json").exists();
    assert!(installed, "run `just clients` first");
}

/// What an installed program says, which has to succeed.
fn run(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    installed();
    let output = Command::new(program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(INSTALLED)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    println!("{said}");
    said
}

#[test]
fn tus_js_client_uploads_stops_and_continues() {
    let (server, token) = (Server::start(), user("alice"));
    // The script is a link, and finds its packages beside the link.
    let script = ["--preserve-symlinks-main", "tus.mjs"];
    let arguments = [&script[..], &[&server.url, &token]].concat();
    let said = run("node", &arguments, &[]);
    assert_eq!(said.matches("ok: ").count(), 11, "{said}");
}

#[test]
fn the_specs_of_tus_js_client_pass() {
    let demo = Demo::start(&iam());
    let versions = ["tus-js-client-2", "tus-js-client", "tus-js-client-5"];
    let specs = versions.map(|name| format!("node_modules/{name}/test/spec/test-end-to-end.js"));
    let mut arguments = vec!["node_modules/jasmine/bin/jasmine.js", "--helper=tidy.mjs"];
    arguments.extend(specs.iter().map(String::as_str));
    let said = run(
        "node",
        &arguments,
        &[
            ("DEMO_HOST", HOST),
            ("DEMO_PORT", &demo.port.to_string()),
            ("NODE_EXTRA_CA_CERTS", demo.certificate().to_str().unwrap()),
            ("NODE_OPTIONS", "--import=./demo_host.mjs"),
        ],
    );
    assert!(said.contains("6 specs, 0 failures"), "{said}");
}

#[test]
fn tuspy_uploads_in_chunks_and_continues() {
    let (server, token) = (Server::start(), user("alice"));
    let arguments = ["tuspy.py", &server.url, &token];
    let python = format!("{INSTALLED}/python/bin/python");
    let said = run(&python, &arguments, &[]);
    assert_eq!(said.matches("ok: ").count(), 4, "{said}");
}
