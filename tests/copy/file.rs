//! A single file.

use super::*;

#[tokio::test]
async fn a_copy_is_the_same_file_under_another_name_in_another_area() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    let areas = ["public", "user", "org"];
    for (from_area, area) in areas.iter().flat_map(|from| areas.map(|to| (*from, to))) {
        for kind in ["copy", "move"] {
            let what = format!("{kind} from {from_area} to {area}");
            let source = format!("/v1/{from_area}/files/from%20{area}/{kind}/%E6%97%A5.bin");
            let request = server.put(&source, format!("content of {what}"));
            let request = request.header("content-type", "text/x-test; charset=utf-8");
            let request = request.header("coffer-meta-title", "Zo%C3%AB");
            let stored = request.bearer_auth(&alice).send().await.unwrap();
            assert_eq!(stored.status(), 201, "{what}");

            let name = format!("to {from_area}/{kind}/a b.txt");
            let mut body = json!({ "from": format!("from {area}/{kind}/日.bin"), "to": name });
            if from_area != area {
                body["from_area"] = from_area.into();
            }
            let made = post(&server, &alice, &format!("/v1/{area}/{kind}"), &body).await;
            assert_eq!(made.status(), 201, "{what}: {:?}", made.text().await);
            let path = format!("/v1/{area}/files/to%20{from_area}/{kind}/a%20b.txt");
            assert_eq!(made.headers()["location"], format!("{}{path}", server.url));
            let etag = etag(&made);
            let file: Value = made.json().await.unwrap();
            assert_eq!(file["name"], name);
            assert_eq!(file["etag"], etag);
            assert_eq!(file["size"], format!("content of {what}").len());
            assert_eq!(file["content_type"], "text/x-test; charset=utf-8");
            assert_eq!(file["metadata"], json!({ "title": "Zoë" }));
            assert_eq!(file["public_url"].is_string(), area == "public", "{what}");

            // The very next request reads it.
            let copy = server.get(&path).bearer_auth(&alice).send().await.unwrap();
            assert_eq!(copy.status(), 200, "{what}");
            assert_eq!(copy.headers()["etag"], etag);
            assert_eq!(copy.headers()["content-type"], "text/x-test; charset=utf-8");
            assert_eq!(copy.headers()["coffer-meta-title"], "Zo%C3%AB");
            assert_eq!(copy.text().await.unwrap(), format!("content of {what}"));
            let source = found(&server, &alice, &source).await;
            assert_eq!(source.is_some(), kind == "copy", "{what}");
        }
    }
}

#[tokio::test]
async fn large_and_empty_files_are_copied_whole() {
    let server = Server::start();
    let alice = user("alice");
    for size in [0, 1, 100_000, 9 << 20] {
        let bytes = crate::support::content(size as u64, size);
        let put = server.put("/v1/user/files/from", bytes.clone());
        let put = put.bearer_auth(&alice).send().await.unwrap();
        assert!(put.status().is_success());
        for (kind, to) in [("copy", "copied"), ("move", "moved")] {
            let body = json!({ "from": "from", "to": to, "replace": true });
            let made = post(&server, &alice, &format!("/v1/user/{kind}"), &body).await;
            assert!(made.status().is_success(), "{size}");
            let get = server.get(&format!("/v1/user/files/{to}"));
            let get = get.bearer_auth(&alice).send().await.unwrap();
            assert!(get.bytes().await.unwrap() == bytes, "{kind} {size}");
        }
    }
}

#[tokio::test]
async fn an_existing_file_gives_way_only_if_the_request_says_so() {
    let server = Server::start();
    let alice = user("alice");
    for kind in ["copy", "move"] {
        let path = format!("/v1/user/{kind}");
        let (from, to) = ("/v1/user/files/from", "/v1/user/files/to");
        store(&server, &alice, from, "new").await;
        let old = store(&server, &alice, to, "old").await;
        for replace in [Value::Null, false.into()] {
            let body = json!({ "from": "from", "to": "to", "replace": replace });
            let refused = post(&server, &alice, &path, &body).await;
            assert_problem(refused, 409, "already-exists").await;
            assert_eq!(found(&server, &alice, from).await.as_deref(), Some("new"));
            assert_eq!(found(&server, &alice, to).await.as_deref(), Some("old"));
        }
        let body = json!({ "from": "from", "to": "to", "replace": true });
        let replaced = post(&server, &alice, &path, &body).await;
        assert_eq!(replaced.status(), 200);
        assert!(!replaced.headers().contains_key("location"));
        assert_ne!(etag(&replaced), old);
        assert_eq!(found(&server, &alice, to).await.as_deref(), Some("new"));
        let source = found(&server, &alice, from).await;
        assert_eq!(source.is_some(), kind == "copy");
    }
}

#[tokio::test]
async fn conditions_are_about_the_file_that_is_copied() {
    let server = Server::start();
    let alice = user("alice");
    let first = store(&server, &alice, "/v1/user/files/from", "1").await;
    let current = store(&server, &alice, "/v1/user/files/from", "2").await;
    let target = store(&server, &alice, "/v1/user/files/to", "old").await;
    let past = "Sat, 01 Jan 2000 00:00:00 GMT";
    for kind in ["copy", "move"] {
        let send = |field: &'static str, value: &str| {
            let body = json!({ "from": "from", "to": "to", "replace": true });
            let request = server.post(&format!("/v1/user/{kind}"));
            let request = request.bearer_auth(&alice).body(body.to_string());
            let request = request.header(field, value);
            async move { request.send().await.unwrap() }
        };
        for (field, value, status, problem) in [
            ("if-match", &*first, 412, "precondition-failed"),
            ("if-match", &*target, 412, "precondition-failed"),
            ("if-match", "current", 400, "invalid-request"),
            ("if-unmodified-since", past, 412, "precondition-failed"),
            ("if-none-match", "*", 400, "invalid-request"),
            ("if-none-match", &*current, 400, "invalid-request"),
        ] {
            assert_problem(send(field, value).await, status, problem).await;
            for (name, content) in [("from", "2"), ("to", "old")] {
                let found = found(&server, &alice, &format!("/v1/user/files/{name}")).await;
                assert_eq!(found.as_deref(), Some(content), "{kind} {field}: {value}");
            }
        }
    }
    let body = json!({ "from": "from", "to": "to", "replace": true });
    let request = server.post("/v1/user/move").bearer_auth(&alice);
    let request = request.header("if-match", current).body(body.to_string());
    assert_eq!(request.send().await.unwrap().status(), 200);
    let moved = found(&server, &alice, "/v1/user/files/to").await;
    assert_eq!(moved.as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_meanwhile_is_copied_in_one_of_its_versions() {
    let server = Server::start();
    let alice = user("alice");
    let content = |n: usize| format!("{n} ").repeat(1 + n * 997);
    store(&server, &alice, "/v1/user/files/from", &content(0)).await;
    let writes = async {
        for n in 1..40 {
            store(&server, &alice, "/v1/user/files/from", &content(n % 9)).await;
        }
    };
    let copies = async {
        for n in 0..40 {
            let body = json!({ "from": "from", "to": format!("{n}") });
            let copied = post(&server, &alice, "/v1/user/copy", &body).await;
            if copied.status() == 503 {
                assert!(copied.headers().contains_key("retry-after"));
                assert_problem(copied, 503, "unavailable").await;
                continue;
            }
            assert_eq!(copied.status(), 201);
            let path = format!("/v1/user/files/{n}");
            let copy = found(&server, &alice, &path).await.unwrap();
            assert!((0..9).any(|n| copy == content(n)), "{n}: {copy:.20}");
        }
    };
    tokio::join!(writes, copies);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_move_a_file_at_once_exactly_one_succeeds() {
    let server = Server::start();
    let alice = user("alice");
    for round in 0..5 {
        store(&server, &alice, "/v1/user/files/from", "content").await;
        let moves = (0..8).map(|n| {
            let body = json!({ "from": "from", "to": format!("{round}/{n}") });
            let (server, alice) = (&server, &alice);
            async move { post(server, alice, "/v1/user/move", &body).await }
        });
        let answers = futures_util::future::join_all(moves).await;
        let moved = answers.iter().filter(|answer| answer.status() == 201);
        let moved = moved.count();
        for answer in answers {
            assert!(matches!(answer.status().as_u16(), 201 | 404), "{answer:?}");
        }
        let copies = names(&server, &alice, "user", &format!("{round}/")).await;
        assert_eq!(copies.len(), moved);
        // Without transactions, two may copy before one of them deletes the file.
        assert!(moved >= 1);
        assert_eq!(found(&server, &alice, "/v1/user/files/from").await, None);
    }
}
