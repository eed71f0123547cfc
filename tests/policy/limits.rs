//! Sizes, types, caching and the lifetime of links.

use super::*;

const LIMITS: &str = "
    [public]
    max-file-size = '1 KiB'
    content-types = ['image/*', 'Application/PDF']
    cache-control = 'public, max-age=7, immutable'
    [user]
    max-file-size = '10 B'
    [org]
    content-types = ['text/plain']
    [links]
    max-age = '10m'";

/// A body whose length is not announced.
fn chunked(size: usize) -> Body {
    let chunks = vec!["x".repeat(100); size / 100].into_iter();
    let chunks = chunks.chain(["x".repeat(size % 100)]);
    Body::wrap_stream(stream::iter(chunks.map(Ok::<_, std::io::Error>)))
}

/// Waits until the store holds no unfinished upload: nothing as large as this.
fn assert_no_waste(server: &Server, size: u64) {
    eventually("unfinished uploads are gone", || {
        let files = files_below(&server.data_dir());
        files.iter().all(|(_, found)| *found != size)
    });
}

#[tokio::test]
async fn a_file_larger_than_its_area_allows_is_refused_and_leaves_nothing() {
    let server = Setup::policy(&(iam() + LIMITS)).start();
    let alice = org_member("alice", "x");
    let put = |path: &str, body: Body| {
        let put = server.put(path, body).header("content-type", "image/png");
        put.bearer_auth(&alice).send()
    };
    for (area, limit) in [("public", 1024), ("user", 10)] {
        let path = |name: &str| format!("/v1/{area}/files/{name}");
        let fits = "x".repeat(limit);
        let over = "x".repeat(limit + 1);
        for (name, body, status) in [
            ("announced", Body::from(fits.clone()), 201),
            ("chunked", chunked(limit), 201),
            ("empty", Body::from(""), 201),
        ] {
            let response = put(&path(name), body).await.unwrap();
            assert_eq!(response.status(), status, "{area} {name}");
        }
        // New names and one that is there already.
        for name in ["new", "announced"] {
            for body in [
                Body::from(over.clone()),
                chunked(limit + 1),
                chunked(50_000),
            ] {
                let response = put(&path(name), body).await.unwrap();
                assert_problem(response, 413, "too-large").await;
            }
        }
        let form = |size: usize| {
            let part = |size: usize, name: &'static str| {
                let part = Part::text("x".repeat(size)).file_name(name);
                part.mime_str("image/png").unwrap()
            };
            let form = Form::new().part("a", part(1, "first"));
            form.part("b", part(size, "second"))
        };
        let files = format!("/v1/{area}/files");
        let post = |size| {
            server
                .post(&files)
                .multipart(form(size))
                .bearer_auth(&alice)
                .send()
        };
        assert_problem(post(limit + 1).await.unwrap(), 413, "too-large").await;

        let list = server.get(&files).bearer_auth(&alice).send().await.unwrap();
        let listing: Value = list.json().await.unwrap();
        let sizes = listing["files"].as_array().unwrap().iter();
        let found: Vec<_> = sizes
            .map(|file| (file["name"].clone(), file["size"].clone()))
            .collect();
        let expected = json!([["announced", limit], ["chunked", limit], ["empty", 0]]);
        assert_eq!(json!(found), expected, "{area}");
        assert_no_waste(&server, limit as u64 + 1);
        assert_eq!(post(limit).await.unwrap().status(), 201);
    }
    // A body that is announced as too large is not waited for.
    for path in ["/v1/public/files/new", "/v1/user/files/new"] {
        let mut connection = Connection::open(server.address());
        connection.send(format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\
             Content-Type: image/png\r\nAuthorization: Bearer {alice}\r\n\r\n"
        ));
        assert_problem_parts(&connection.answer(), 413, "too-large");
    }
    // Another area's limit is its own.
    let org = server
        .put("/v1/org/files/a", "x".repeat(100_000))
        .bearer_auth(&alice);
    let org = org
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(org.status(), 201);
}

#[tokio::test]
async fn only_the_types_that_an_area_allows_are_stored() {
    let server = Setup::policy(&(iam() + LIMITS)).start();
    for (name, given, taken) in [
        ("a", Some("image/png"), true),
        ("b", Some("IMAGE/svg+xml; charset=utf-8"), true),
        ("c.html", Some("application/pdf"), true),
        ("d.png", None, true),
        ("e.PDF", None, true),
        ("f.png", Some("text/html"), false),
        ("f.html", None, false),
        ("f", None, false),
        ("f", Some("application/octet-stream"), false),
        ("f", Some("imagex/png"), false),
        ("f", Some("text/plain; x=\"image/png\""), false),
        ("f", Some("application/pdfx"), false),
    ] {
        let label = format!("{name} {given:?}");
        let mut put = server.put(&format!("/v1/public/files/{name}"), "x");
        let mut part = Part::text("x").file_name(format!("form-{name}"));
        if let Some(given) = given {
            put = put.header("content-type", given);
            part = part.mime_str(given).unwrap();
        }
        let put = put.send().await.unwrap();
        // Nothing of a form is stored unless all of it is accepted.
        let good = Part::text("x").file_name(format!("beside-{name}.png"));
        let form = Form::new().part("a", good).part("b", part);
        let post = server.post("/v1/public/files").multipart(form);
        let post = post.send().await.unwrap();
        if taken {
            assert_eq!(put.status(), 201, "{label}");
            assert_eq!(post.status(), 201, "{label}");
        } else {
            assert_problem(put, 415, "unsupported-media-type").await;
            assert_problem(post, 415, "unsupported-media-type").await;
        }
    }
    let list = server.get("/v1/public/files").bearer_auth(user("a"));
    let listing = json_of(list).await;
    assert_eq!(
        listing["files"].as_array().unwrap().len(),
        5 * 3,
        "{listing}"
    );

    let org = |given: &'static str| {
        let put = server
            .put("/v1/org/files/a", "x")
            .header("content-type", given);
        put.bearer_auth(org_member("a", "x")).send()
    };
    assert_eq!(
        org("text/plain; charset=utf-8").await.unwrap().status(),
        201
    );
    let refused = org("image/png").await.unwrap();
    assert_problem(refused, 415, "unsupported-media-type").await;
}

#[tokio::test]
async fn the_policy_sets_caching_and_the_lifetime_of_links() {
    let server = Setup::policy(&(iam() + LIMITS)).start();
    let alice = user("alice");
    for area in ["public", "user"] {
        let put = server.put(&format!("/v1/{area}/files/a.png"), "x");
        assert_eq!(put.bearer_auth(&alice).send().await.unwrap().status(), 201);
    }
    for (path, expected) in [
        ("/v1/public/files/a.png", "public, max-age=7, immutable"),
        ("/v1/user/files/a.png", "private, no-cache"),
    ] {
        for request in [server.get(path), server.head(path)] {
            let response = request.bearer_auth(&alice).send().await.unwrap();
            assert_eq!(response.headers()["cache-control"], expected, "{path}");
        }
    }
    for (asked, taken) in [
        (json!({ "expires_in": 600 }), true),
        (json!({ "expires_in": 1 }), true),
        (json!({}), true),
        (json!({ "expires_in": 601 }), false),
        (json!({ "expires_in": 0 }), false),
        (json!({ "expires_in": -1 }), false),
        (json!({ "expires_in": 1.5 }), false),
        (json!({ "expires_in": "60" }), false),
        (json!({ "expires_in": 1e300 }), false),
    ] {
        let made = server.post("/v1/user/urls/a.png").bearer_auth(&alice);
        let made = made.json(&asked).send().await.unwrap();
        if taken {
            assert_eq!(made.status(), 201, "{asked}");
        } else {
            assert_problem(made, 400, "invalid-request").await;
        }
    }
    // The default lifetime of a link does not exceed that of the policy.
    let before = Clock::now_since_epoch().as_secs();
    let made = server.post("/v1/user/urls/a.png").bearer_auth(&alice);
    let made = json_of(made).await;
    let expires_at = made["expires_at"].as_str().unwrap();
    let after = Clock::now_since_epoch().as_secs();
    let possible = (before + 600..=after + 600).map(rfc3339);
    assert!(
        possible.into_iter().any(|time| time == expires_at),
        "{made}"
    );
    let link = fetch(made["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(link.headers()["cache-control"], "private, no-cache");
}

fn rfc3339(seconds: u64) -> String {
    let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}
