//! Another caller's upload does not exist, whatever is asked of it.

use reqwest::Method;

use super::{Tus, metadata, path_of};
use crate::support::{Server, Setup, assert_problem, iam, org_member, stored, token, user};

#[tokio::test]
async fn anothers_upload_is_not_found_in_every_method() {
    let server = Server::start();
    let alice = Tus::new(&server, Some(token(Some("alice"), Some("acme"), &[])));
    let stranger = || Tus::new(&server, Some(token(Some("bob"), Some("other"), &[])));
    let upload_of_user = alice.create("user", "a", 10).await;
    let upload_of_org = alice.create("org", "a", 10).await;
    let public = alice.create("public", "a", 10).await;
    let id = |path: &str| path.rsplit_once('/').unwrap().1.to_owned();
    for (path, callers, expected) in [
        (upload_of_user.clone(), vec![stranger()], 404),
        (upload_of_org.clone(), vec![stranger()], 404),
        (upload_of_user.clone(), vec![Tus::new(&server, None)], 401),
        // What began with a token is not anybody's.
        (
            public.clone(),
            vec![stranger(), Tus::new(&server, None)],
            404,
        ),
        // The same id in another area, or below links.
        (
            format!("/v1/org/uploads/{}", id(&upload_of_user)),
            vec![Tus::new(&server, alice.token.clone()), stranger()],
            404,
        ),
        (
            format!("/v1/user/uploads/{}", id(&upload_of_org)),
            vec![Tus::new(&server, alice.token.clone()), stranger()],
            404,
        ),
        (
            format!("/v1/public/uploads/{}", id(&upload_of_user)),
            vec![
                Tus::new(&server, alice.token.clone()),
                Tus::new(&server, None),
            ],
            404,
        ),
        (
            format!("/v1/links/uploads/{}", id(&upload_of_user)),
            vec![
                Tus::new(&server, alice.token.clone()),
                Tus::new(&server, None),
            ],
            404,
        ),
    ] {
        for caller in callers {
            for method in ["HEAD", "GET", "PATCH", "DELETE"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let request = caller.request(method.clone(), &path);
                let request = match method {
                    Method::PATCH => caller.patch(&path, 0, "x"),
                    _ => request,
                };
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), expected, "{method} {path}");
                assert!(!answer.headers().contains_key("upload-offset"));
            }
        }
    }
    for upload in [upload_of_user, upload_of_org, public] {
        assert_eq!(alice.offset(&upload).await, Ok(0), "{upload}");
    }
}

#[tokio::test]
async fn the_token_may_change_as_long_as_it_names_the_same_owner() {
    let server = Server::start();
    let first = Tus::new(&server, Some(user("alice")));
    let upload = first.create("user", "a", 6).await;
    first.append(&upload, 0, b"abc").await;
    let second = Tus::new(&server, Some(token(Some("alice"), Some("acme"), &["x"])));
    assert_eq!(second.append(&upload, 3, b"def").await, 6);

    // Another member of the organization goes on.
    let first = Tus::new(&server, Some(org_member("alice", "acme")));
    let upload = first.create("org", "a", 6).await;
    first.append(&upload, 0, b"abc").await;
    let second = Tus::new(&server, Some(org_member("carol", "acme")));
    assert_eq!(second.append(&upload, 3, b"def").await, 6);
}

#[tokio::test]
async fn an_upload_that_began_without_a_token_is_lent_the_rights_of_none() {
    let policy = iam() + "[public]\nreplace = [\"uploader\", \"role:admin\"]\n";
    let server = Setup::policy(&policy).start();
    let nobody = Tus::new(&server, None);
    let create = nobody.request(Method::POST, "/v1/public/uploads");
    let create = create.header("upload-length", 4).header(
        "upload-metadata",
        metadata(&[("filename", "a"), ("replace", "true")]),
    );
    let upload = path_of(&server, &create.send().await.unwrap());
    // Meanwhile somebody stores a file of that name.
    let file = "/v1/public/files/a";
    let alice = server.put(file, "alice").bearer_auth(user("alice"));
    assert_eq!(alice.send().await.unwrap().status(), 201);
    let admin = Tus::new(&server, Some(token(Some("root"), None, &["admin"])));
    let last = admin.patch(&upload, 0, "evil").send().await.unwrap();
    assert_problem(last, 401, "unauthenticated").await;
    assert_eq!(stored(&server, file).await.unwrap().0, b"alice");
}

#[tokio::test]
async fn a_token_that_names_nobody_is_not_the_lack_of_one() {
    let policy = iam() + "[public]\ncreate = \"signed-in\"\n";
    let server = Setup::policy(&policy).start();
    let machine = Tus::new(&server, Some(token(None, None, &[])));
    let upload = machine.create("public", "a", 6).await;
    machine.append(&upload, 0, b"abc").await;
    let nobody = Tus::new(&server, None);
    assert_eq!(nobody.offset(&upload).await, Err(404));
    assert_eq!(machine.append(&upload, 3, b"def").await, 6);
    assert_eq!(
        stored(&server, "/v1/public/files/a").await.unwrap().0,
        b"abcdef"
    );
}
