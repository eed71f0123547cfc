//! Upload links for a folder, by which strangers hand in files and see nothing.

use std::sync::Arc;

use reqwest::header::LOCATION;

use super::*;

#[tokio::test]
async fn a_folder_link_stores_forms_below_its_folder() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        let at = format!("/v1/{area}/urls/in%20box/2026/");
        let link = upload_link(&server, &alice, &at, json!({})).await;
        assert!(link.ends_with('/'), "{link}");
        let response = post(&server, &link, &[("a.txt", "1"), ("b/c.txt", "2")]).await;
        assert_eq!(response.status(), 201, "{area}");
        assert!(!response.headers().contains_key(LOCATION));
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["files"][1]["name"], "in box/2026/c.txt");
        assert!(answer["files"][1]["manage_url"].is_null(), "{answer}");
        for (query, parts, status) in [
            ("?paths=keep", form(&[("d/e", "3")]), 201),
            ("?folder=f/g/", form(&[("h", "4")]), 201),
            ("", field("folder", "i") + &form(&[("j", "5")]), 201),
            ("?replace=false&folder=", form(&[("k", "6")]), 201),
        ] {
            let response = post_parts(&server, &format!("{link}{query}"), &parts).await;
            assert_eq!(response.status(), status, "{query}");
            let location = response.headers().get(LOCATION);
            assert_eq!(location.is_some(), area == "public", "{query}");
        }
        let files = files_in(&server, &alice, area).await;
        let expected = ["a.txt", "c.txt", "d/e", "f/g/h", "i/j", "k"];
        let expected = expected.map(|name| format!("in box/2026/{name}"));
        assert!(files.keys().eq(&expected), "{files:?}");
        // What is there stays.
        let again = post(&server, &link, &[("new", "x"), ("a.txt", "x")]).await;
        assert_problem(again, 409, "already-exists").await;
        assert_eq!(files_in(&server, &alice, area).await, files);
    }
}

#[tokio::test]
async fn each_file_of_a_folder_link_keeps_the_limits() {
    let server = Server::start();
    let alice = user("alice");
    let members = json!({ "max_size": 3, "content_types": ["text/plain"] });
    let link = upload_link(&server, &alice, "/v1/user/urls/in/", members).await;
    // The limit is that of a file and not of the form.
    let response = post(&server, &link, &[("a", "abc"), ("b", "def")]).await;
    assert_eq!(response.status(), 201);
    let response = post(&server, &link, &[("c", "abc"), ("d", "defg")]).await;
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], 413);
    assert_eq!(problem["file"], "d");
    let files = files_in(&server, &alice, "user").await;
    assert_eq!(files.into_keys().collect::<Vec<_>>(), ["in/a", "in/b"]);
}

#[tokio::test]
async fn the_maker_of_a_folder_link_counts_as_the_uploader() {
    let server = Server::start();
    let (alice, bob) = (user("alice"), user("bob"));
    let link = upload_link(&server, &alice, "/v1/public/urls/in/", json!({})).await;
    assert_eq!(post(&server, &link, &[("a", "1")]).await.status(), 201);
    for (token, status) in [(&bob, 403), (&alice, 204)] {
        let request = server.delete("/v1/public/files/in/a").bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn of_a_hundred_forms_at_once_with_the_same_file_one_succeeds() {
    let server = Arc::new(Server::start());
    let alice = user("alice");
    let link = upload_link(&server, &alice, "/v1/user/urls/in/", json!({})).await;
    let tasks: Vec<_> = (0..100)
        .map(|number: u32| {
            let (server, link) = (Arc::clone(&server), link.clone());
            tokio::spawn(async move {
                let (content, own) = (format!("content {number}"), format!("own {number}"));
                let files = [(own.as_str(), "x"), ("same", content.as_str())];
                let response = post(&server, &link, &files).await;
                (response.status().as_u16(), content, own)
            })
        })
        .collect();
    let mut expected = BTreeMap::new();
    for task in tasks {
        match task.await.unwrap() {
            (201, content, own) => {
                assert_eq!(expected.insert("in/same".to_owned(), content), None);
                expected.insert(format!("in/{own}"), "x".to_owned());
            }
            (status, ..) => assert_eq!(status, 409),
        }
    }
    assert_eq!(files_in(&server, &alice, "user").await, expected);
}
