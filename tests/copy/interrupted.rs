//! Calls that break off, and calls at the same time.

use std::sync::Arc;

use super::*;
use crate::support::Connection;

/// Every file whose name starts with this.
async fn contents(server: &Server, token: &str, prefix: &str) -> Files {
    let mut files = Files::new();
    for name in names(server, token, "user", prefix).await {
        let path = format!("/v1/user/files/{name}");
        let content = found(server, token, &path).await;
        files.insert(name, content.expect("what is listed"));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_a_crash_interrupts_converges_when_it_is_repeated() {
    let mut server = Server::start();
    let alice = user("alice");
    let files = numbered("a", 2000);
    store_all(&server, &alice, &files, "old").await;
    let (mut from, mut to) = ("a/".to_owned(), "b/".to_owned());
    for round in 0..3 {
        let body = json!({ "from": from, "to": to });
        let text = body.to_string();
        let mut call = Connection::open(server.address());
        call.send(format!(
            "POST /v1/user/move HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {alice}\r\n\
             Content-Length: {}\r\n\r\n{text}",
            server.address(),
            text.len()
        ));
        // Until the first batch is there, or later ones.
        for waited in 0.. {
            assert!(waited < 10_000, "round {round}: nothing was moved");
            if !names(&server, &alice, "user", &to).await.is_empty() {
                break;
            }
        }
        server = Setup::default().data(server.crash()).start();

        let (left, moved) = (
            names(&server, &alice, "user", &from).await,
            names(&server, &alice, "user", &to).await,
        );
        let rest = |name: &String| name.split_once('/').unwrap().1.to_owned();
        let mut all: Vec<String> = left.iter().chain(&moved).map(rest).collect();
        all.sort();
        let both = all.len();
        all.dedup();
        assert_eq!(all.len(), 2000, "round {round}: none is lost");
        let elsewhere = std::env::var_os("COFFER_TEST_ENGINE").is_some();
        assert!(both == 2000 || elsewhere, "round {round}: a move is atomic");

        let done = finish(&server, &alice, "/v1/user/move", &body).await;
        assert_eq!(done as usize, left.len(), "round {round}");
        std::mem::swap(&mut from, &mut to);
    }
    let expected = files.iter().map(|name| {
        let place = name.replacen("a/", &from, 1);
        (place, format!("old {name}"))
    });
    let expected: Files = expected.collect();
    assert!(contents(&server, &alice, "").await == expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_and_a_copy_of_a_folder_at_once_do_no_harm() {
    let server = Arc::new(Server::start());
    let alice = user("alice");
    let files = numbered("a", 1000);
    store_all(&server, &alice, &files, "old").await;
    let body = json!({ "from": "a/", "to": "b/" });
    let calls = ["move", "move", "copy"].map(|kind| {
        let (server, alice, body) = (Arc::clone(&server), alice.clone(), body.clone());
        tokio::spawn(
            async move { finish(&server, &alice, &format!("/v1/user/{kind}"), &body).await },
        )
    });
    for call in calls {
        assert!(call.await.unwrap() <= 1000);
    }
    let expected = files.iter().map(|name| {
        let place = name.replacen("a/", "b/", 1);
        (place, format!("old {name}"))
    });
    let expected: Files = expected.collect();
    assert!(contents(&server, &alice, "").await == expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_deleted_while_it_is_moved_is_somewhere_or_gone() {
    let server = Arc::new(Server::start());
    let alice = user("alice");
    let files = numbered("a", 1000);
    store_all(&server, &alice, &files, "old").await;
    let moving = json!({ "from": "a/", "to": "b/" });
    let deleting = json!({ "folder": "a/" });
    let (moved, deleted) = tokio::join!(
        finish(&server, &alice, "/v1/user/move", &moving),
        finish(&server, &alice, "/v1/user/delete", &deleting)
    );
    assert!(moved <= 1000 && deleted <= 1000);
    let left = contents(&server, &alice, "").await;
    for (name, content) in left {
        assert_eq!(content, format!("old {}", name.replacen("b/", "a/", 1)));
    }
}
