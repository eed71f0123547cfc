//! What keeps a command from running: invalid settings, and usage errors.

use std::net::TcpListener;

use super::*;

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
    let empty_policy = policy("empty.toml", "\n");
    let bytes = file(&folder, "bytes", [0xff; 32]);
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
        (
            &["--policy", &unknown_key],
            "line 2: [public]: unknown key `reed`",
        ),
        (
            &["--policy", &unknown_word],
            "line 3: public.read: unknown word \"everyone\"",
        ),
        (&["--policy", &empty_policy], "the policy: it is empty"),
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
        (&["--link-secret-file", &bytes], "`coffer secret`"),
        (&["--log", "coffer=everything"], "--log"),
        (&["--dev", "--policy", &good_policy], "development mode"),
    ];
    for (flags, says) in cases {
        let mut args = vec!["serve"];
        if !flags.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        // Some starts get far enough to leave files in the directory.
        let _ = std::fs::remove_dir_all(data);
        if !flags.contains(&"--data-dir") && !flags.contains(&"s3") {
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
        assert!(!told.contains("  "), "{flags:?}: {told}");
    }
}

#[test]
fn an_invalid_command_line_is_a_usage_error() {
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
        (
            &["serve", "--listen", "8080"],
            &[],
            "expected ADDR:PORT with an IP address, such as 127.0.0.1:8080",
        ),
        (
            &["serve", "--listen", ":3000"],
            &[],
            "such as 127.0.0.1:3000",
        ),
        (
            &["serve", "--listen", "localhost:3000"],
            &[],
            "such as 127.0.0.1:3000",
        ),
        (
            &["serve", "--ops-listen", "9090"],
            &[],
            "such as 127.0.0.1:9090 or [::1]:8080, or off",
        ),
        (
            &["serve", "--max-connections", "many"],
            &[],
            "expected a whole number",
        ),
        (
            &["serve", "--max-body-size", "lots"],
            &[],
            "expected a size, such as",
        ),
        (
            &["serve", "--header-timeout", "10"],
            &[],
            "expected a time with its unit, such as 10s",
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
        (
            &["token", "--user", "a", "--claim", "department"],
            &[],
            "expected NAME=VALUE",
        ),
        (
            &["token", "--user", "a", "--claim", "roles=admin"],
            &[],
            "this claim is set by --role",
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
fn a_setting_of_another_engine_is_refused_as_a_flag_or_a_variable() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let secret = file(&folder, "secret", [b'7'; 32]);
    let local = ["--data-dir", data];
    let s3 = [
        "--engine",
        "s3",
        "--s3-bucket",
        "b",
        "--link-secret-file",
        &secret,
    ];
    type Case<'a> = (
        &'a [&'a str],
        &'a [&'a str],
        &'a [(&'a str, &'a str)],
        &'a str,
    );
    let cases: &[Case<'_>] = &[
        (
            &local,
            &["--s3-bucket", "files"],
            &[],
            "--s3-bucket (COFFER_S3_BUCKET)",
        ),
        (&local, &["--s3-prefix", ""], &[], "--s3-prefix"),
        (&local, &["--s3-path-style"], &[], "--s3-path-style"),
        (&local, &["--s3-memory", "1 GiB"], &[], "--s3-memory"),
        (
            &local,
            &["--s3-conditional", "best-effort"],
            &[],
            "--s3-conditional",
        ),
        (&local, &["--s3-redirect"], &[], "--s3-redirect"),
        (
            &local,
            &["--s3-abandoned-after", "7d"],
            &[],
            "--s3-abandoned-after",
        ),
        (
            &local,
            &["--engine", "local", "--s3-region", "r"],
            &[],
            "--s3-region",
        ),
        (
            &local,
            &[],
            &[("COFFER_S3_BUCKET", "files")],
            "--s3-bucket (COFFER_S3_BUCKET)",
        ),
        (
            &local,
            &[],
            &[("COFFER_S3_ENDPOINT", "http://a")],
            "COFFER_S3_ENDPOINT",
        ),
        (
            &s3,
            &["--data-dir", data],
            &[],
            "--data-dir (COFFER_DATA_DIR)",
        ),
        (
            &s3,
            &[],
            &[("COFFER_DATA_DIR", data)],
            "--data-dir (COFFER_DATA_DIR)",
        ),
    ];
    for (engine, flags, env, says) in cases {
        let args = [&["serve", "--listen", "127.0.0.1:0"], *engine, *flags].concat();
        let ended = run(&args, env);
        let told = &ended.stderr;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(1), ""),
            "{flags:?}: {told}"
        );
        assert_eq!(told.lines().count(), 1, "{flags:?}: {told}");
        assert!(
            told.contains(says) && told.contains("engine"),
            "{flags:?}: {told}"
        );
    }
    assert!(!std::path::Path::new(data).exists());
}
