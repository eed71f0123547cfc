//! Whom a token names, and where it need not name anyone.

use std::collections::HashSet;

use reqwest::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use super::{list, put};
use crate::support::{Claims, Server, assert_problem, sign, token};

#[tokio::test]
async fn a_token_that_names_no_user_is_accepted_where_none_is_needed() {
    let server = Server::start();
    let claims = || Claims::new().with("org_id", "x");
    for (label, sub) in [
        ("machine", Value::Null),
        ("empty", "".into()),
        ("too long", "x".repeat(1001).into()),
    ] {
        let token = sign(&claims().with("sub", sub));
        let file = |area: &str| format!("/v1/{area}/files/{}", label.replace(' ', "-"));
        let user = file("user");
        for request in [
            server.put(&user, "x"),
            server.get(&user),
            server.delete(&user),
            server.get("/v1/user/files"),
            server.post("/v1/user/urls/a"),
        ] {
            let response = request.bearer_auth(&token).send().await.unwrap();
            assert!(
                !response.headers().contains_key(WWW_AUTHENTICATE),
                "{label}"
            );
            assert_problem(response, 403, "forbidden").await;
        }
        let org = put(&server, &file("org"), &token).await;
        assert_eq!(org.status(), 201, "{label}");
        let public = put(&server, &file("public"), &token).await;
        assert_eq!(public.status(), 201, "{label}");
        // The file has no uploader, so it is not this caller's either.
        let again = put(&server, &file("public"), &token).await;
        assert_problem(again, 403, "forbidden").await;
    }
    // The same for organizations.
    for org in [
        Value::Null,
        "".into(),
        7.into(),
        json!(["x"]),
        json!({}),
        json!({"x": 1, "y": 2}),
    ] {
        let token = sign(&Claims::new().with("sub", "a").with("org_id", org.clone()));
        let response = put(&server, "/v1/org/files/a", &token).await;
        assert_problem(response, 403, "forbidden").await;
    }
}

#[tokio::test]
async fn whatever_an_id_looks_like_it_names_one_user_and_one_organization() {
    let server = Server::start();
    let long = "x".repeat(1000);
    let ids = [
        "a",
        "A",
        "a ",
        " a",
        "a/b",
        "b",
        "..",
        "../..",
        "../../etc",
        "/",
        "\\",
        "%2e%2e",
        ".",
        "*",
        "\0",
        "a\0",
        "a\nb",
        "auth0|1",
        "é",
        "e\u{301}",
        "É",
        "日本語",
        "😀",
        "\u{202e}a",
        &long,
        &long[..999],
        "user",
        "public",
        "null",
        "0",
    ];
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    let bearers = || {
        let users = ids
            .iter()
            .map(|id| ("user", id, token(Some(id), None, &[])));
        users.chain(ids.iter().map(|id| ("org", id, token(None, Some(id), &[]))))
    };
    for (area, id, token) in bearers() {
        let path = format!("/v1/{area}/files/same/name");
        let put = server
            .put(&path, format!("{area} {id}"))
            .bearer_auth(&token);
        assert_eq!(put.send().await.unwrap().status(), 201, "{area} {id:?}");
    }
    for (area, id, token) in bearers() {
        let path = format!("/v1/{area}/files/same/name");
        let get = server.get(&path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(get.text().await.unwrap(), format!("{area} {id}"));
        assert_eq!(list(&server, area, &token).await, ["same/name"], "{id:?}");
        let delete = server
            .delete(&path)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert_eq!(delete.status(), 204, "{id:?}");
        assert!(list(&server, area, &token).await.is_empty(), "{id:?}");
    }
    // No id leads out of the data directory.
    let above = std::fs::read_dir(server.data_dir().parent().unwrap()).unwrap();
    let above: HashSet<_> = above.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(above, HashSet::from(["data".into(), "policy.toml".into()]));
}
