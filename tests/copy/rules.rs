//! Who may copy what, and where to.

use super::*;

const RULES: [&str; 5] = ["anyone", "signed-in", "uploader", "role:admin", "nobody"];
const CALLERS: [&str; 4] = ["no-token", "alice", "bob", "carol"];
const KINDS: [&str; 6] = [
    "copy",
    "move",
    "create",
    "replace",
    "copy-folder",
    "move-folder",
];

/// Alice stored the files, Carol is an admin, and all are members of one organization.
fn caller(name: &str) -> Option<String> {
    let roles: &[&str] = if name == "carol" { &["admin"] } else { &[] };
    (name != "no-token").then(|| token(Some(name), Some("acme"), roles))
}

/// Whether a rule lets a caller do something.
fn permits(rule: &str, caller: &str, operation: &str) -> bool {
    match rule {
        "anyone" => true,
        "signed-in" => caller != "no-token",
        "uploader" => caller == "alice" && !matches!(operation, "list" | "create"),
        "role:admin" => caller == "carol",
        _ => false,
    }
}

/// What a request needs in the area with the rule.
fn needs(kind: &str) -> &'static [&'static str] {
    match kind {
        "copy" => &["read"],
        "move" => &["read", "delete"],
        "create" => &["create"],
        "replace" => &["replace"],
        "copy-folder" => &["read", "list"],
        _ => &["read", "delete", "list"],
    }
}

#[tokio::test]
async fn every_rule_has_its_effect_for_every_caller_in_every_area() {
    for rule in RULES {
        let all = |area: &str, rule: &str| {
            format!(
                "[{area}]\nread = {rule:?}\nlist = {rule:?}\ncreate = {rule:?}\n\
                 replace = {rule:?}\ndelete = {rule:?}\n"
            )
        };
        let open = iam() + &all("public", "anyone");
        let seeding = Setup::policy(&open).start();
        let alice = caller("alice").unwrap();
        for (caller_name, kind) in CALLERS
            .iter()
            .flat_map(|name| KINDS.map(|kind| (name, kind)))
        {
            for area in ["public", "org"] {
                let path = format!("/v1/{area}/files/{caller_name}/{kind}/file");
                store(&seeding, &alice, &path, "old").await;
            }
            if let Some(token) = caller(caller_name) {
                let path = format!("/v1/user/files/{kind}/file");
                store(&seeding, &token, &path, "mine").await;
            }
        }
        let policy = iam() + &all("public", rule) + &all("org", rule);
        let server = Setup::policy(&policy).data(seeding.crash()).start();
        for name in CALLERS {
            for (area, kind) in ["public", "org"]
                .iter()
                .flat_map(|area| KINDS.map(|kind| (area, kind)))
            {
                let what = format!("{kind} in {area} by {name} with {rule}");
                let theirs = format!("{name}/{kind}");
                // Out of the area with the rule, or into it.
                let (path, body) = match kind {
                    "create" => (
                        format!("/v1/{area}/copy"),
                        json!({ "from": "create/file", "to": format!("{theirs}/new"), "from_area": "user" }),
                    ),
                    "replace" => (
                        format!("/v1/{area}/copy"),
                        json!({ "from": "replace/file", "to": format!("{theirs}/file"), "from_area": "user", "replace": true }),
                    ),
                    "copy" | "move" => (
                        format!("/v1/user/{kind}"),
                        json!({ "from": format!("{theirs}/file"), "to": format!("{area}/{kind}"), "from_area": area }),
                    ),
                    _ => (
                        format!("/v1/user/{}", &kind[..4]),
                        json!({ "from": format!("{theirs}/"), "to": format!("{area}/{kind}/"), "from_area": area }),
                    ),
                };
                let mut request = server.post(&path).body(body.to_string());
                if let Some(token) = caller(name) {
                    request = request.bearer_auth(token);
                }
                let answer = request.send().await.unwrap();
                let permitted = name != "no-token"
                    && needs(kind)
                        .iter()
                        .all(|operation| permits(rule, name, operation));
                if permitted {
                    let expected = if kind.ends_with("folder") || kind == "replace" {
                        200
                    } else {
                        201
                    };
                    assert_eq!(
                        answer.status(),
                        expected,
                        "{what}: {:?}",
                        answer.text().await
                    );
                    if kind.ends_with("folder") {
                        assert_eq!(progress(answer).await, (1, vec![], None), "{what}");
                    }
                } else {
                    let status = answer.status().as_u16();
                    // Nobody without a token has an area of their own.
                    let expected: &[u16] = if name == "no-token" {
                        &[401, 403]
                    } else {
                        &[403]
                    };
                    assert!(expected.contains(&status), "{what}: {status}");
                }
                let left = permitted && kind.starts_with("move");
                let replaced = permitted && kind == "replace";
                let changed = (left, replaced, permitted && kind == "create");
                check(&server, area, &theirs, changed, &what, rule).await;
            }
        }
    }
}

/// Checks what a request changed of the area with the rule: whether the file has left,
/// was replaced, or has got another one beside it. Only a caller who may read sees it.
async fn check(
    server: &Server,
    area: &str,
    folder: &str,
    (left, replaced, created): (bool, bool, bool),
    what: &str,
    rule: &str,
) {
    let reader = match rule {
        "role:admin" => "carol",
        "nobody" => return,
        _ => "alice",
    };
    let reader = caller(reader).unwrap();
    let get = |name: &str| {
        let request = server.get(&format!("/v1/{area}/files/{folder}/{name}"));
        let request = request.bearer_auth(&reader);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    let (status, text) = get("file").await;
    // What another caller has stored is not Alice's any more.
    if !(rule == "uploader" && replaced) {
        assert_eq!(status, if left { 404 } else { 200 }, "{what}");
        let content = if replaced { "mine" } else { "old" };
        assert!(left || text == content, "{what}: {text}");
    }
    let (status, _) = get("new").await;
    let expected: &[u16] = if created { &[200, 403] } else { &[404] };
    assert!(expected.contains(&status), "{what}: {status}");
}

#[tokio::test]
async fn a_rule_about_uploaders_holds_for_every_file_of_a_folder() {
    let policy = format!(
        "{}[org]\nread = \"uploader\"\ndelete = \"uploader\"\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    for n in 0..10 {
        let token = if n % 3 == 0 { &bob } else { &alice };
        store(&server, token, &format!("/v1/org/files/a/{n}"), "content").await;
    }
    let forbidden: Vec<_> = [0, 3, 6, 9]
        .map(|n| (format!("a/{n}"), "forbidden".to_owned()))
        .into();
    for kind in ["copy", "move"] {
        let body = json!({ "from": "a/", "to": "mine/", "from_area": "org" });
        let answer = post(&server, &alice, &format!("/v1/user/{kind}"), &body).await;
        assert_eq!(
            progress(answer).await,
            (6, forbidden.clone(), None),
            "{kind}"
        );
        let body = json!({ "from": "a/0", "to": "x", "from_area": "org" });
        let refused = post(&server, &alice, &format!("/v1/user/{kind}"), &body).await;
        assert_problem(refused, 403, "forbidden").await;
    }
    assert_eq!(names(&server, &alice, "user", "").await.len(), 6);
    assert_eq!(names(&server, &alice, "org", "").await.len(), 4);

    // The caller becomes the uploader of a copy.
    let body = json!({ "from": "a/3", "to": "b" });
    let copied = post(&server, &bob, "/v1/org/copy", &body).await;
    assert_eq!(copied.status(), 201);
    let refused = server
        .get("/v1/org/files/b")
        .bearer_auth(&alice)
        .send()
        .await;
    assert_problem(refused.unwrap(), 403, "forbidden").await;
    let own = found(&server, &bob, "/v1/org/files/b").await;
    assert_eq!(own.as_deref(), Some("content"));
}

#[tokio::test]
async fn nobody_copies_from_or_to_another_owner() {
    let server = Server::start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "other"));
    for area in ["user", "org"] {
        store(
            &server,
            &alice,
            &format!("/v1/{area}/files/secret/a"),
            "alice's",
        )
        .await;
        for (to_area, kind) in ["public", "user", "org"]
            .iter()
            .flat_map(|area| ["copy", "move"].map(|kind| (area, kind)))
        {
            let path = format!("/v1/{to_area}/{kind}");
            let file = json!({ "from": "secret/a", "to": "stolen", "from_area": area });
            assert_problem(post(&server, &bob, &path, &file).await, 404, "not-found").await;
            let folder = json!({ "from": "secret/", "to": "stolen/", "from_area": area });
            let answer = post(&server, &bob, &path, &folder).await;
            assert_eq!(progress(answer).await, (0, vec![], None));
            // Nor by a name that looks like a key.
            let escape =
                json!({ "from": format!("{area}/x/secret/a"), "to": "stolen", "from_area": area });
            assert_problem(post(&server, &bob, &path, &escape).await, 404, "not-found").await;
        }
        // What Bob stores is his own.
        store(&server, &bob, &format!("/v1/{area}/files/mine"), "bob's").await;
        let over = json!({ "from": "mine", "to": "secret/a", "replace": true });
        let answer = post(&server, &bob, &format!("/v1/{area}/copy"), &over).await;
        assert_eq!(answer.status(), 201);
        let path = format!("/v1/{area}/files/secret/a");
        let kept = found(&server, &alice, &path).await;
        assert_eq!(kept.as_deref(), Some("alice's"));
        let body = json!({ "from": "secret/a", "to": "x", "from_area": area });
        let request = server.post("/v1/public/copy").body(body.to_string());
        assert_problem(request.send().await.unwrap(), 401, "unauthenticated").await;
    }
    assert_eq!(names(&server, &bob, "public", "").await, [""; 0]);
}
