//! Single decisions: `--as`, and the tests in a policy.

use super::*;

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
