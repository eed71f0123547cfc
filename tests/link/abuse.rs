//! What links that store are not good for, as a table: each cell is tried with an upload
//! link, a folder link and a manage link, and after each nothing has got in or out.

mod world;

use super::*;
use world::{Attempt, World, attempt};

/// The path of a link with another end, or with none for a folder.
fn elsewhere(link: &str, end: &str) -> String {
    format!("/v1/links/{}/{end}", parts(link).0)
}

#[tokio::test]
async fn nothing_gets_in_or_out_by_misusing_a_link() {
    let world = World::new().await;
    let (upload, folder, manage) = (&world.upload, &world.folder, &world.manage);
    let (get, head, put, post, delete) = (
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::POST,
        Method::DELETE,
    );
    const INVALID: &str = "link-invalid";
    const UNSUPPORTED: &str = "method-not-allowed";
    let file = |name| form(&[(name, "stolen")]);

    let mut cells: Vec<(&str, Vec<Attempt>)> = Vec::new();
    for name in [
        "b.txt",
        "A.txt",
        "in%2Fa.txt",
        "%2e%2e%2Fsecret.txt",
        "seen.txt",
        "other.txt",
    ] {
        for link in [upload, folder, manage] {
            cells.push((
                "other name",
                vec![
                    attempt(put.clone(), &elsewhere(link, name), 403, INVALID),
                    attempt(delete.clone(), &elsewhere(link, name), 403, INVALID),
                    attempt(post.clone(), &elsewhere(link, name), 403, INVALID).form(&file("x")),
                ],
            ));
        }
    }
    // A file's link is none for its folder, and the reverse.
    for link in [upload, manage] {
        let drop = attempt(post.clone(), &elsewhere(link, ""), 403, INVALID).form(&file("a.txt"));
        cells.push(("other name, as a folder", vec![drop]));
    }

    let large = "eleven byte";
    for link in [upload, manage] {
        let larger = || attempt(put.clone(), link, 413, "too-large").body(large);
        cells.push(("larger", vec![larger(), larger().chunked()]));
    }
    let larger = || attempt(post.clone(), folder, 413, "too-large").form(&form(&[("l", large)]));
    cells.push(("larger", vec![larger(), larger().chunked()]));

    const TYPE: &str = "unsupported-media-type";
    for link in [upload, manage] {
        let html = attempt(put.clone(), link, 415, TYPE).typed("text/html");
        let form = attempt(put.clone(), link, 415, TYPE).form(&file("a.txt"));
        cells.push(("wrong type", vec![html, form]));
    }
    let html = form(&[("page", "x")]).replace("text/plain", "text/html");
    let guessed = file("page.html").replace("text/plain", "application/octet-stream");
    cells.push((
        "wrong type",
        vec![
            attempt(post.clone(), folder, 415, TYPE).form(&html),
            attempt(post.clone(), folder, 415, TYPE).form(&guessed),
            attempt(post.clone(), folder, 415, TYPE),
        ],
    ));

    for link in [upload, folder, manage] {
        for name in ["a.txt", "seen.txt", "anonymous.txt"] {
            let path = elsewhere(link, name);
            cells.push((
                "as a reading link",
                vec![
                    attempt(get.clone(), &path, 403, INVALID),
                    attempt(head.clone(), &path, 403, INVALID),
                    attempt(get.clone(), &format!("{path}?download"), 403, INVALID),
                ],
            ));
        }
    }
    for link in [upload, folder] {
        let path = elsewhere(link, "a.txt");
        let deleted = attempt(delete.clone(), &path, 403, INVALID);
        cells.push(("to delete", vec![deleted]));
    }

    for link in [upload, folder, manage] {
        let token = parts(link).0;
        let mut attempts = Vec::new();
        for (method, path) in [
            (&get, "/v1/public/files/anonymous.txt"),
            (&get, "/v1/user/files/secret.txt"),
            (&get, "/v1/user/files"),
            (&put, "/v1/user/files/in/a.txt"),
            (&put, "/v1/public/files/anonymous.txt"),
            (&delete, "/v1/public/files/anonymous.txt"),
            (&delete, "/v1/org/files/secret.txt"),
            (&post, "/v1/user/urls/secret.txt"),
            (&post, "/v1/user/urls"),
        ] {
            let attempt = attempt(method.clone(), path, 401, "invalid-token");
            attempts.push(attempt.bearer(token));
        }
        cells.push(("as a bearer token", attempts));
    }
    // And a bearer token is not a link.
    let bearer = format!("/v1/links/{}/", world.alice);
    cells.push((
        "a bearer token as a link",
        vec![
            attempt(put.clone(), &format!("{bearer}a.txt"), 403, INVALID),
            attempt(delete.clone(), &format!("{bearer}other.txt"), 403, INVALID),
            attempt(post.clone(), &bearer, 403, INVALID).form(&file("a.txt")),
        ],
    ));

    for link in [upload, folder, manage] {
        let root = elsewhere(link, "");
        cells.push((
            "to list",
            vec![
                attempt(get.clone(), &root, 405, UNSUPPORTED),
                attempt(get.clone(), &format!("{root}?prefix="), 405, UNSUPPORTED),
                attempt(get.clone(), root.trim_end_matches('/'), 404, "not-found"),
                attempt(get.clone(), &format!("{root}files"), 403, INVALID),
            ],
        ));
    }

    const NAME: &str = "invalid-name";
    let keep = format!("{folder}?paths=keep");
    let mut escapes = Vec::new();
    for filename in [
        "../x",
        "..",
        "../../user/secret.txt",
        "a/../../x",
        "/x",
        "a//x",
        "%2e%2e/../x",
    ] {
        escapes.push(attempt(post.clone(), &keep, 400, NAME).form(&file(filename)));
    }
    for query in ["..", "../", "a/../..", "/", "/x", "%2e%2e%2Fx", "a//b"] {
        let path = format!("{folder}?folder={query}");
        escapes.push(attempt(post.clone(), &path, 400, NAME).form(&file("x")));
    }
    for text in ["..", "../x", "/", "a/../../x"] {
        let parts = field("folder", text) + &file("x");
        escapes.push(attempt(post.clone(), folder, 400, NAME).form(&parts));
    }
    escapes.push(attempt(post.clone(), folder, 400, NAME).form(&file("..")));
    cells.push(("folder escape", escapes));
    for link in [upload, manage] {
        let path = elsewhere(link, "%2e%2e%2Fsecret.txt");
        let escape = attempt(put.clone(), &path, 403, INVALID);
        cells.push(("folder escape", vec![escape]));
    }

    let replacing = format!("{folder}?replace=true");
    cells.push((
        "replacing",
        vec![
            attempt(post.clone(), &replacing, 403, INVALID).form(&file("seen.txt")),
            attempt(post.clone(), &replacing, 403, INVALID).form(&file("new.txt")),
            attempt(post.clone(), folder, 409, "already-exists").form(&file("seen.txt")),
        ],
    ));
    for (cell, attempts) in cells {
        world.fails(cell, attempts).await;
    }

    // The links are valid all the same.
    let first = super::put(&world.server, upload, "first").await;
    assert_eq!(first.status(), 201);
    let first = super::post(&world.server, folder, &[("b.txt", "first")]).await;
    assert_eq!(first.status(), 201);
    let first = super::put(&world.server, manage, "first").await;
    assert_eq!(first.status(), 200);
    let exists = "already-exists";
    let again = vec![
        attempt(put.clone(), upload, 409, exists),
        attempt(put.clone(), &format!("{upload}?replace=true"), 409, exists),
        attempt(post.clone(), folder, 409, exists).form(&file("b.txt")),
    ];
    world.fails("second use without replace", again).await;

    // A manage link replaces its file as often as that is there, but no other of that name.
    let admin = token(Some("root"), None, &["admin"]);
    let path = "/v1/public/files/anonymous.txt";
    let deleted = world.server.delete(path).bearer_auth(&admin).send().await;
    assert_eq!(deleted.unwrap().status(), 204);
    let gone = vec![
        attempt(put.clone(), manage, 404, "not-found"),
        attempt(delete.clone(), manage, 404, "not-found"),
    ];
    world.fails("second use, once the file is gone", gone).await;
    store(&world.server, &user("bob"), path, "bob's").await;
    let others = vec![
        attempt(put, manage, 403, INVALID),
        attempt(delete, manage, 403, INVALID),
    ];
    world.fails("second use, on another file", others).await;
}

#[tokio::test]
async fn an_expired_upload_link_stores_nothing() {
    let mut world = World::new().await;
    let server = &world.server;
    let limits = || json!({ "expires_in": 1, "content_types": ["text/plain"] });
    let at = "/v1/user/urls/in/a.txt";
    world.upload = upload_link(server, &world.alice, at, limits()).await;
    world.folder = upload_link(server, &world.alice, "/v1/user/urls/drop/", limits()).await;
    expired(server, &Method::PUT, &world.upload).await;
    expired(server, &Method::POST, &world.folder).await;
    let parts = form(&[("x", "stolen")]);
    let late = vec![
        attempt(Method::PUT, &world.upload, 403, "link-expired"),
        attempt(Method::POST, &world.folder, 403, "link-expired").form(&parts),
    ];
    world.fails("expired", late).await;
    // A manage link has no end.
    let managed = put(&world.server, &world.manage, "replaced").await;
    assert_eq!(managed.status(), 200);
}

/// Attempts to use each link as it is meant, which are refused.
fn invalid(world: &World) -> Vec<Attempt> {
    let invalid = |method, link: &str| attempt(method, link, 403, "link-invalid");
    vec![
        invalid(Method::PUT, &world.upload),
        invalid(Method::POST, &world.folder).form(&form(&[("x", "stolen")])),
        invalid(Method::PUT, &world.manage),
        invalid(Method::DELETE, &world.manage),
    ]
}

#[tokio::test]
async fn a_revoked_link_stores_and_deletes_nothing() {
    let world = World::new().await;
    // Links count as made when the first of them with their expiry time was.
    let since = SystemTime::now() + Duration::from_secs(1);
    let since = humantime::format_rfc3339_seconds(since);
    let revoked = format!("[links]\nnot-before = {since}\n");
    let world = world.restarted(&revoked, &[]);
    world.fails("revoked", invalid(&world)).await;
}

#[tokio::test]
async fn a_link_of_another_secret_stores_and_deletes_nothing() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, [b'8'; 32]).unwrap();
    let path = secret.path().to_str().unwrap();
    let world = World::new().await;
    let world = world.restarted("", &["--link-secret-file", path]);
    world.fails("replaced secret", invalid(&world)).await;
}
