//! Tools that nobody here wrote: linters, generators and testers of APIs.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::PATH;
use crate::support::{Server, org_member};

/// What `just openapi` installs.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/openapi");
/// What configures them.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/openapi");
/// What schemathesis has to try, with a token and without.
const FEWEST_CASES: usize = 1000;
/// A folder in which tools find each other's packages.
fn folder() -> TempDir {
    let installed = Path::new(INSTALLED).join("node_modules").exists();
    assert!(installed, "run `just openapi` first");
    TempDir::new_in(INSTALLED).unwrap()
}

/// Runs an installed program, which has to succeed, and returns its output.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(Path::new(INSTALLED).join(program));
    command.args(arguments).current_dir(folder);
    // They ask nobody else for anything.
    command.env("REDOCLY_TELEMETRY", "off");
    command.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    // `serializers.py`.
    command.env("SCHEMATHESIS_HOOKS", "serializers");
    command.env("PYTHONPATH", HERE);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    finish(command)
}

fn finish(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

fn config(name: &str) -> PathBuf {
    Path::new(HERE).join(name)
}

async fn download(server: &Server, folder: &Path) {
    let document = server.get(PATH).send().await.unwrap().bytes().await;
    std::fs::write(folder.join("openapi.json"), document.unwrap()).unwrap();
}

#[tokio::test]
async fn redocly_has_nothing_to_correct() {
    let (server, folder) = (Server::shared(), folder());
    download(&server, folder.path()).await;
    let config = config("redocly.yaml");
    let rules = ["--config", config.to_str().unwrap(), "openapi.json"];
    let report = run(
        folder.path(),
        "node_modules/.bin/redocly",
        &[&["lint"], &rules[..]].concat(),
    );
    assert!(report.contains("is valid"), "{report}");
}

#[tokio::test]
async fn a_generated_client_walks_through_every_operation() {
    let (server, folder) = (Server::start(), folder());
    download(&server, folder.path()).await;
    for name in ["walk.ts", "tsconfig.json", "package.json"] {
        std::fs::copy(config(name), folder.path().join(name)).unwrap();
    }
    let types = ["openapi.json", "--output", "api.d.ts"];
    run(
        folder.path(),
        "node_modules/.bin/openapi-typescript",
        &types,
    );
    run(folder.path(), "node_modules/.bin/tsc", &["--project", "."]);
    let mut walk = Command::new("node");
    walk.arg("built/walk.js").arg(&server.url);
    walk.arg(org_member("alice", "acme"))
        .current_dir(folder.path());
    println!("{}", finish(walk));
}

#[tokio::test]
async fn schemathesis_finds_no_deviation_without_a_token() {
    schemathesis(&[]).await;
}

#[tokio::test]
async fn schemathesis_finds_no_deviation_with_a_token() {
    let token = org_member("alice", "acme");
    schemathesis(&["--header", &format!("Authorization: Bearer {token}")]).await;
}

async fn schemathesis(arguments: &[&str]) {
    let (server, folder) = (Server::start(), folder());
    // The name of the document's examples.
    for area in ["public", "user", "org"] {
        let path = format!("/v1/{area}/files/2026/report.pdf");
        let put = server.put(&path, "0123456789");
        let put = put.bearer_auth(org_member("alice", "acme")).send().await;
        assert_eq!(put.unwrap().status(), 201);
    }
    let document = format!("{}{PATH}", server.url);
    let config = config("schemathesis.toml");
    let fixed = [
        "--config-file",
        config.to_str().unwrap(),
        "run",
        // The same cases each time.
        "--generation-deterministic",
        "--max-examples=60",
        "--continue-on-failure",
        "--no-color",
        &document,
    ];
    let report = run(
        folder.path(),
        "python/bin/schemathesis",
        &[&fixed[..], arguments].concat(),
    );
    // `1234 generated, 1234 passed`
    let cases = report.split(" generated, ").next().unwrap_or_default();
    let cases = cases.rsplit(|c: char| !c.is_ascii_digit()).next();
    let cases: usize = cases.unwrap_or_default().parse().unwrap_or_default();
    println!("{report}");
    assert!(cases >= FEWEST_CASES, "only {cases}: {report}");
}
