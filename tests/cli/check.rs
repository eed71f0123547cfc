//! `coffer check`: what `serve` would say, without serving.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::*;
use crate::support::{
    AUDIENCE, CONFIGURATION, Claims, ISSUER, IamApi, Setup, component, files_below, jwks, sign,
    token,
};

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

#[test]
fn check_says_whom_a_token_names_or_why_it_is_refused() {
    let folder = TempDir::new().unwrap();
    let policy = file(&folder, "shop.toml", iam());
    let check = |token: &str| {
        let token = file(&folder, "token", token);
        run(&["check", &policy, "--token", &token], &[])
    };
    let valid = token(Some("ann"), Some("acme"), &["editor", "manager"]);
    let ended = check(&format!("{valid}\n"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let told: Vec<&str> = ended.stdout.lines().collect();
    let [user, organization, roles, term] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (user, organization, roles),
        ("user: ann", "organization: acme", "roles: editor, manager")
    );
    assert!(
        term.starts_with("valid for: 59m ") || term == "valid for: 1h",
        "{term}"
    );

    let shapes = Claims::new()
        .with("sub", "ann")
        .with("org_id", json!(["a"]));
    let ended = check(&sign(&shapes));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains(
            "organization: none (the claim /org_id is a list of 1 element, not a string or an \
             object with exactly 1 member)\nroles: none (the claim /roles is missing)\n"
        ),
        "{}",
        ended.stdout
    );

    let slash = sign(&Claims::new().with("iss", format!("{ISSUER}/")));
    let expired = sign(&Claims::new().with("exp", 1000));
    for (token, says) in [
        (
            slash.as_str(),
            "iss is \"https://iam.test/\", the policy's issuer is",
        ),
        (&expired, "token refused: the token has expired"),
        ("opaque", "not a JWS in compact form"),
        (" \n", "no token in"),
        (&valid[..valid.len() - 8], "the signature is not valid"),
    ] {
        let ended = check(token);
        let told = &ended.stderr;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.starts_with("coffer: ") && told.contains(says),
            "{told}"
        );
    }

    // Everybody can read command lines in the list of processes.
    let ended = run(&["check", &policy, "--token", &valid], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("- for standard input"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains(&valid[..20]), "{}", ended.stderr);

    let mut child = command(&["check", &policy, "--token", "-"], &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(valid.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.starts_with(b"user: ann\n"));

    let open = file(&folder, "open.toml", "[public]\nlist = \"nobody\"\n");
    let given = file(&folder, "token", &valid);
    let ended = run(&["check", &open, "--token", &given], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no [iam]"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_fetches_the_keys_that_serve_would() {
    let api = IamApi::start().await;
    let folder = TempDir::new().unwrap();
    let issuer = api.url();
    let policy = format!("[iam]\nissuer = '{issuer}'\naudience = '{AUDIENCE}'\n");
    let policy = file(&folder, "found.toml", policy);
    let claims = Claims::new()
        .with("iss", issuer.as_str())
        .with("sub", "ann");
    let token = file(&folder, "token", sign(&claims));
    let check = || run(&["check", &policy, "--token", &token], &[]);

    api.answer(CONFIGURATION, 404, &[], String::new());
    let ended = check();
    let told = &ended.stderr;
    assert_eq!(ended.code, Some(1), "{told}");
    let address = format!("{issuer}{CONFIGURATION}");
    assert!(
        told.contains(&address) && told.contains("the response has status 404"),
        "{told}"
    );

    let keys = format!("{issuer}/keys");
    let configuration = |issuer: &str| json!({"issuer": issuer, "jwks_uri": keys}).to_string();
    api.publish(CONFIGURATION, configuration(&format!("{issuer}/")));
    api.publish("/keys", jwks());
    let ended = check();
    let told = &ended.stderr;
    assert!(
        told.contains(&format!(
            "its issuer is \"{issuer}/\", the policy's is \"{issuer}\""
        )) && told.contains("they differ by a trailing slash"),
        "{told}"
    );

    api.publish(CONFIGURATION, configuration(&issuer));
    let ended = check();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("user: ann\n"), "{}", ended.stdout);
}

#[tokio::test]
async fn check_verifies_a_data_directory_and_lists_what_is_wrong() {
    let server = Setup::public_only().start();
    for name in ["a", "b"] {
        let put = server.put(&format!("/v1/public/files/{name}"), vec![b'x'; 10_000]);
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let dir = server.data_dir();
    let path = dir.to_str().unwrap();
    let in_use = run(&["check", "--data-dir", path], &[]);
    assert_eq!((in_use.code, in_use.stdout.as_str()), (Some(1), ""));
    assert!(in_use.stderr.contains("in use"), "{}", in_use.stderr);
    let _data = server.data();
    assert_eq!(server.stop(), Some(0));

    let whole = run(&["check", "--data-dir", path], &[]);
    assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""));
    let found = "2 files; 0 damaged, 0 missing, 0 orphaned";
    assert_eq!(whole.stdout, format!("{path} is intact: {found}\n"));

    let blobs = files_below(&dir.join("blobs"));
    let [(cut, _), (moved, _)] = blobs.as_slice() else {
        panic!("{blobs:?}");
    };
    std::fs::write(cut, "x").unwrap();
    let name = moved.file_name().unwrap().to_str().unwrap().to_owned();
    let other = name.replacen(
        &name[..2],
        if name.starts_with("00") { "01" } else { "00" },
        1,
    );
    let orphan = format!("{}/{other}", &other[..2]);
    std::fs::rename(moved, dir.join("blobs").join(&orphan)).unwrap();
    let before = files_below(&dir);
    let ended = run(&["check", "--data-dir", path], &[]);
    assert_eq!(ended.code, Some(1));
    let mut lines: Vec<_> = ended.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("damaged: ") && lines[0].ends_with("expected 10000 bytes, found 1")
    );
    assert!(lines[1].starts_with("missing: ") && lines[1].contains(&name));
    assert_eq!(lines[2], format!("orphaned: blobs/{orphan}"));
    let found = "2 files; 1 damaged, 1 missing, 1 orphaned";
    assert_eq!(
        ended.stderr,
        format!("coffer: {path} is damaged: {found}\n")
    );
    assert_eq!(files_below(&dir), before, "a check changes nothing");

    let nothing = TempDir::new().unwrap();
    let ended = run(
        &["check", "--data-dir", nothing.path().to_str().unwrap()],
        &[],
    );
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("is not a data directory"),
        "{}",
        ended.stderr
    );
    for args in [&["check"][..], &["check", "a.toml", "--data-dir", path]] {
        assert_eq!(run(args, &[]).code, Some(2), "{args:?}");
    }
}

/// A policy of 17 lines with an IAM API.
fn departments() -> String {
    let trusted = iam();
    assert_eq!(trusted.lines().count(), 6, "{trusted}");
    trusted
        + "[org]\ndelete = \"uploader\"\n[[org.paths]]\nmatch = \"hr/{claim:/level}/**\"\n\
           read = \"signed-in\"\nlist = \"signed-in\"\n[[org.paths]]\nmatch = \"hr/**\"\n\
           read = \"role:head\"\nlist = \"role:head\"\ndelete = [\"role:head\", \
           \"claim:/department=hr\"]\n"
}

#[test]
fn check_as_says_what_a_caller_may_by_which_rule_and_what_is_missing() {
    let folder = TempDir::new().unwrap();
    let policy = file(&folder, "shop.toml", departments());
    for (caller, question, code, says) in [
        (
            "user=ann,org=acme,role=head",
            "delete org/hr/plan.pdf",
            0,
            "allowed\nrule: org.paths \"hr/**\" delete (line 17)\n",
        ),
        (
            "user=ann,org=acme,role=editor",
            "delete org/hr/plan.pdf",
            1,
            "denied\nrule: org.paths \"hr/**\" delete (line 17)\nreason: the token lacks role:head \
             or claim:/department=hr, which org.paths \"hr/**\" delete (line 17) requires: it has 1 \
             role\n",
        ),
        (
            "user=ann,org=acme,claim:/department=it,claim:/department=hr",
            "delete org/hr/plan.pdf",
            0,
            "allowed\nrule: org.paths \"hr/**\" delete (line 17)\n",
        ),
        (
            "user=ann,org=acme",
            "delete org/plan.pdf",
            0,
            "allowed for files that the caller stored\nrule: org.delete (line 8)\n",
        ),
        (
            "org=acme,claim:/level=9",
            "list org/hr/9/",
            0,
            "allowed\nrule: org.paths \"hr/{claim:/level}/**\" list (line 12)\n",
        ),
        (
            "org=acme,claim:/level=9",
            "list org/hr/8/a",
            1,
            "denied\nrule: org.paths \"hr/**\" list (line 16)\nreason: the token lacks role:head, \
             which org.paths \"hr/**\" list (line 16) requires: the claim /roles is missing\n",
        ),
        (
            "user=ann",
            "read org/a",
            1,
            "denied\nrule: org.read (the default)\nreason: the token names no organization: the \
             claim /org_id is missing\n",
        ),
        (
            "nobody",
            "list public/",
            1,
            "denied\nrule: public.list (the default)\nreason: no token was sent, and public.list \
             (the default) requires signed-in\n",
        ),
        (
            "nobody",
            "read public/日本語/a b",
            0,
            "allowed\nrule: public.read (the default)\n",
        ),
    ] {
        let ended = run(&["check", &policy, "--as", caller, question], &[]);
        assert_eq!(ended.stderr, "", "{caller} {question}");
        assert_eq!(ended.stdout, says, "{caller} {question}");
        assert_eq!(ended.code, Some(code), "{caller} {question}");
    }
    let open = file(&folder, "open.toml", "public-only = true\n");
    for (policy, caller, question, says) in [
        (
            &open,
            "user=ann",
            "read public/a",
            "there is no [iam], so tokens are ignored",
        ),
        (
            &policy,
            "user=ann,claim:/sub=bob",
            "read org/a",
            "user is at /sub in the token, and claims has something else there",
        ),
        (
            &policy,
            "user=ann",
            "read org/a/../b",
            "does not name a file",
        ),
    ] {
        let ended = run(&["check", policy, "--as", caller, question], &[]);
        let told = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.starts_with("coffer: --as: ") && told.contains(says),
            "{told}"
        );
    }
    for args in [
        &["--as", "user=ann"][..],
        &["read org/a"],
        &["--as", "ann", "read org/a"],
        &["--as", "user=ann", "write org/a"],
        &["--as", "user=ann", "read org/a", "--token", "-"],
    ] {
        let ended = run(&[&["check", &policy], args].concat(), &[]);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn check_runs_the_tests_in_a_policy_and_has_a_line_for_each_that_fails() {
    let folder = TempDir::new().unwrap();
    let ann = "[[test]]\nas = { user = \"ann\", org = \"acme\", claims = { level = 9 } }\n";
    let good = format!("{}{ann}may = [\"list org/hr/9/\"]\n", departments());
    let good = file(&folder, "good.toml", good);
    let ended = run(&["check", &good], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    let bad = format!(
        "{}{ann}may = [\n  \"list org/hr/9/\",\n  \"delete org/hr/plan.pdf\",\n]\n\
         may-not = [\"read org/hr/9/a\"]\n",
        departments()
    );
    let bad = file(&folder, "bad.toml", bad);
    let ended = run(&["check", &bad], &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let told: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(
        told,
        [
            "coffer: the policy: line 22: test failed: expected that ann of acme may \"delete \
             org/hr/plan.pdf\", but the token lacks role:head or claim:/department=hr, which \
             org.paths \"hr/**\" delete (line 17) requires: the claim /roles is missing",
            "coffer: the policy: line 24: test failed: expected that ann of acme may not \"read \
             org/hr/9/a\", but org.paths \"hr/{claim:/level}/**\" read (line 11) allows it: \
             signed-in",
        ]
    );
    let wrong = file(
        &folder,
        "wrong.toml",
        departments() + "[[test]]\nas = \"nobody\"\nmay = [\"write org/a\"]\n",
    );
    let ended = run(&["check", &wrong], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.starts_with(
            "coffer: the policy: line 20: test.may: \"write org/a\" does not begin with an operation"
        ),
        "{}",
        ended.stderr
    );
}

/// The largest documents that are allowed, within the CPU time of a check.
#[test]
fn check_of_a_thousand_tests_and_paths_is_no_matter_of_time() {
    let folder = TempDir::new().unwrap();
    let paths: String = (0..1000)
        .map(|n| format!("[[org.paths]]\nmatch = \"departments/{n}/**\"\nread = \"role:r{n}\"\n"))
        .collect();
    let test = |n| {
        let entries: String = (0..100)
            .map(|m| format!("\"read org/x/{n}/{m}\","))
            .collect();
        format!("[[test]]\nas = {{ user = \"ann\", org = \"acme\" }}\nmay = [{entries}]\n")
    };
    let tests: String = (0..1000).map(test).collect();
    let policy = file(&folder, "large.toml", iam() + &paths + &tests);
    let ended = run(&["check", &policy], &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_policy_of_a_company_passes_its_own_tests_in_development_mode() {
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../component/examples/company.toml"
    );
    let ended = run(&["check", "--dev", example], &[]);
    let valid = format!("{example} is valid\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.ends_with(&valid), "{}", ended.stdout);
    assert!(!ended.stdout.contains("note: line"), "{}", ended.stdout);
    let without = run(&["check", example], &[]);
    assert_eq!(without.code, Some(1), "{}", without.stdout);
    let question = "read org/departments/hr/plan.pdf";
    for (department, code, rule) in [("hr", 0, "org.read (line"), ("legal", 1, "read (line 37)")] {
        let caller = format!("user=lee,org=acme,role=staff,claim:/department={department}");
        let ended = run(&["check", "--dev", example, "--as", &caller, question], &[]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stdout.contains(rule), "{}", ended.stdout);
    }
}
