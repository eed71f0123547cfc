//! The environment variables of flags, and which of the two takes precedence.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::*;
use crate::support::{client, fetch, json_of, token};

/// A `coffer serve` that this module configures itself. Killed on drop.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = command(&["serve"], env);
        command.args(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut first)
            .unwrap();
        let url = first.trim_end().strip_prefix("listening on ");
        let url = url.unwrap_or_else(|| panic!("{first:?}")).to_owned();
        Self { child, url }
    }

    /// Stops it and returns what it has logged.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn environment_variables_do_what_the_flags_do() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("created/if/missing");
    let policy = file(&folder, "policy.toml", iam());
    let secret = file(&folder, "secret", [b'7'; 32]);
    let env = [
        ("COFFER_LISTEN", "127.0.0.1:0"),
        ("COFFER_OPS_LISTEN", "127.0.0.1:0"),
        ("COFFER_ENV", "test"),
        ("COFFER_ENGINE", "local"),
        ("COFFER_DATA_DIR", data.to_str().unwrap()),
        ("COFFER_POLICY", &policy),
        ("COFFER_LINK_SECRET_FILE", &secret),
        ("COFFER_PUBLIC_URL", "https://files.example.com/api/"),
        ("COFFER_LOG", "info"),
        ("COFFER_LOG_FORMAT", "json"),
        ("COFFER_MAX_BODY_SIZE", "1 KiB"),
    ];
    let server = Serving::start(&[], &env);
    assert!(
        server.url.starts_with("http://127.0.0.1:"),
        "{}",
        server.url
    );
    assert!(
        !server.url.ends_with(":0"),
        "the real port in {}",
        server.url
    );
    assert!(data.is_dir());

    let path = format!("{}/v1/user/files/a", server.url);
    let put = |size: usize| {
        let request = client().put(&path).body(vec![b'a'; size]);
        request.bearer_auth(token(Some("alice"), None, &[])).send()
    };
    assert_problem(put(1025).await.unwrap(), 413, "too-large").await;
    assert_eq!(put(1024).await.unwrap().status(), 201);
    let link = client().post(format!("{}/v1/user/urls/a", server.url));
    let link = link.bearer_auth(token(Some("alice"), None, &[]));
    let link = json_of(link).await;
    let link = link["url"].as_str().unwrap();
    let below = link.strip_prefix("https://files.example.com/api/v1/links/");
    assert!(below.is_some(), "{link}");

    let log = server.log();
    assert!(!log.is_empty());
    for line in log.lines() {
        let parsed: Result<Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok_and(|line| line.is_object()), "{line}");
    }

    // A flag takes precedence over its variable; the link secret is still that of the file.
    let flags = ["--max-body-size", "2 KiB", "--log", "off"];
    let server = Serving::start(&flags, &env);
    let path = format!("{}/v1/public/files/a", server.url);
    let stored = client().put(path).body(vec![b'a'; 2000]).send().await;
    assert_eq!(stored.unwrap().status(), 201);
    let moved = format!("{}/v1/links/{}", server.url, below.unwrap());
    assert_eq!(fetch(moved).await.unwrap().status(), 200);
    assert_eq!(server.log(), "");
}

#[test]
fn environment_variables_of_limits_are_read() {
    for (twin, flag) in [
        ("COFFER_MAX_CONNECTIONS", "--max-connections"),
        ("COFFER_MAX_INSTANCES", "--max-instances"),
        ("COFFER_MAX_HEADER_SIZE", "--max-header-size"),
        ("COFFER_HEADER_TIMEOUT", "--header-timeout"),
        ("COFFER_IDLE_TIMEOUT", "--idle-timeout"),
        ("COFFER_SHUTDOWN_TIMEOUT", "--shutdown-timeout"),
    ] {
        let ended = run(&["serve"], &[(twin, "nonsense")]);
        assert_eq!(ended.code, Some(2), "{twin}: {}", ended.stderr);
        assert!(ended.stderr.contains(flag), "{twin}: {}", ended.stderr);
    }
    let missing = run(&["serve"], &[("COFFER_COMPONENT", "/missing.wasm")]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.contains("/missing.wasm"),
        "{}",
        missing.stderr
    );
}
