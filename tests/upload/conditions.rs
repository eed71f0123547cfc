//! Preconditions of a PUT (RFC 9110, 13), also when many ask at once.

use futures_util::future::join_all;

use super::{etag, status_of, store, stored};
use crate::support::{Server, assert_problem};

#[tokio::test]
async fn preconditions_are_weighed_before_a_file_is_replaced() {
    const PAST: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
    const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
    let server = Server::shared();
    let path = "/v1/public/files/put-conditions";
    // CURRENT stands for the file's entity tag.
    let rows: &[(&[(&str, &str)], bool)] = &[
        (&[("if-match", "CURRENT")], true),
        (&[("if-match", "\"other\", CURRENT")], true),
        (&[("if-match", "*")], true),
        (&[("if-match", "\"other\"")], false),
        (&[("if-match", "W/CURRENT")], false),
        (&[("if-none-match", "*")], false),
        (&[("if-none-match", "CURRENT")], false),
        (&[("if-none-match", "W/CURRENT")], false),
        (&[("if-none-match", "\"other\", CURRENT")], false),
        (&[("if-none-match", "\"other\"")], true),
        (&[("if-unmodified-since", PAST)], false),
        (&[("if-unmodified-since", FUTURE)], true),
        (&[("if-unmodified-since", "no date")], true),
        (&[("if-modified-since", FUTURE)], true),
        (
            &[("if-match", "CURRENT"), ("if-unmodified-since", PAST)],
            true,
        ),
        (
            &[("if-match", "\"other\""), ("if-unmodified-since", FUTURE)],
            false,
        ),
        (
            &[("if-match", "CURRENT"), ("if-none-match", "CURRENT")],
            false,
        ),
        (
            &[("if-match", "CURRENT"), ("if-none-match", "\"other\"")],
            true,
        ),
        (&[("if-match", "CURRENT"), ("if-none-match", "*")], false),
    ];
    for (fields, holds) in rows {
        let current = store(&server, path, "old").await;
        let mut request = server.put(path, "new");
        for (name, value) in *fields {
            request = request.header(*name, value.replace("CURRENT", &current));
        }
        let response = request.send().await.unwrap();
        if *holds {
            assert_eq!(response.status(), 200, "{fields:?}");
            assert_ne!(etag(&response), current, "{fields:?}");
            assert_eq!(stored(&server, path).await.0, b"new", "{fields:?}");
        } else {
            assert_eq!(response.status(), 412, "{fields:?}");
            assert_problem(response, 412, "precondition-failed").await;
            assert_eq!(
                stored(&server, path).await,
                (b"old".to_vec(), current),
                "{fields:?}"
            );
        }
    }
    // What may only be stored if it does not match has to be read.
    let current = store(&server, path, "old").await;
    let request = server.put(path, "new").header("if-none-match", "abc123");
    assert_problem(request.send().await.unwrap(), 400, "invalid-request").await;
    let request = server.delete(path).header("if-none-match", "abc123");
    assert_problem(request.send().await.unwrap(), 400, "invalid-request").await;
    assert_eq!(stored(&server, path).await, (b"old".to_vec(), current));
    for (name, value, status) in [
        ("if-match", "*", 412),
        ("if-match", "\"other\"", 412),
        ("if-none-match", "*", 201),
        ("if-none-match", "\"other\"", 201),
    ] {
        let path = format!("/v1/public/files/absent-{name}-{}", value.len());
        let response = server
            .put(&path, "new")
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        let expected = if status == 201 { 200 } else { 404 };
        assert_eq!(status_of(&server, &path).await, expected, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_creators_at_once_exactly_one_creates() {
    let server = Server::shared();
    let races = (0..50).map(|race| {
        let server = &server;
        async move {
            let path = format!("/v1/public/files/race-{race}");
            let create =
                |body: &'static str| server.put(&path, body).header("if-none-match", "*").send();
            let (one, other) = tokio::join!(create("one"), create("other"));
            let statuses =
                [one.unwrap(), other.unwrap()].map(|response| response.status().as_u16());
            let winner = match statuses {
                [201, 412] => "one",
                [412, 201] => "other",
                _ => panic!("{statuses:?}"),
            };
            assert_eq!(stored(server, &path).await.0, winner.as_bytes());
        }
    });
    join_all(races).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_replace_one_version_exactly_one_does() {
    let server = Server::shared();
    let path = "/v1/public/files/put-race";
    let mut version = store(&server, path, "start").await;
    for round in 0..5_u8 {
        let replacers = (0..10_u8).map(|replacer| {
            let request = server
                .put(path, vec![round, replacer])
                .header("if-match", &version);
            async move { (replacer, request.send().await.unwrap()) }
        });
        let mut winners = Vec::new();
        for (replacer, response) in join_all(replacers).await {
            match response.status().as_u16() {
                200 => winners.push((replacer, etag(&response))),
                status => assert_eq!(status, 412),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let (winner, etag) = winners.remove(0);
        assert_eq!(
            stored(&server, path).await,
            (vec![round, winner], etag.clone())
        );
        version = etag;
    }
}
