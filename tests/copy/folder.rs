//! Folders, which are worked through in steps.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn every_file_of_a_folder_and_nothing_beside_it_is_copied_and_moved() {
    let server = Server::start();
    let alice = user("alice");
    let mut within = numbered("a", 450);
    within.extend(["a/b/c/d".to_owned(), "a/日本 語".to_owned()]);
    let beside = ["a", "aa/x", "A/x", "b/kept"].map(str::to_owned);
    store_all(&server, &alice, &within, "old").await;
    store_all(&server, &alice, &beside, "old").await;
    let everything = names(&server, &alice, "user", "").await;

    let body = json!({ "from": "a/", "to": "b/x/" });
    // Repeated, it does nothing new, and says so likewise.
    for _ in 0..2 {
        let copied = finish(&server, &alice, "/v1/user/copy", &body).await;
        assert_eq!(copied, 452);
        let mut expected = everything.clone();
        expected.extend(within.iter().map(|name| format!("b/x{}", &name[1..])));
        expected.sort();
        assert_eq!(names(&server, &alice, "user", "").await, expected);
    }
    for name in ["0007", "b/c/d", "日本 語"] {
        let path = format!("/v1/user/files/b/x/{name}");
        let expected = format!("old a/{name}");
        assert_eq!(found(&server, &alice, &path).await, Some(expected));
    }

    // The copies are there already, so that only the files go.
    for done in [452, 0] {
        let moved = finish(&server, &alice, "/v1/user/move", &body).await;
        assert_eq!(moved, done);
        assert_eq!(names(&server, &alice, "user", "a/").await, [""; 0]);
        assert_eq!(names(&server, &alice, "user", "b/x/").await.len(), 452);
    }
    for name in beside {
        let path = format!("/v1/user/files/{name}");
        let expected = format!("old {name}");
        assert_eq!(found(&server, &alice, &path).await, Some(expected));
    }
    let none = json!({ "from": "none/", "to": "c/" });
    let none = post(&server, &alice, "/v1/user/move", &none).await;
    assert_eq!(progress(none).await, (0, vec![], None));
}

#[tokio::test]
async fn a_copy_that_is_described_otherwise_is_no_copy_of_the_file() {
    let server = Server::start();
    let alice = user("alice");
    store(&server, &alice, "/v1/user/files/a/x", "content").await;
    let mut body = json!({ "from": "a/", "to": "b/" });
    assert_eq!(finish(&server, &alice, "/v1/user/copy", &body).await, 1);
    let change = json!({ "metadata": { "rev": "2" }, "content_type": "text/html" });
    let changed = server.request(Method::PATCH, "/v1/user/info/a/x");
    let changed = changed.bearer_auth(&alice).body(change.to_string());
    assert_eq!(changed.send().await.unwrap().status(), 200);

    let moved = post(&server, &alice, "/v1/user/move", &body).await;
    let (done, failed, _) = progress(moved).await;
    assert_eq!((done, failed.len()), (0, 1), "{failed:?}");
    body["replace"] = true.into();
    assert_eq!(finish(&server, &alice, "/v1/user/move", &body).await, 1);
    assert_eq!(names(&server, &alice, "user", "").await, ["b/x"]);
    let info = server.get("/v1/user/info/b/x").bearer_auth(&alice);
    let info = json_of(info).await;
    assert_eq!(info["content_type"], "text/html");
    assert_eq!(info["metadata"], json!({ "rev": "2" }));
}

#[tokio::test]
async fn what_cannot_be_copied_is_named_with_its_problem_and_does_not_stop_the_rest() {
    let limits = "[org]\ncontent-types = [\"text/*\", \"image/*\"]\nmax-file-size = \"20 B\"\n";
    let server = Setup::policy(&format!("{}{limits}", iam())).start();
    let alice = org_member("alice", "acme");
    let long = format!("{}/x", "l".repeat(890));
    for (name, content, content_type) in [
        ("1", "fine", "text/plain"),
        ("2", "wrong type", "application/pdf"),
        ("3", "larger than its limit is", "image/png"),
        ("4", "exists", "text/plain"),
        ("5", "copied before", "text/plain"),
        (&long, "x", "text/plain"),
        ("z", "fine", "text/plain"),
    ] {
        let put = server.put(&format!("/v1/user/files/a/{name}"), content.to_owned());
        let put = put.header("content-type", content_type).bearer_auth(&alice);
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let put = server.put("/v1/org/files/copies-of-them/4", "other");
    let put = put.header("content-type", "text/plain").bearer_auth(&alice);
    let old = etag(&put.send().await.unwrap());
    let earlier = json!({ "from": "a/5", "to": "copies-of-them/5", "from_area": "user" });
    let earlier = post(&server, &alice, "/v1/org/copy", &earlier).await;
    assert_eq!(earlier.status(), 201);
    let body = json!({ "from": "a/", "to": "copies-of-them/", "from_area": "user" });
    for kind in ["copy", "move"] {
        let answer = post(&server, &alice, &format!("/v1/org/{kind}"), &body).await;
        let (done, failed, next) = progress(answer).await;
        let failed: Vec<_> = failed
            .iter()
            .map(|(name, problem)| (name.as_str(), problem.as_str()))
            .collect();
        let too_long = format!("a/{long}");
        let expected = [
            ("a/2", "unsupported-media-type"),
            ("a/3", "too-large"),
            ("a/4", "already-exists"),
            (&too_long, "invalid-name"),
        ];
        assert_eq!(failed, expected, "{kind}");
        assert_eq!((done, next), (3, None), "{kind}");
    }
    let copies = names(&server, &alice, "org", "").await;
    assert_eq!(
        copies,
        ["1", "4", "5", "z"].map(|name| format!("copies-of-them/{name}"))
    );
    let left = names(&server, &alice, "user", "a/").await;
    assert_eq!(left.len(), 4, "what failed is where it was: {left:?}");

    let body =
        json!({ "from": "a/", "to": "copies-of-them/", "from_area": "user", "replace": true });
    let (done, failed, _) = progress(post(&server, &alice, "/v1/org/copy", &body).await).await;
    assert_eq!((done, failed.len()), (1, 3));
    let replaced = server.head("/v1/org/files/copies-of-them/4");
    let replaced = replaced.bearer_auth(&alice).send().await.unwrap();
    assert_ne!(etag(&replaced), old);
}

#[tokio::test]
async fn a_folder_can_move_up_but_no_file_into_itself() {
    let server = Server::start();
    let alice = user("alice");
    let files = ["a/b/1", "a/b/c/2", "a/b/b/3"].map(str::to_owned);
    store_all(&server, &alice, &files, "old").await;
    let body = json!({ "from": "a/b/", "to": "a/" });
    let answer = post(&server, &alice, "/v1/user/move", &body).await;
    let failed = vec![("a/b/b/3".to_owned(), "invalid-request".to_owned())];
    assert_eq!(progress(answer).await, (2, failed, None));
    let expected = ["a/1", "a/b/b/3", "a/c/2"];
    assert_eq!(names(&server, &alice, "user", "").await, expected);
}

#[tokio::test]
async fn a_call_with_a_thousand_failures_says_where_to_continue() {
    let server = Server::start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    let files = numbered("a", 1100);
    store_all(&server, &alice, &files, "new").await;
    store_all(&server, &alice, &numbered("b", 1100), "old").await;
    // A call lists a thousand, or fewer if its time is over before.
    let copy = async |body: Value| {
        let began = Instant::now();
        let answer = post(&server, &alice, "/v1/user/copy", &body).await;
        let (done, failed, next) = progress(answer).await;
        let is_late = began.elapsed() >= Duration::from_secs(3);
        let count = failed.len();
        let is_full = count == 1000 || (is_late && (1..1000).contains(&count));
        assert!(done == 0 && (is_full || next.is_none()), "{done} {count}");
        (failed, next)
    };
    let (mut failed, next) = copy(json!({ "from": "a/", "to": "b/" })).await;
    let next = next.expect("a cursor");

    let with = |cursor: &str, changes: &[(&str, &str)]| {
        let mut body = json!({ "from": "a/", "to": "b/", "cursor": cursor });
        for (member, value) in changes {
            body[*member] = (*value).into();
        }
        body
    };
    let mut rest = Some(next.clone());
    while let Some(cursor) = rest {
        let (more, next) = copy(with(&cursor, &[])).await;
        failed.extend(more);
        rest = next;
    }
    let exists = |name: &String| (name.clone(), "already-exists".to_owned());
    let expected: Vec<_> = files.iter().map(exists).collect();
    assert!(failed == expected, "{}", failed.len());

    // A cursor is for this folder, target, operation, area and caller.
    for (token, path, body) in [
        (&alice, "/v1/user/move", with(&next, &[])),
        (
            &alice,
            "/v1/user/copy",
            with(&next, &[("from", "b/"), ("to", "a/")]),
        ),
        (&alice, "/v1/user/copy", with(&next, &[("to", "c/")])),
        (&alice, "/v1/user/copy", with(&next, &[("from", "A/")])),
        (
            &alice,
            "/v1/user/copy",
            with(&next, &[("from_area", "org")]),
        ),
        (
            &alice,
            "/v1/org/copy",
            with(&next, &[("from_area", "user")]),
        ),
        (
            &alice,
            "/v1/user/delete",
            json!({ "folder": "a/", "cursor": next }),
        ),
        (&bob, "/v1/user/copy", with(&next, &[])),
        (&alice, "/v1/user/copy", with("", &[])),
        (&alice, "/v1/user/copy", with("YQ", &[])),
        (&alice, "/v1/user/copy", with(&next[1..], &[])),
        (&alice, "/v1/user/copy", with(&format!("{next}="), &[])),
    ] {
        let refused = post(&server, token, path, &body).await;
        assert_eq!(refused.status(), 400, "{path} {body}");
        assert_problem(refused, 400, "invalid-request").await;
    }
    assert_eq!(names(&server, &alice, "user", "").await.len(), 2200);
}
