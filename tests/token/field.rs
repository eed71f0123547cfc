//! The field that a token comes in, and where it is ignored.

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::assert_refused;
use crate::support::{Server, Setup, assert_problem, user};

#[tokio::test]
async fn the_field_is_one_of_the_bearer_scheme_in_any_case() {
    let server = Server::start();
    let token = user("a");
    for (fields, accepted) in [
        (vec![format!("Bearer {token}")], true),
        (vec![format!("bearer {token}")], true),
        (vec![format!("BEARER {token}")], true),
        (vec![format!("bEARER   {token}")], true),
        (vec![token.clone()], false),
        (vec![format!("Bearer{token}")], false),
        (vec![format!("Bearer\t{token}")], false),
        (vec![format!("Bearer={token}")], false),
        (vec![format!("Token {token}")], false),
        (vec![format!("Basic {token}")], false),
        (vec!["Basic YTpi".to_owned()], false),
        (vec!["Bearer".to_owned()], false),
        (vec!["Bearer ".to_owned()], false),
        (vec![String::new()], false),
        (vec![format!("Bearer {token}"); 2], false),
        (
            vec!["Basic YTpi".to_owned(), format!("Bearer {token}")],
            false,
        ),
    ] {
        for path in ["/v1/user/files", "/v1/public/files/none"] {
            let mut get = server.get(path);
            for field in &fields {
                get = get.header(AUTHORIZATION, field);
            }
            let response = get.send().await.unwrap();
            if accepted {
                let expected = if path.contains("user") { 200 } else { 404 };
                assert_eq!(response.status(), expected, "{fields:?}");
            } else {
                assert_refused(response, &format!("{fields:?}")).await;
            }
        }
    }
    // A token anywhere else does not count.
    let get = server.get(&format!("/v1/user/files?access_token={token}"));
    let response = get.header("cookie", format!("token={token}"));
    let response = response.send().await.unwrap();
    let challenge = response.headers()[WWW_AUTHENTICATE].clone();
    assert!(matches!(response.status().as_u16(), 400 | 401));
    assert_eq!(challenge, "Bearer");
}

#[tokio::test]
async fn in_the_public_only_mode_the_authorization_field_is_ignored() {
    let server = Setup::public_only().start();
    for field in [
        "",
        "Bearer",
        "Bearer x.y.z",
        "Basic YTpi",
        &format!("Bearer {}", user("a")),
    ] {
        let put = server
            .put("/v1/public/files/a", "x")
            .header(AUTHORIZATION, field);
        let status = put.send().await.unwrap().status();
        assert!(matches!(status.as_u16(), 200 | 201), "{field:?}: {status}");
        let get = server.get("/v1/user/files").header(AUTHORIZATION, field);
        assert_problem(get.send().await.unwrap(), 403, "iam-not-configured").await;
    }
}
