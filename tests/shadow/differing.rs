//! Decisions that differ: counted by action, area and direction, logged with both rules, and of
//! each file of a request.

use serde_json::json;

use super::*;

const IN_FORCE: &str = "[user]\ndelete = \"nobody\"\n";
const SHADOW: &str = "[public]\nread = \"signed-in\"\ndelete = \"signed-in\"\n[org]\n\
                      delete = \"role:manager\"\n";

#[tokio::test]
async fn differences_are_counted_by_action_area_and_direction_and_logged_with_both_rules() {
    let server = Setup::policy(&policy(IN_FORCE)).start();
    begin(&server, &policy(SHADOW)).await;
    let (ann, member) = (user("ann"), org_member("ben", "acme"));
    let manager = token(Some("eve"), Some("acme"), &["manager"]);
    let read = server.get("/v1/public/files/a").send().await.unwrap();
    let id = read.headers()["x-request-id"].to_str().unwrap().to_owned();
    for (request, bearer, expected) in [
        (server.get("/v1/public/files/a"), &ann, 404),
        (server.delete("/v1/user/files/b"), &ann, 403),
        (server.delete("/v1/public/files/c"), &ann, 404),
        (server.delete("/v1/org/files/d"), &member, 404),
        (server.delete("/v1/org/files/d"), &manager, 404),
        (server.get("/v1/org/files?prefix=e"), &member, 200),
    ] {
        assert_eq!(status(request.bearer_auth(bearer)).await, expected);
    }
    let decisions = compared(&server, 7).await;
    assert_eq!(
        decisions,
        json!({"same": 3, "would_allow": 2, "would_deny": 2, "skipped": 0})
    );
    for (action, area, result, expected) in [
        ("read", "public", "would_deny", 1),
        ("read", "public", "same", 1),
        ("delete", "user", "would_allow", 1),
        // From the caller's own files to all.
        ("delete", "public", "would_allow", 1),
        ("delete", "org", "would_deny", 1),
        ("delete", "org", "same", 1),
        ("list", "org", "same", 1),
        ("list", "org", "would_deny", 0),
    ] {
        let found = counted(&server, action, area, result).await;
        assert_eq!(found, expected, "{action} {area} {result}");
    }
    let id = format!("id={id}");
    for words in [
        [
            &id,
            "read",
            "public",
            "\"a\"",
            "allowed",
            "denied",
            "no token was sent",
        ],
        [
            "user.delete",
            "delete",
            "user",
            "\"b\"",
            "denied",
            "allowed",
            "would_allow",
        ],
        [
            "public.delete",
            "delete",
            "public",
            "\"c\"",
            "own-files",
            "allowed",
            "would_allow",
        ],
        [
            "org.delete",
            "delete",
            "org",
            "\"d\"",
            "allowed",
            "denied",
            "role:manager",
        ],
    ] {
        assert_logged(
            &server,
            &[&words[..], &["decides differently", "rule="]].concat(),
        );
    }
    let [line] = lines(&server, &[&id, "decides differently"])
        .try_into()
        .unwrap();
    assert_eq!(line.matches("public.read").count(), 3, "{line}");
    assert!(line.contains("shadow_rule="), "{line}");
    assert_eq!(lines(&server, &["decides differently"]).len(), 4);
    // No line holds anything of a token.
    assert!(!server.log().contains("eve") && !server.log().contains(&ann));
}

#[tokio::test]
async fn paths_differ_file_by_file_and_the_log_names_their_lines() {
    let server = Setup::policy(&policy("")).start();
    let rules = "[[org.paths]]\nmatch = \"hr/**\"\nread = \"role:head\"\nlist = \"role:head\"\n";
    begin(&server, &policy(rules)).await;
    let line = iam().lines().count() + 3;
    let ann = org_member("ann", "acme");
    for (request, expected) in [
        (server.get("/v1/org/files/hr/plan.pdf"), 404),
        (server.get("/v1/org/files/it/keys.txt"), 404),
        (server.get("/v1/org/files?prefix=hr/"), 200),
        // Some of them may be listed.
        (server.get("/v1/org/files"), 200),
    ] {
        assert_eq!(status(request.bearer_auth(&ann)).await, expected);
    }
    let decisions = compared(&server, 4).await;
    assert_eq!(
        (&decisions["same"], &decisions["would_deny"]),
        (&json!(2), &json!(2))
    );
    let read = [
        "\"hr/plan.pdf\"",
        "org.read",
        "org.paths",
        &format!("line {line}"),
    ];
    assert_logged(
        &server,
        &[&read[..], &["decides differently", "role:head"]].concat(),
    );
    let list = [
        "\"hr/\"",
        "org.list",
        "org.paths",
        &format!("line {}", line + 1),
    ];
    assert_logged(
        &server,
        &[&list[..], &["decides differently", "role:head"]].concat(),
    );
}

#[tokio::test]
async fn a_request_that_is_refused_before_it_names_a_file_is_compared_too() {
    let server = Setup::policy(&policy(IN_FORCE)).start();
    begin(&server, &policy("")).await;
    let delete = server.post("/v1/user/delete").bearer_auth(user("ann"));
    assert_eq!(
        status(delete.json(&json!({"names": ["a", "b"]}))).await,
        403
    );
    let decisions = compared(&server, 1).await;
    assert_eq!(decisions["would_allow"], 1, "{decisions}");
    assert_logged(
        &server,
        &["decides differently", "name=\"\"", "user.delete"],
    );
}

#[tokio::test]
async fn a_token_that_only_one_policy_accepts_is_a_difference() {
    let server = Setup::policy(&policy("[public]\nread = \"signed-in\"\n")).start();
    let ann = user("ann");
    let read = || server.get("/v1/public/files/a");
    let other = policy("").replace("https://iam.test", "https://other.test");
    begin(&server, &other).await;
    assert_eq!(status(read().bearer_auth(&ann)).await, 404);
    let decisions = compared(&server, 1).await;
    assert_eq!(decisions["would_deny"], 1, "{decisions}");
    assert_logged(&server, &["decides differently", "[iam]", "another issuer"]);
    // Without one, nothing is refused.
    assert_eq!(status(read()).await, 401);
    let decisions = compared(&server, 2).await;
    assert_eq!(decisions["would_allow"], 1, "{decisions}");
}

#[tokio::test]
async fn keys_out_of_reach_are_no_verdict() {
    let server = Setup::policy(&policy("")).start();
    let keys = crate::support::jwks();
    let remote = policy("").replace(
        &format!("jwks = '''{keys}'''"),
        "jwks-url = \"http://127.0.0.1:9/k\"",
    );
    begin(&server, &remote).await;
    let get = server.get("/v1/public/files/a").bearer_auth(user("ann"));
    assert_eq!(status(get).await, 404);
    assert_logged(
        &server,
        &["the shadow policy gives no verdict", "cannot be verified"],
    );
    let shadow = shadow(&server).await;
    assert_eq!(
        (&shadow["state"], &shadow["decisions"]["skipped"]),
        (&json!("running"), &json!(1))
    );
}

#[tokio::test]
async fn storing_asks_for_both_rules_and_many_files_for_each_of_them() {
    let server = Setup::policy(&policy("")).start();
    begin(&server, &policy("[user]\ncreate = \"nobody\"\n")).await;
    let ann = user("ann");
    let put = |name: &str| {
        server
            .put(&format!("/v1/user/files/{name}"), "x")
            .bearer_auth(&ann)
    };
    assert_eq!(status(put("in/0")).await, 201);
    compared(&server, 2).await;
    assert_eq!(counted(&server, "create", "user", "would_deny").await, 1);
    assert_eq!(counted(&server, "replace", "user", "same").await, 1);

    let part = |name: &str| reqwest::multipart::Part::text("x").file_name(name.to_owned());
    let form = ["a", "b", "c"]
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, name| {
            form.part("file", part(name))
        });
    let post = server
        .post("/v1/user/files?folder=in")
        .bearer_auth(&ann)
        .multipart(form);
    assert_eq!(status(post).await, 201);
    compared(&server, 8).await;
    assert_eq!(counted(&server, "create", "user", "would_deny").await, 4);
    for name in ["in/a", "in/b", "in/c"] {
        assert_logged(&server, &["decides differently", &format!("{name:?}")]);
    }
    let copy = server
        .post("/v1/user/copy")
        .bearer_auth(&ann)
        .json(&json!({"from": "in/", "to": "out/"}));
    assert_eq!(status(copy).await, 200);
    eventually_counted(&server, "create", "user", "would_deny", 8).await;
    assert!(counted(&server, "read", "user", "same").await >= 4);
}

#[tokio::test]
async fn a_request_reports_a_hundred_decisions_and_the_next_one_again() {
    for args in [&[][..], &["--instance-reuse"]] {
        let server = Setup::policy(&policy("")).args(args).start();
        begin(&server, &policy("[user]\ndelete = \"nobody\"\n")).await;
        let ann = user("ann");
        let names: Vec<String> = (0..150).map(|number| format!("file-{number}")).collect();
        for round in 1..=3 {
            let delete = server.post("/v1/user/delete").bearer_auth(&ann);
            assert_eq!(status(delete.json(&json!({"names": names}))).await, 200);
            let decisions = compared(&server, 100 * round).await;
            assert_eq!(decisions["would_deny"], 100 * round, "{args:?}");
        }
        // 60 lines a minute, and one about the others.
        eventually("the lines are logged", || {
            lines(&server, &["decides differently"]).len() == 60
        });
        let (status, _) = operate(&server, Method::DELETE, "/shadow", "").await;
        assert_eq!(status, 204);
        assert_logged(&server, &["count=240", "too many lines"]);
        assert_eq!(lines(&server, &["decides differently"]).len(), 60);
    }
}

async fn eventually_counted(
    server: &Server,
    action: &str,
    area: &str,
    result: &str,
    expected: u64,
) {
    let mut found = 0;
    for _ in 0..1000 {
        found = counted(server, action, area, result).await;
        if found == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{action} {area} {result}: {found}, not {expected}");
}
