//! Policies that keep the server from starting.

use super::*;

/// The exit code of a server that does not start, and its one line.
fn refused(policy: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, policy).unwrap();
    let mut child = Command::new(COFFER)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--env",
            "test",
            "--policy",
        ])
        .arg(&file)
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0];
    // A server that starts after all would never exit by itself.
    if std::io::Read::read(&mut stdout, &mut first).unwrap() > 0 {
        child.kill().unwrap();
    }
    assert_eq!(first, [0], "something on stdout, with {policy}");
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn an_invalid_policy_keeps_the_server_from_starting_and_its_line_is_named() {
    let trusted = "[iam]\nissuer = 'https://i'\naudience = 'a'";
    let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "c2VjcmV0" });
    let private = format!("{trusted}\njwks = '''{}'''", json!({ "keys": [private] }));
    let with = |line: &str| format!("{trusted}\n{line}\njwks = '''{}'''", jwks());
    // Policy, line, and a word that says what is wrong with it.
    let cases = [
        (
            "[public]\nread = 'anyone'\nreed = 'anyone'".to_owned(),
            3,
            "reed",
        ),
        (
            "[public]\nread = [\n  'anyone',\n  'admin',\n]".to_owned(),
            4,
            "\"admin\"",
        ),
        ("\n[public]\nmax-file-size = '5 GX'".to_owned(), 3, "5 GX"),
        ("[public]\nread = ".to_owned(), 2, ""),
        (with("org-claim = 'org_id'"), 4, "org_id"),
        ("[iam]\nissuer = 'i'".to_owned(), 2, "jwks-url"),
        (
            format!("{trusted}\njwks-url = 'keys'"),
            4,
            "not an http or https URL",
        ),
        (
            format!("{trusted}\nhs256-secret = 'NONE'"),
            4,
            "COFFER_SECRET_NONE",
        ),
        (private, 4, "private"),
        (
            format!(
                "{trusted}\njwks = '''{}'''\nroles-claim = '/r'\n[public]\nread = 'role:a'\n\
                 [[test]]\nas = 'nobody'\nmay = ['read public/a']\nmay-not = ['list org/']",
                jwks()
            ),
            10,
            "public.read (line 7) requires role:a",
        ),
    ];
    std::thread::scope(|scope| {
        let (even, odd): (Vec<_>, Vec<_>) = cases
            .iter()
            .enumerate()
            .partition(|(index, _)| index % 2 == 0);
        for half in [even, odd] {
            scope.spawn(move || {
                for (_, (policy, line, word)) in half {
                    let (code, said) = refused(policy);
                    assert_eq!(code, Some(1), "{policy}\n{said}");
                    assert_eq!(said.lines().count(), 1, "{policy}\n{said}");
                    assert!(said.contains(&format!("line {line}: ")), "{policy}\n{said}");
                    assert!(said.contains(word), "{policy}\n{said}");
                    assert!(!said.contains("c2VjcmV0"));
                }
            });
        }
    });
}
