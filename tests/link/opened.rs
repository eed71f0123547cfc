//! Following a link: what it opens, for how long, and what it does not open.

use super::*;

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

    for bearer in [None, Some(&alice)] {
        for (method, path, status, kind) in [
            (Method::PUT, link.clone(), 403, "link-invalid"),
            (Method::DELETE, link.clone(), 403, "link-invalid"),
            (
                Method::POST,
                format!("/v1/links/{token}/"),
                403,
                "link-invalid",
            ),
            (Method::POST, link.clone(), 403, "link-invalid"),
            (Method::PATCH, link.clone(), 405, "method-not-allowed"),
        ] {
            let mut request = server.request(method, &path);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer).body("changed");
            }
            assert_problem(request.send().await.unwrap(), status, kind).await;
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
