//! What a walk over the pages sees, also while names come and go.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{delete, entries, files, page, store, store_all, walk};
use crate::support::{Server, user};

#[tokio::test]
async fn the_pages_together_are_the_whole_list() {
    let server = Server::start();
    let token = user("alice");
    let mut names: Vec<String> = (0..60).map(|n| format!("{n:03}")).collect();
    names.extend((0..40).map(|n| format!("{:03}/{n}", n % 8)));
    names.extend((0..21).map(|n| format!("日/{n}/{}", n % 3)));
    names.sort();
    store_all(&server, &token, &names).await;

    let first = page(&server, &token, "user", "").await;
    assert_eq!(files(&first), names[..100]);
    let next = first["next"].as_str().unwrap();
    let second = page(&server, &token, "user", &format!("cursor={next}")).await;
    assert_eq!(files(&second), names[100..]);
    assert_eq!(second["next"], Value::Null);

    for query in [
        "",
        "delimiter=/",
        "prefix=0",
        "prefix=0&delimiter=/",
        "prefix=005",
        "prefix=005/&delimiter=/",
        "prefix=%E6%97%A5/&delimiter=/",
        "prefix=none",
    ] {
        let whole = page(&server, &token, "user", &format!("{query}&limit=1000")).await;
        assert_eq!(whole["next"], Value::Null);
        let expected = entries(&whole);
        for limit in [1, 7, expected.len().max(1)] {
            let seen = walk(&server, &token, query, limit).await;
            assert_eq!(seen, expected, "{query} limit {limit}");
        }
    }
}

#[tokio::test]
async fn a_walk_sees_each_lasting_name_once_while_others_come_and_go() {
    let server = Server::start();
    let token = user("alice");
    let lasting: Vec<String> = (0..90).map(|n| format!("{n:02}")).collect();
    store_all(&server, &token, &lasting).await;
    let done = Cell::new(false);
    let writing = async {
        let mut round = 0;
        while !done.get() {
            // Spread over the whole list, before and after the position of the walk.
            let coming: Vec<String> = (0..8)
                .map(|n| format!("{:02}-{round}", (n * 13 + round * 7) % 90))
                .collect();
            store_all(&server, &token, &coming).await;
            for name in &coming {
                delete(&server, &token, name).await;
            }
            round += 1;
        }
    };
    let walking = async {
        for limit in [1, 2, 7, 7, 7, 50] {
            for query in ["", "delimiter=/"] {
                let seen = walk(&server, &token, query, limit).await;
                assert!(seen.windows(2).all(|two| two[0] < two[1]), "{seen:?}");
                let stayed: Vec<&String> = seen.iter().filter(|name| !name.contains('-')).collect();
                assert_eq!(stayed, lasting.iter().collect::<Vec<_>>());
            }
        }
        done.set(true);
    };
    tokio::join!(writing, walking);
    assert_eq!(walk(&server, &token, "", 1000).await, lasting);
}

#[tokio::test]
async fn a_cursor_continues_where_its_name_was() {
    let server = Server::start();
    let token = user("alice");
    let names = ["a", "b/1", "b/2", "c", "d"].map(str::to_owned);
    store_all(&server, &token, &names).await;
    let query = "delimiter=/&limit=2";
    let first = page(&server, &token, "user", query).await;
    assert_eq!(entries(&first), ["a", "b/"]);
    let next = first["next"].as_str().unwrap().to_owned();
    let rest = format!("{query}&cursor={next}");
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );
    // New files in a folder that has been shown do not show it again.
    store(&server, &token, "user", "b/3").await;
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );
    for name in ["b/1", "b/2", "b/3", "a"] {
        delete(&server, &token, name).await;
    }
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );

    let first = page(&server, &token, "user", "limit=1").await;
    assert_eq!(files(&first), ["c"]);
    let rest = format!("limit=1&cursor={}", first["next"].as_str().unwrap());
    delete(&server, &token, "c").await;
    assert_eq!(files(&page(&server, &token, "user", &rest).await), ["d"]);
    delete(&server, &token, "d").await;
    let end = page(&server, &token, "user", &rest).await;
    assert_eq!(end, json!({ "files": [], "folders": [], "next": null }));
}
