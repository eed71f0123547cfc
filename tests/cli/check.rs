//! `coffer check`: what `serve` would say of a policy or component, without serving.

mod data_dir;
mod decisions;
mod tokens;

use super::*;
use crate::support::component;

#[test]
fn check_says_whether_serve_would_accept_a_policy_or_component() {
    let folder = TempDir::new().unwrap();
    let good = [
        file(&folder, "good.toml", iam()),
        file(&folder, "public.toml", "public-only = true\n"),
        file(&folder, "good.wasm", component("unreachable")),
        file(&folder, "good.component", component("unreachable")),
    ];
    for path in &good {
        let ended = run(&["check", path], &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{path}");
        let last = ended.stdout.lines().last();
        assert_eq!(last, Some(format!("{path} is valid").as_str()));
    }
    let notes = run(&["check", &good[1]], &[]).stdout;
    assert!(notes.contains("PUBLIC-ONLY MODE"), "{notes}");

    let missing = format!("{}/missing", folder.path().display());
    let secret = iam().replace("jwks = ", "# ") + "hs256-secret = \"TESTS\"\n";
    let secret = file(&folder, "secret.toml", secret);
    let bad = [
        (missing.clone() + ".toml", "cannot be read"),
        (missing, "cannot be read"),
        (
            file(&folder, "README.md", "# Coffer"),
            "is neither a policy (a file named *.toml) nor a component (*.wasm)",
        ),
        (
            file(&folder, "empty.toml", "# Nothing yet\n"),
            "it is empty",
        ),
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

#[test]
fn a_secret_of_the_policy_may_be_in_a_file() {
    let folder = TempDir::new().unwrap();
    let policy = "[iam]\nissuer = \"https://iam.test\"\naudience = \"a\"\nhs256-secret = \"S\"\n";
    let policy = file(&folder, "policy.toml", policy);
    let secret = |name: &str, text: &str| file(&folder, name, text);
    let (value, line) = ("7".repeat(32), "7".repeat(32) + "\r\n");
    // The line ending does not count, so 31 bytes are too few.
    let short = secret("short", &line[1..]);
    let missing = folder.path().join("missing");
    let missing = missing.to_str().unwrap();
    for (env, says) in [
        (
            &[("COFFER_SECRET_S_FILE", &*secret("line", &line))][..],
            None,
        ),
        (&[("COFFER_SECRET_S_FILE", &*short)], Some("32 bytes")),
        (
            &[("COFFER_SECRET_S_FILE", missing)],
            Some("COFFER_SECRET_S_FILE: /"),
        ),
        (
            &[
                ("COFFER_SECRET_S_FILE", &*short),
                ("COFFER_SECRET_S", &*value),
            ],
            Some("both set"),
        ),
    ] {
        let ended = run(&["check", &policy], env);
        let code = if says.is_some() { 1 } else { 0 };
        assert_eq!(ended.code, Some(code), "{env:?}: {}", ended.stderr);
        let told = ended.stderr;
        assert!(told.contains(says.unwrap_or_default()), "{env:?}: {told}");
    }
}

#[test]
fn check_notes_what_is_probably_a_mistake_with_its_line() {
    let folder = TempDir::new().unwrap();
    let policy = iam()
        + "[org]\ndelete = \"role:manager, role:admin\"\n[public]\n\
                          list = \"uploader\"\ncontent-types = [\n  \"image/jpg\",\n]\n";
    let ended = run(&["check", &file(&folder, "shop.toml", policy)], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let notes: Vec<&str> = ended.stdout.lines().collect();
    for (told, expected) in notes.iter().zip([
        "note: line 8: org.delete: \"role:manager, role:admin\" is one role",
        "note: line 10: public.list: \"uploader\" never matches",
        "note: line 12: public.content-types: \"image/jpg\" is not the type that such files \
         are sent with",
    ]) {
        assert!(told.starts_with(expected), "{notes:?}");
    }
    assert_eq!(notes.len(), 4, "{notes:?}");
}
