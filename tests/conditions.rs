//! Preconditions of requests that change a file (RFC 9110, 13), also from many clients at once.

use futures_util::future::join_all;
use reqwest::Method;

use crate::support::{Server, assert_problem, etag, store, stored};

const PAST: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";

/// Header fields, and whether a file that exists meets their conditions.
/// CURRENT stands for its entity tag.
const CONDITIONS: &[(&[(&str, &str)], bool)] = &[
    (&[], true),
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

#[tokio::test]
async fn a_file_changes_only_if_its_preconditions_hold() {
    let server = Server::shared();
    let path = "/v1/public/files/conditions";
    for (method, changed) in [(Method::PUT, 200), (Method::DELETE, 204)] {
        for (fields, hold) in CONDITIONS {
            let what = format!("{method} {fields:?}");
            let current = store(&server, path, "old").await;
            let mut request = server.request(method.clone(), path).body("new");
            for (name, value) in *fields {
                request = request.header(*name, value.replace("CURRENT", &current));
            }
            let response = request.send().await.unwrap();
            let after = stored(&server, path).await;
            if !*hold {
                assert_eq!(response.status(), 412, "{what}");
                assert_problem(response, 412, "precondition-failed").await;
                assert_eq!(after, Some((b"old".to_vec(), current)), "{what}");
                continue;
            }
            assert_eq!(response.status(), changed, "{what}");
            let expected = (method == Method::PUT).then(|| (b"new".to_vec(), etag(&response)));
            assert_eq!(after, expected, "{what}");
            assert!(after.is_none_or(|(_, etag)| etag != current), "{what}");
        }
    }
}

#[tokio::test]
async fn a_malformed_precondition_changes_nothing() {
    let server = Server::shared();
    let path = "/v1/public/files/conditions-unreadable";
    let current = store(&server, path, "old").await;
    for method in [Method::PUT, Method::DELETE] {
        let request = server.request(method, path).body("new");
        let response = request.header("if-none-match", "abc123").send().await;
        assert_problem(response.unwrap(), 400, "invalid-request").await;
        let after = stored(&server, path).await;
        assert_eq!(after, Some((b"old".to_vec(), current.clone())));
    }
}

#[tokio::test]
async fn an_absent_file_matches_nothing() {
    let server = Server::shared();
    for (row, (name, value, put)) in [
        ("if-match", "*", 412),
        ("if-match", "\"other\"", 412),
        ("if-none-match", "*", 201),
        ("if-none-match", "\"other\"", 201),
        ("if-unmodified-since", PAST, 201),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/v1/public/files/conditions-absent-{row}");
        for (method, status) in [(Method::DELETE, 404), (Method::PUT, put)] {
            let request = server.request(method.clone(), &path).body("new");
            let response = request.header(name, value).send().await.unwrap();
            assert_eq!(response.status(), status, "{method} {name}: {value}");
        }
        let created = stored(&server, &path).await.is_some();
        assert_eq!(created, put == 201, "{name}: {value}");
    }
}

#[tokio::test]
async fn an_entity_tag_does_not_match_the_version_that_replaced_its_own() {
    let server = Server::shared();
    let path = "/v1/public/files/conditions-replaced";
    let first = store(&server, path, "first").await;
    let second = store(&server, path, "second").await;
    for method in [Method::PUT, Method::DELETE] {
        let late = server.request(method, path).body("late");
        let late = late.header("if-match", &first).send().await.unwrap();
        assert_problem(late, 412, "precondition-failed").await;
        let after = stored(&server, path).await;
        assert_eq!(after, Some((b"second".to_vec(), second.clone())));
    }
    let right = server.delete(path).header("if-match", &second);
    assert_eq!(right.send().await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_creators_exactly_one_succeeds() {
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
            let (bytes, _) = stored(server, &path).await.unwrap();
            assert_eq!(bytes, winner.as_bytes());
        }
    });
    join_all(races).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_replace_one_version_exactly_one_succeeds() {
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
        let after = stored(&server, path).await;
        assert_eq!(after, Some((vec![round, winner], etag.clone())));
        version = etag;
    }
}
