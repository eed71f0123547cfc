//! `POST /v1/{area}/urls/{name}` and its links, which are presigned URLs: who gets one,
//! what it opens, and what it does not.

mod many;

use std::time::{Duration, Instant, SystemTime};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup, assert_problem, iam, org_member, token, user};

/// Requests a URL from `/v1/{area}/urls/{name}`.
async fn ask(server: &Server, token: &str, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = server.post(path).bearer_auth(token).body(body);
    request.send().await.unwrap()
}

/// Stores a file and returns the path of a link to it.
async fn link(server: &Server, token: &str, area_and_name: (&str, &str)) -> String {
    let (area, name) = area_and_name;
    store(
        server,
        token,
        &format!("/v1/{area}/files/{name}"),
        "content",
    )
    .await;
    let response = ask(server, token, &format!("/v1/{area}/urls/{name}"), "").await;
    path_of(server, &made(response).await)
}

async fn store(server: &Server, token: &str, path: &str, content: &'static str) {
    let request = server.put(path, content).bearer_auth(token);
    let response = request.header("content-type", "text/plain");
    assert!(
        response.send().await.unwrap().status().is_success(),
        "{path}"
    );
}

/// A new link, and when it expires.
async fn made(response: Response) -> Value {
    assert_eq!(response.status(), 201, "{:?}", response.text().await);
    assert_eq!(response.headers()["content-type"], "application/json");
    let made: Value = response.json().await.unwrap();
    let mut keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["expires_at", "url"]);
    made
}

fn path_of(server: &Server, made: &Value) -> String {
    let url = made["url"].as_str().unwrap();
    url.strip_prefix(&server.url).unwrap().to_owned()
}

/// In how many seconds from now it expires.
fn lifetime(made: &Value) -> f64 {
    let end = humantime::parse_rfc3339(made["expires_at"].as_str().unwrap()).unwrap();
    end.duration_since(SystemTime::now())
        .unwrap_or_default()
        .as_secs_f64()
}

/// The parts of a link's path: its token and the encoded basename.
fn parts(link: &str) -> (&str, &str) {
    let rest = link.strip_prefix("/v1/links/").unwrap();
    rest.split_once('/').unwrap()
}

async fn get(server: &Server, path: &str) -> Response {
    server.get(path).send().await.unwrap()
}

async fn assert_opens(server: &Server, link: &str, content: &str) {
    let response = get(server, link).await;
    assert_eq!(response.status(), 200, "{link}");
    assert_eq!(response.text().await.unwrap(), content);
}

#[tokio::test]
async fn a_public_file_has_a_permanent_url() {
    let server = Server::start();
    let token = user("alice");
    for (encoded, canonical) in [
        ("a", "a"),
        ("dir/%E6%97%A5%20a%2Bb.txt", "dir/%E6%97%A5%20a%2Bb.txt"),
        ("%61!", "a%21"),
    ] {
        let file = format!("/v1/public/files/{encoded}");
        store(&server, &token, &file, "public").await;
        let at = format!("/v1/public/urls/{encoded}");
        for body in ["", "{}", "{\"expires_in\":null}"] {
            let made = made(ask(&server, &token, &at, body).await).await;
            let url = format!("{}/v1/public/files/{canonical}", server.url);
            assert_eq!(made, json!({ "url": url, "expires_at": null }), "{body}");
            assert_opens(&server, &path_of(&server, &made), "public").await;
        }
        // Reading it needs no token, so this does not either.
        let anonymous = server.post(&at).send().await.unwrap();
        assert_eq!(anonymous.status(), 201);
        for body in ["{\"expires_in\":60}", "{\"expires_in\":0}"] {
            let response = ask(&server, &token, &at, body).await;
            assert_problem(response, 400, "invalid-request").await;
        }
    }
}

#[tokio::test]
async fn a_link_is_valid_for_as_long_as_requested() {
    let server = Server::start();
    let token = org_member("alice", "acme");
    for area in ["user", "org"] {
        store(&server, &token, &format!("/v1/{area}/files/a"), "content").await;
        let at = format!("/v1/{area}/urls/a");
        for (body, seconds) in [
            ("", 3600),
            ("{}", 3600),
            (" {\n} ", 3600),
            ("{\"expires_in\":null}", 3600),
            ("{\"expires_in\":60}", 60),
            ("{\"expires_in\": 86400 }", 86_400),
            ("{\"expires_in\":604800}", 604_800),
            ("{\"expires_in\":1}", 1),
            ("{\"expires_in\":60.0}", 60),
            ("{\"expires_in\":1e3}", 1000),
        ] {
            let made = made(ask(&server, &token, &at, body).await).await;
            let off = lifetime(&made) - f64::from(seconds);
            // Rounded up by a tenth at most.
            let late = f64::from(seconds) / 10.0 + 2.0;
            assert!((-2.0..=late).contains(&off), "{body}: {made}");
            let path = path_of(&server, &made);
            assert!(
                path.starts_with("/v1/links/") && path.ends_with("/a"),
                "{path}"
            );
        }
        for body in [
            "{\"expires_in\":0}",
            "{\"expires_in\":-1}",
            "{\"expires_in\":1.5}",
            "{\"expires_in\":60.5}",
            "{\"expiresIn\":60}",
            "{\"expires_in\":60,\"for\":1}",
            "{\"expires_in\":\"60\"}",
            "{\"expires_in\":true}",
            "{\"expires_in\":[60]}",
            "{\"expires_in\":{}}",
            "{\"expires_in\":604801}",
            "{\"expires_in\":18446744073709551615}",
            "{\"expires_in\":18446744073709551616}",
            "{\"expires_in\":60",
            "{\"expires_in\":60}x",
            "{\"expires_in\":1,\"expires_in\":2}",
            "expires_in=60",
            "null",
            "60",
            "\"\"",
            "[]",
            "[60]",
            " ",
            "\0",
        ] {
            let response = ask(&server, &token, &at, body).await;
            eprintln!("{body}");
            assert_problem(response, 400, "invalid-request").await;
        }
        let response = ask(&server, &token, &at, &b"{\"expires_in\":\xff}"[..]).await;
        assert_problem(response, 400, "invalid-request").await;
        for length in [5000, 5_000_000] {
            let body = format!("{{}}{}", " ".repeat(length));
            let response = ask(&server, &token, &at, body).await;
            assert_problem(response, 413, "too-large").await;
        }
    }
}

#[tokio::test]
async fn a_link_that_is_requested_again_soon_is_the_same() {
    let server = Server::start();
    let token = user("alice");
    store(&server, &token, "/v1/user/files/a", "content").await;
    let ask = async || made(ask(&server, &token, "/v1/user/urls/a", "").await).await;
    let mut last = ask().await;
    // A step of the expiry time may lie between two of them, but not often.
    for _ in 0..3 {
        let next = ask().await;
        if next == last {
            assert_opens(&server, &path_of(&server, &next), "content").await;
            return;
        }
        last = next;
    }
    panic!("every link is different: {last}");
}

#[tokio::test]
async fn unsupported_options_of_a_link_are_named() {
    let server = Server::start();
    let token = user("alice");
    store(&server, &token, "/v1/user/files/a", "content").await;
    let response = ask(&server, &token, "/v1/user/urls/a", "{\"expiresIn\":60}").await;
    assert_eq!(response.status(), 400);
    let problem: Value = response.json().await.unwrap();
    let words = "unknown member \"expiresIn\", expected \"expires_in\"";
    assert_eq!(problem["detail"], words);
}

#[tokio::test]
async fn the_policy_limits_how_long_links_are_valid_and_who_makes_them() {
    let policy = format!(
        "{}[user]\nread = \"role:reader\"\n[public]\nread = \"signed-in\"\n\
         [links]\nmax-age = \"5m\"\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let reader = token(Some("alice"), None, &["reader"]);
    store(&server, &reader, "/v1/user/files/a", "content").await;
    let at = "/v1/user/urls/a";
    for (body, seconds) in [("", 300), ("{\"expires_in\":300}", 300)] {
        let made = made(ask(&server, &reader, at, body).await).await;
        let off = lifetime(&made) - f64::from(seconds);
        assert!((-2.0..=2.0).contains(&off), "{made}");
    }
    let response = ask(&server, &reader, at, "{\"expires_in\":301}").await;
    assert_problem(response, 400, "invalid-request").await;
    // Without the right to read, there is no link either.
    let response = ask(&server, &user("alice"), at, "").await;
    assert_problem(response, 403, "forbidden").await;
    store(&server, &reader, "/v1/public/files/a", "content").await;
    let response = server.post("/v1/public/urls/a").send().await.unwrap();
    assert_problem(response, 401, "unauthenticated").await;
}

#[tokio::test]
async fn creating_a_url_needs_the_right_to_read() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        store(&server, &alice, &format!("/v1/{area}/files/a"), "content").await;
    }
    let bob = org_member("bob", "other");
    for (path, token, status, kind) in [
        (
            "/v1/public/urls/none",
            Some(alice.clone()),
            404,
            "not-found",
        ),
        ("/v1/user/urls/none", Some(alice.clone()), 404, "not-found"),
        ("/v1/user/urls/A", Some(alice.clone()), 404, "not-found"),
        ("/v1/org/urls/a/b", Some(alice.clone()), 404, "not-found"),
        ("/v1/user/urls/a", Some(bob.clone()), 404, "not-found"),
        ("/v1/org/urls/a", Some(bob), 404, "not-found"),
        ("/v1/user/urls/a", None, 401, "unauthenticated"),
        ("/v1/org/urls/a", None, 401, "unauthenticated"),
        ("/v1/user/urls/none", None, 401, "unauthenticated"),
        (
            "/v1/user/urls/a",
            Some("forged".to_owned()),
            401,
            "invalid-token",
        ),
        (
            "/v1/public/urls/a",
            Some("forged".to_owned()),
            401,
            "invalid-token",
        ),
        ("/v1/org/urls/a", Some(user("alice")), 403, "forbidden"),
        (
            "/v1/user/urls/a",
            Some(token(None, Some("acme"), &[])),
            403,
            "forbidden",
        ),
        (
            "/v1/user/urls/a//b",
            Some(alice.clone()),
            400,
            "invalid-name",
        ),
        ("/v1/user/urls/%00", Some(alice), 400, "invalid-name"),
    ] {
        let mut request = server.post(path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        eprintln!("{path} {status}");
        assert_problem(response, status, kind).await;
    }
}

#[tokio::test]
async fn a_link_reads_its_file_without_a_token() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for at in [
        ("user", "dir/%E6%97%A5%E6%9C%AC%20%F0%9F%98%80%25.txt"),
        ("org", "a+b.txt"),
    ] {
        let link = link(&server, &alice, at).await;
        let response = get(&server, &link).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        assert_eq!(response.text().await.unwrap(), "content");
        assert_eq!(headers["cache-control"], "private, no-cache");
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(headers["content-length"], "7");
        assert_eq!(headers["accept-ranges"], "bytes");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; sandbox"),
            "{policy}"
        );
        let disposition = headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("inline; "), "{disposition}");
        assert!(headers.contains_key("last-modified"));
        let etag = headers["etag"].clone();

        let head = server.head(&link).send().await.unwrap();
        assert_eq!(head.status(), 200);
        for name in ["etag", "content-length", "cache-control", "content-type"] {
            assert_eq!(head.headers()[name], headers[name]);
        }
        assert!(head.bytes().await.unwrap().is_empty());

        let part = server.get(&link).header("range", "bytes=1-3");
        let part = part.send().await.unwrap();
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], "bytes 1-3/7");
        assert_eq!(part.text().await.unwrap(), "ont");
        let outside = server.get(&link).header("range", "bytes=7-");
        let outside = outside.send().await.unwrap();
        assert_eq!(outside.headers()["content-range"], "bytes */7");
        assert_problem(outside, 416, "range-not-satisfiable").await;
        for method in [Method::GET, Method::HEAD] {
            let same = server.request(method, &link).header("if-none-match", &etag);
            let same = same.send().await.unwrap();
            assert_eq!(same.status(), 304);
            assert_eq!(same.headers()["etag"], etag);
            assert_eq!(same.headers()["cache-control"], "private, no-cache");
        }
        let other = server.get(&link).header("if-match", "\"other\"");
        assert_problem(other.send().await.unwrap(), 412, "precondition-failed").await;
        let saved = get(&server, &format!("{link}?download=x.txt")).await;
        let disposition = saved.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment; ") && disposition.contains("x.txt"));
    }
}

#[tokio::test]
async fn a_changed_link_is_invalid() {
    let server = Server::start();
    let alice = user("alice");
    let link = link(&server, &alice, ("user", "dir/%E6%97%A5.txt")).await;
    let (token, basename) = parts(&link);
    let mut changed: Vec<String> = Vec::new();
    for at in (0..token.len()).step_by(3).chain([token.len() - 1]) {
        let (before, rest) = token.split_at(at);
        let (this, after) = rest.split_at(1);
        let other = if this == "A" { "B" } else { "A" };
        changed.push(format!("{before}{other}{after}/{basename}"));
        changed.push(format!("{before}{after}/{basename}"));
    }
    let segments: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = segments[..] else {
        panic!("{token}");
    };
    // {"alg":"none"}
    let none = "eyJhbGciOiJub25lIn0";
    changed.extend([
        format!("{header}.{claims}/{basename}"),
        format!("{header}.{claims}./{basename}"),
        format!("{none}.{claims}./{basename}"),
        format!("{none}.{claims}.{signature}/{basename}"),
        format!("{claims}.{header}.{signature}/{basename}"),
        format!("{token}./{basename}"),
        format!("{token}A/{basename}"),
        format!("{token}=/{basename}"),
        format!("%20{token}/{basename}"),
        format!("x/{basename}"),
        format!("{}/{basename}", "x".repeat(8000)),
        format!("{token}/other.txt"),
        format!("{token}/%E6%97%A5.tx"),
        format!("{token}/%E6%97%A5.TXT"),
        format!("{token}/%E6%97%A5.txt%20"),
        format!("{token}/dir%2F%E6%97%A5.txt"),
        format!("{token}/%25E6%2597%25A5.txt"),
        format!("{token}/%FF"),
        format!("{token}/%zz"),
    ]);
    for path in changed {
        let response = get(&server, &format!("/v1/links/{path}")).await;
        assert_eq!(response.status(), 403, "{path}");
        assert_problem(response, 403, "link-invalid").await;
    }
    // The same basename in other spellings.
    for same in [
        "%E6%97%A5.txt",
        "%e6%97%a5.txt",
        "%E6%97%A5%2Etxt",
        "%E6%97%A5.%74xt",
        "日.txt",
    ] {
        assert_opens(&server, &format!("/v1/links/{token}/{same}"), "content").await;
    }
    for path in [
        format!("/v1/links/{token}"),
        format!("/v1/links/{token}/"),
        format!("/v1/links/{token}/dir/{basename}"),
        format!("/v1/links/{token}/{basename}/"),
        format!("/v1/links//{basename}"),
        "/v1/links".to_owned(),
    ] {
        assert_problem(get(&server, &path).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn a_link_expires() {
    let server = Server::start();
    let alice = user("alice");
    store(&server, &alice, "/v1/user/files/a", "content").await;
    let asked = ask(&server, &alice, "/v1/user/urls/a", "{\"expires_in\":1}").await;
    let link = path_of(&server, &made(asked).await);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let response = get(&server, &link).await;
        if response.status() != 200 {
            assert_problem(response, 403, "link-expired").await;
            break;
        }
        assert!(Instant::now() < deadline, "it still works");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Nor does it become valid again, and a forged link does not count as expired.
    assert_problem(get(&server, &link).await, 403, "link-expired").await;
    let changed = format!("{link}x");
    assert_problem(get(&server, &changed).await, 403, "link-invalid").await;
    let (token, basename) = parts(&link);
    let changed = format!(
        "/v1/links/{}/{basename}",
        token.trim_end_matches(char::is_alphanumeric)
    );
    assert_problem(get(&server, &changed).await, 403, "link-invalid").await;
}

#[tokio::test]
async fn a_link_opens_nothing_else() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for path in [
        "/v1/org/files/a",
        "/v1/public/files/a",
        "/v1/user/files/b/a",
    ] {
        store(&server, &alice, path, "another").await;
    }
    let bob = user("bob");
    store(&server, &bob, "/v1/user/files/a", "bob's").await;
    let link = link(&server, &alice, ("user", "a")).await;
    assert_opens(&server, &link, "content").await;
    let (token, _) = parts(&link);

    for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
        for bearer in [None, Some(&alice)] {
            let mut request = server.request(method.clone(), &link);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer).body("changed");
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
            assert_problem(response, 405, "method-not-allowed").await;
        }
    }
    assert_opens(&server, &link, "content").await;

    // A link is not a bearer token, and a bearer token is not a link.
    for area in ["public", "user", "org"] {
        for path in [format!("/v1/{area}/files/a"), format!("/v1/{area}/files")] {
            let response = server.get(&path).bearer_auth(token).send().await.unwrap();
            assert_problem(response, 401, "invalid-token").await;
        }
    }
    let response = get(&server, &format!("/v1/links/{alice}/a")).await;
    assert_problem(response, 403, "link-invalid").await;
}

#[tokio::test]
async fn a_link_shows_the_newest_version_until_there_is_none() {
    let server = Server::start();
    let alice = user("alice");
    let link = link(&server, &alice, ("user", "a")).await;
    assert_opens(&server, &link, "content").await;
    store(&server, &alice, "/v1/user/files/a", "a newer version").await;
    assert_opens(&server, &link, "a newer version").await;
    let request = server.delete("/v1/user/files/a").bearer_auth(&alice);
    assert_eq!(request.send().await.unwrap().status(), 204);
    assert_problem(get(&server, &link).await, 404, "not-found").await;
    let head = server.head(&link).send().await.unwrap();
    assert_eq!(head.status(), 404);
    store(&server, &alice, "/v1/user/files/a", "again").await;
    assert_opens(&server, &link, "again").await;
}

#[tokio::test]
async fn links_survive_a_restart_but_not_a_new_secret() {
    let server = Server::start();
    let alice = user("alice");
    let link_before = link(&server, &alice, ("user", "a")).await;
    let data = server.data();
    assert_eq!(server.stop(), Some(0));

    let server = Setup::default().data(data.clone()).start();
    assert_opens(&server, &link_before, "content").await;
    assert_eq!(server.stop(), Some(0));

    let secret = data.path().join("secret");
    std::fs::write(&secret, [b'7'; 32]).unwrap();
    let secret = secret.to_str().unwrap().to_owned();
    let other = Setup::default().data(data.clone());
    let other = other.args(&["--link-secret-file", &secret]).start();
    assert_problem(get(&other, &link_before).await, 403, "link-invalid").await;
    let link_of_other = link(&other, &alice, ("user", "a")).await;
    assert_opens(&other, &link_of_other, "content").await;
    assert_eq!(other.stop(), Some(0));

    let server = Setup::default().data(data).start();
    assert_opens(&server, &link_before, "content").await;
    assert_problem(get(&server, &link_of_other).await, 403, "link-invalid").await;
}

#[tokio::test]
async fn a_link_of_an_uploader_does_not_show_what_somebody_else_stores_later() {
    let policy = format!("{}[org]\nread = \"uploader\"\n", iam());
    let server = Setup::policy(&policy).start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    let path = "/v1/org/files/plan";
    let made = link(&server, &alice, ("org", "plan")).await;
    assert_opens(&server, &made, "content").await;
    let deleted = server.delete(path).bearer_auth(&alice).send().await;
    assert_eq!(deleted.unwrap().status(), 204);
    store(&server, &bob, path, "bob's").await;
    assert_problem(get(&server, &made).await, 404, "not-found").await;
}

#[tokio::test]
async fn a_policy_refuses_every_link_made_before_a_time() {
    let server = Server::start();
    let alice = user("alice");
    let before = link(&server, &alice, ("user", "a")).await;
    let data = server.data();
    server.stop();
    // A second ends, so that the first link is clearly older.
    let since = SystemTime::now() + Duration::from_secs(1);
    let since = humantime::format_rfc3339_seconds(since).to_string();
    while humantime::format_rfc3339_seconds(SystemTime::now()).to_string() <= since {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    for (not_before, count) in [
        ("2026-01-01T00:00:00Z".to_owned(), 200),
        (since.clone(), 403),
        (format!("\"{since}\""), 403),
    ] {
        let policy = format!("{}[links]\nnot-before = {not_before}\n", iam());
        let server = Setup::policy(&policy).data(data.clone()).start();
        let response = get(&server, &before).await;
        assert_eq!(response.status(), count, "{not_before}");
        if count == 403 {
            assert_problem(response, 403, "link-invalid").await;
        }
        let head = server.head(&before).send().await.unwrap();
        assert_eq!(head.status(), count, "{not_before}");
        for body in ["", "{\"expires_in\":604800}", "{\"expires_in\":1000}"] {
            let after = made(ask(&server, &alice, "/v1/user/urls/a", body).await).await;
            assert_opens(&server, &path_of(&server, &after), "content").await;
        }
        server.stop();
    }

    let policy = format!("{}[links]\nnot-before = 2126-01-01T00:00:00Z\n", iam());
    let server = Setup::policy(&policy).data(data.clone()).start();
    let early = made(ask(&server, &alice, "/v1/user/urls/a", "").await).await;
    let early = get(&server, &path_of(&server, &early)).await;
    assert_problem(early, 403, "link-invalid").await;
}
