//! The command line: what is refused at start and how, help, environment twins,
//! development tokens, `check`.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{COFFER, Setup, assert_problem, component, iam, json_of, token};

/// What a command that ended left.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs a command, without this process's own settings, to its end.
fn run(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let output = command(args, env).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn command(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(COFFER);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COFFER_")) {
        command.env_remove(name);
    }
    command.args(args).envs(env.iter().copied());
    command
}

/// A file with this content in a folder; its path.
fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn from_text(folder: &TempDir, name: &str, text: &str) -> String {
    file(folder, name, wat::parse_str(text).unwrap())
}

#[test]
fn every_refusal_to_start_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let a_file = file(&folder, "a-file", "no directory");
    let below_a_file = format!("{a_file}/data");
    let missing = format!("{}/missing", folder.path().display());
    let policy = |name: &str, text: &str| file(&folder, name, text);
    let good_policy = policy("good.toml", &iam());
    let unknown_key = policy("key.toml", "[public]\nreed = \"anyone\"\n");
    let unknown_word = policy("word.toml", "[public]\n\nread = \"everyone\"\n");
    let no_text = file(&folder, "binary.toml", [0xff, 0xfe, 0x00]);
    let text = file(&folder, "text.wasm", "(component)\n");
    let core = from_text(&folder, "core.wasm", "(module)");
    let empty = from_text(&folder, "empty.wasm", "(component)");
    let foreign = from_text(
        &folder,
        "foreign.wasm",
        r#"(component (import "wasi:sockets/tcp@0.2.3" (instance (export "f" (func)))))"#,
    );
    let short_secret = file(&folder, "short", "less than 32 bytes");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();

    let cases: &[(&[&str], &str)] = &[
        (&["--policy", &missing], "the policy"),
        (
            &["--policy", folder.path().to_str().unwrap()],
            "cannot be read",
        ),
        (&["--policy", &no_text], "cannot be read"),
        (&["--policy", &unknown_key], "line 2: unknown field `reed`"),
        (
            &["--policy", &unknown_word],
            "line 3: unknown word \"everyone\"",
        ),
        (&["--component", &missing], "cannot be read"),
        (&["--component", &text], "not a WebAssembly component"),
        (&["--component", &core], "not a WebAssembly component"),
        (&["--component", &empty], "not a Coffer component"),
        (&["--component", &foreign], "not a Coffer component"),
        (
            &["--listen", &taken, "--policy", &good_policy],
            "cannot listen on",
        ),
        (&["--data-dir", &a_file], "data directory"),
        (&["--data-dir", &below_a_file], "data directory"),
        (&["--env", "staging"], "s3"),
        (&["--env", "production"], "s3"),
        (
            &["--env", "staging", "--engine", "local"],
            "the local engine is for",
        ),
        (
            &["--env", "production", "--engine", "local"],
            "the local engine is for",
        ),
        (&["--env", "staging", "--dev"], "--dev"),
        (
            &["--env", "production", "--dev", "--engine", "local"],
            "--dev",
        ),
        (&["--engine", "s3"], "--s3-bucket"),
        (
            &["--engine", "s3", "--s3-bucket", "files"],
            "--link-secret-file",
        ),
        (&["--public-url", "files.example.com"], "--public-url"),
        (&["--public-url", "ftp://files.example.com"], "--public-url"),
        (&["--public-url", "https://"], "--public-url"),
        (
            &["--public-url", "https://files.example.com/?a"],
            "--public-url",
        ),
        (
            &["--public-url", "https://user@files.example.com"],
            "--public-url",
        ),
        (&["--link-secret-file", &missing], "the link secret"),
        (
            &["--link-secret-file", &short_secret],
            "shorter than 32 bytes",
        ),
        (&["--log", "coffer=everything"], "--log"),
        (&["--dev", "--policy", &good_policy], "development mode"),
    ];
    for (flags, says) in cases {
        let mut args = vec!["serve"];
        if !flags.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        // A start that gets further than another may leave things in its own.
        let _ = std::fs::remove_dir_all(data);
        if !flags.contains(&"--data-dir") {
            args.extend(["--data-dir", data]);
        }
        args.extend(*flags);
        let ended = run(&args, &[]);
        let told = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{flags:?}: {told}");
        assert_eq!(ended.stdout, "", "{flags:?}");
        assert_eq!(told.lines().count(), 1, "{flags:?}: {told}");
        assert!(told.starts_with("coffer: "), "{flags:?}: {told}");
        assert!(told.contains(says), "{flags:?}: {told}");
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (&[], &[], "Usage: coffer <COMMAND>"),
        (&["sevre"], &[], "serve"),
        (&["serve", "--lisen", "127.0.0.1:0"], &[], "--listen"),
        (
            &["serve", "--listen", "nowhere"],
            &[],
            "--listen <ADDR:PORT>",
        ),
        (
            &["serve", "--listen", "127.0.0.1"],
            &[],
            "--listen <ADDR:PORT>",
        ),
        (&["serve", "--env", "prod"], &[], "production"),
        (&["serve", "--engine", "tape"], &[], "local"),
        (&["serve", "--log-format", "xml"], &[], "json"),
        (&["serve", "--max-connections", "0"], &[], "at least 1"),
        (&["serve", "--max-instances", "0"], &[], "at least 1"),
        (&["serve", "--max-instances", "-1"], &[], "-1"),
        (
            &["serve", "--max-header-size", "lots"],
            &[],
            "--max-header-size",
        ),
        (
            &["serve", "--max-body-size", "1 parsec"],
            &[],
            "--max-body-size",
        ),
        (
            &["serve", "--header-timeout", "soon"],
            &[],
            "--header-timeout",
        ),
        (&["serve"], &[("COFFER_LISTEN", "nowhere")], "--listen"),
        (&["serve"], &[("COFFER_DEV", "perhaps")], "--dev"),
        (&["token"], &[], "--user <USER>"),
        (
            &["token", "--user", "a", "--expires-in", "soon"],
            &[],
            "--expires-in",
        ),
        (&["check"], &[], "<FILE>"),
    ];
    for (args, env, says) in cases {
        let ended = run(args, env);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
        assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn help_says_what_there_is_and_names_every_flags_environment_twin() {
    let help = |args: &[&str]| {
        let ended = run(args, &[]);
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (Some(0), ""),
            "{args:?}"
        );
        ended.stdout
    };
    let all = help(&["--help"]);
    for phrase in [
        "public, each user's own, each organization's",
        "serve",
        "token",
        "check",
    ] {
        assert!(all.contains(phrase), "{phrase} in {all}");
    }
    let serve = help(&["serve", "--help"]);
    for phrase in [
        "Serve files over HTTP until SIGTERM or Ctrl-C",
        "[default: 127.0.0.1:8080]",
        "Trust tokens made by `coffer token`; for development alone",
        "Limits:",
    ] {
        assert!(serve.contains(phrase), "{phrase} in {serve}");
    }
    let flags = serve
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"));
    let flags: Vec<_> = flags.filter_map(|line| line.split(' ').next()).collect();
    assert!(flags.len() > 15, "{flags:?}");
    for flag in flags {
        let twin = format!("[env: COFFER_{}=]", flag.to_uppercase().replace('-', "_"));
        assert!(serve.contains(&twin), "{twin} in {serve}");
    }
    let token = help(&["token", "--help"]);
    for flag in [
        "--user <USER>",
        "--org <ORG>",
        "--role <ROLE>",
        "--expires-in <TIME>",
    ] {
        assert!(token.contains(flag), "{flag} in {token}");
    }
    assert!(help(&["check", "--help"]).contains("<FILE>"));
    let version = help(&["--version"]);
    assert_eq!(version.split(' ').next(), Some("coffer"));
}

/// A `coffer serve` of this module's own making. Killed on drop.
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

    /// Ends it and returns what it has logged.
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
async fn the_environment_twins_do_what_the_flags_do() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("made/where/missing");
    let policy = file(&folder, "policy.toml", iam());
    let secret = file(&folder, "secret", [7; 32]);
    let env = [
        ("COFFER_LISTEN", "127.0.0.1:0"),
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
        let request = Client::new().put(&path).body(vec![b'a'; size]);
        request.bearer_auth(token(Some("alice"), None, &[])).send()
    };
    assert_problem(put(1025).await.unwrap(), 413, "too-large").await;
    assert_eq!(put(1024).await.unwrap().status(), 201);
    let link = Client::new().post(format!("{}/v1/user/urls/a", server.url));
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

    // A flag goes before its twin; the kept link secret goes with its file.
    let flags = ["--max-body-size", "2 KiB", "--log", "off"];
    let server = Serving::start(&flags, &env);
    let path = format!("{}/v1/public/files/a", server.url);
    let stored = Client::new().put(path).body(vec![b'a'; 2000]).send().await;
    assert_eq!(stored.unwrap().status(), 201);
    let moved = format!("{}/v1/links/{}", server.url, below.unwrap());
    assert_eq!(reqwest::get(moved).await.unwrap().status(), 200);
    assert_eq!(server.log(), "");
}

#[test]
fn the_limits_twins_are_read() {
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

/// `coffer token` for a data directory, with these flags.
fn development_token(data: &Path, flags: &[&str]) -> String {
    let mut args = vec!["token", "--data-dir", data.to_str().unwrap()];
    args.extend(flags);
    let ended = run(&args, &[]);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{flags:?}"
    );
    assert_eq!(ended.stdout.lines().count(), 1, "{flags:?}");
    ended.stdout.trim_end().to_owned()
}

/// The claims in a token, unverified.
fn claims(token: &str) -> Value {
    use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
    let part = token.split('.').nth(1).unwrap();
    let bytes = Base64UrlSafeNoPadding::decode_to_vec(part, None).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn development_tokens_open_the_user_and_org_areas_in_development_mode_alone() {
    let policy = "[org]\ndelete = \"role:manager\"\n";
    // The token may come before the first start.
    let folder = Arc::new(TempDir::new().unwrap());
    let data = folder.path().join("data");
    let alice = development_token(&data, &["--user", "alice", "--org", "acme"]);
    let server = Setup::policy(policy)
        .args(&["--dev"])
        .data(Arc::clone(&folder))
        .start();
    let bob = development_token(&data, &["--user", "bob", "--expires-in", "2h"]);
    let manager = [
        "--user", "carol", "--org", "acme", "--role", "staff", "--role", "manager",
    ];
    let manager = development_token(&data, &manager);
    let log = server.log();
    let loud = log.lines().find(|line| line.contains("DEVELOPMENT MODE"));
    assert!(loud.is_some_and(|line| line.contains("WARN")), "{log}");

    let lifetime = |token: &str| {
        let claims = claims(token);
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
    };
    assert_eq!(lifetime(&alice), 3600);
    assert_eq!(lifetime(&bob), 7200);
    assert_eq!(claims(&manager)["roles"], json!(["staff", "manager"]));

    let (private, shared) = ("/v1/user/files/private", "/v1/org/files/shared");
    for (method, path, token, status) in [
        (Method::PUT, private, &alice, 201),
        (Method::GET, private, &alice, 200),
        (Method::GET, private, &bob, 404),
        (Method::PUT, shared, &alice, 201),
        (Method::GET, shared, &manager, 200),
        (Method::GET, shared, &bob, 403),
        (Method::DELETE, shared, &alice, 403),
        (Method::DELETE, shared, &manager, 204),
    ] {
        let request = server.request(method.clone(), path).bearer_auth(token);
        let found = request.body("bytes").send().await.unwrap();
        assert_eq!(found.status(), status, "{method} {path}");
    }

    let elsewhere = TempDir::new().unwrap();
    let foreign = development_token(elsewhere.path(), &["--user", "alice"]);
    let refused = server
        .get(private)
        .bearer_auth(foreign)
        .send()
        .await
        .unwrap();
    assert_problem(refused, 401, "invalid-token").await;

    assert_eq!(server.stop(), Some(0));
    let server = Setup::default().data(Arc::clone(&folder)).start();
    let refused = server
        .get(private)
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    assert_problem(refused, 401, "invalid-token").await;
    assert!(!server.log().contains("DEVELOPMENT MODE"));
    assert_eq!(server.stop(), Some(0));
    let server = Setup::public_only().data(folder).start();
    let refused = server
        .get(private)
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    assert_problem(refused, 403, "iam-not-configured").await;
    let log = server.log();
    assert!(
        log.contains("PUBLIC-ONLY MODE") && !log.contains("DEVELOPMENT MODE"),
        "{log}"
    );
}

#[test]
fn check_says_whether_serve_would_take_a_policy_or_component() {
    let folder = TempDir::new().unwrap();
    let good = [
        file(&folder, "good.toml", iam()),
        file(&folder, "empty.toml", ""),
        file(&folder, "good.wasm", component("unreachable")),
    ];
    for path in &good {
        let ended = run(&["check", path], &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{path}");
        let last = ended.stdout.lines().last();
        assert_eq!(last, Some(format!("{path} is fit to serve").as_str()));
    }
    let notes = run(&["check", &good[1]], &[]).stdout;
    assert!(notes.contains("PUBLIC-ONLY MODE"), "{notes}");

    let missing = format!("{}/missing", folder.path().display());
    let secret = iam().replace("jwks = ", "# ") + "hs256-secret = \"TESTS\"\n";
    let secret = file(&folder, "secret.toml", secret);
    let bad = [
        (missing.clone() + ".toml", "cannot be read"),
        (missing, "cannot be read"),
        (file(&folder, "key.toml", "[pubic]\n"), "line 1"),
        (secret.clone(), "COFFER_SECRET_TESTS"),
        (
            file(&folder, "text.wasm", "text"),
            "not a WebAssembly component",
        ),
        (
            from_text(&folder, "core.wasm", "(module)"),
            "not a WebAssembly component",
        ),
        (
            from_text(&folder, "empty.wasm", "(component)"),
            "not a Coffer component",
        ),
    ];
    for (path, says) in &bad {
        let ended = run(&["check", path], &[]);
        let told = &ended.stderr;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{path}: {told}"
        );
        assert_eq!(told.lines().count(), 1, "{path}: {told}");
        assert!(
            told.starts_with("coffer: ") && told.contains(says),
            "{path}: {told}"
        );
    }
    let value = "a secret of 32 bytes or more, for HS256";
    let ended = run(&["check", &secret], &[("COFFER_SECRET_TESTS", value)]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
