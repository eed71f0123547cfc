//! Permitted downloads that are redirected to a presigned URL of the service
//! (`--s3-redirect`).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::presigning::PresigningConfig;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::json;

use crate::support::s3_service::{ACCESS_KEY, S3Service, SECRET_KEY};
use crate::support::{
    BUCKET, RequestBuilder, Server, Setup, assert_problem, checking, content, fetch, json_of,
    org_member, user,
};

fn redirecting(setup: Setup, service: &Arc<S3Service>) -> Server {
    setup.s3(service).args(&["--s3-redirect"]).start()
}

/// A request whose redirect is not followed.
fn ask(server: &Server, method: Method, path: &str) -> RequestBuilder {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    checking(client).request(method, format!("{}{path}", server.url))
}

async fn first(server: &Server, path: &str) -> Response {
    ask(server, Method::GET, path).send().await.unwrap()
}

async fn store(server: &Server, path: &str, kind: &str, bytes: impl Into<reqwest::Body>) {
    let put = server.put(path, bytes).header("content-type", kind);
    assert_eq!(put.send().await.unwrap().status(), 201, "{path}");
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_redirected_download_arrives_as_a_direct_one_would() {
    let service = Arc::new(S3Service::start());
    let direct = Setup::public_only().s3(&service).start();
    let server = redirecting(Setup::public_only(), &service);
    for (name, kind, size) in [
        ("a.png", "image/png", 10),
        ("large.bin", "application/octet-stream", 9 << 20),
        ("page.html", "text/html; charset=utf-8", 100),
        (
            "%E6%97%A5%E6%9C%AC%20%F0%9F%98%80.pdf",
            "application/pdf",
            1,
        ),
        ("folder/it's(1)*+~&=%25%22.txt", "text/plain", 70_000),
        ("odd", "text/x; a=\"b,  c\"", 5),
    ] {
        let bytes = content(1, size);
        let path = format!("/v1/public/files/{name}");
        store(&server, &path, kind, bytes.clone()).await;
        for query in ["", "?download", "?download=%E6%97%A5%20%22b.html"] {
            let path = format!("{path}{query}");
            let expected = direct.get(&path).send().await.unwrap();
            service.requests();
            let sent_on = first(&server, &path).await;
            assert_eq!(service.requests().len(), 1, "{path}");
            assert_eq!(sent_on.status(), 307, "{path}");
            let location = field(&sent_on, "location").to_owned();
            assert!(location.starts_with(&service.url()), "{location}");
            assert!(location.contains("X-Amz-Expires=60&"), "{location}");

            let arrived = reqwest::get(&location).await.unwrap();
            assert_eq!(arrived.status(), 200, "{path}");
            for name in [
                "content-type",
                "content-disposition",
                "cache-control",
                "content-length",
                "etag",
                "last-modified",
            ] {
                assert!(!field(&expected, name).is_empty(), "{path} {name}");
                assert_eq!(field(&arrived, name), field(&expected, name), "{path}");
            }
            assert!(arrived.bytes().await.unwrap() == bytes, "{path}");
        }
    }
}

#[tokio::test]
async fn a_redirect_reveals_nothing_of_the_file_and_is_not_cached() {
    let service = Arc::new(S3Service::start());
    let policy = "[cors]\norigins = [\"https://app.example\"]\n";
    let server = redirecting(Setup::policy(policy), &service);
    store(&server, "/v1/public/files/f", "image/png", "0123").await;
    let request = ask(&server, Method::GET, "/v1/public/files/f");
    let request = request.header("origin", "https://app.example");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    let mut names: Vec<&str> = answer
        .headers()
        .keys()
        .map(reqwest::header::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    let expected = [
        "access-control-allow-origin",
        "access-control-expose-headers",
        "cache-control",
        "content-length",
        "cross-origin-resource-policy",
        "date",
        "keep-alive",
        "location",
        "vary",
        "x-content-type-options",
        "x-request-id",
    ];
    assert_eq!(names, expected);
    assert_eq!(field(&answer, "cache-control"), "private, no-store");
    assert_eq!(field(&answer, "content-length"), "0");
    assert_eq!(
        field(&answer, "access-control-allow-origin"),
        "https://app.example"
    );
    assert!(!server.log().contains("X-Amz"));
}

#[tokio::test]
async fn ranges_are_redirected_and_responses_without_bytes_are_not() {
    let service = Arc::new(S3Service::start());
    let server = redirecting(Setup::public_only(), &service);
    let path = "/v1/public/files/f";
    store(&server, path, "text/plain", "0123456789").await;
    let head = server.head(path).send().await.unwrap();
    let tag = field(&head, "etag").to_owned();
    assert_eq!(head.status(), 200);
    assert_eq!(head.url().path(), path);
    assert_eq!(field(&head, "content-length"), "10");

    for (range, part) in [("bytes=2-4", "234"), ("bytes=-1", "9"), ("bytes=8-", "89")] {
        let request = || ask(&server, Method::GET, path).header("range", range);
        assert_eq!(request().send().await.unwrap().status(), 307);
        let followed = server.get(path).header("range", range).send();
        let followed = followed.await.unwrap();
        assert_eq!(followed.status(), 206, "{range}");
        assert!(followed.url().as_str().starts_with(&service.url()));
        assert_eq!(followed.text().await.unwrap(), part, "{range}");
    }
    for (name, value, status) in [
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "\"x\"", 307),
        ("if-match", &tag, 307),
        ("if-match", "\"x\"", 412),
        ("range", "bytes=10-", 416),
    ] {
        let request = ask(&server, Method::GET, path).header(name, value);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}: {value}");
    }
    // The service need not know If-Range.
    for (validator, status, length) in [(tag.as_str(), 206, 2), ("\"x\"", 200, 10)] {
        let request = ask(&server, Method::GET, path).header("range", "bytes=8-");
        let answer = request.header("if-range", validator).send().await.unwrap();
        assert_eq!(answer.status(), status, "{validator}");
        assert_eq!(answer.bytes().await.unwrap().len(), length, "{validator}");
    }
    let none = first(&server, "/v1/public/files/none").await;
    assert_problem(none, 404, "not-found").await;
}

#[tokio::test]
async fn only_callers_who_may_read_a_file_are_redirected_to_it() {
    let service = Arc::new(S3Service::start());
    let setup = Setup::default().s3(&service);
    let server = setup.env("COFFER_S3_REDIRECT", "true").start();
    let (alice, bob) = (user("alice"), user("bob"));
    let member = |org: &str| org_member("carol", org);
    let cases = [
        ("user", alice.clone(), bob),
        ("org", member("acme"), member("other")),
    ];
    for (area, owner, stranger) in cases {
        let path = format!("/v1/{area}/files/f");
        let put = server.put(&path, area).bearer_auth(&owner);
        assert_eq!(put.send().await.unwrap().status(), 201);
        let as_whom = |token: &str| ask(&server, Method::GET, &path).bearer_auth(token);
        let sent_on = as_whom(&owner).send().await.unwrap();
        assert_eq!(sent_on.status(), 307);
        let followed = server.get(&path).bearer_auth(&owner).send().await.unwrap();
        assert_eq!(followed.text().await.unwrap(), area);

        service.requests();
        let refused = first(&server, &path).await;
        assert_problem(refused, 401, "unauthenticated").await;
        let refused = as_whom("x").send().await.unwrap();
        assert_problem(refused, 401, "invalid-token").await;
        assert!(service.requests().is_empty());
        let other = as_whom(&stranger).send().await.unwrap();
        assert!(!other.headers().contains_key("location"));
        assert_problem(other, 404, "not-found").await;
    }
    let no_org = ask(&server, Method::GET, "/v1/org/files/f").bearer_auth(&alice);
    assert_problem(no_org.send().await.unwrap(), 403, "forbidden").await;

    let link = server.post("/v1/user/urls/f").bearer_auth(&alice);
    let link = json_of(link.json(&json!({}))).await;
    let link = link["url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&server.url).unwrap();
    assert_eq!(first(&server, path).await.status(), 307);
    let followed = fetch(&link).await.unwrap();
    assert_eq!(field(&followed, "cache-control"), "private, no-cache");
    assert_eq!(followed.text().await.unwrap(), "user");
    let other = first(&server, &format!("{path}x")).await;
    assert_problem(other, 403, "link-invalid").await;
}

#[tokio::test]
async fn a_redirect_goes_to_the_version_that_is_asked_for() {
    let service = Arc::new(S3Service::start());
    let server = redirecting(Setup::public_only(), &service);
    let path = "/v1/public/files/f";
    let file = json_of(server.put(path, "one")).await;
    let url = file["versioned_url"].as_str().unwrap();
    let version = url.strip_prefix(&server.url).unwrap();
    let followed = fetch(url).await.unwrap();
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(field(&followed, "cache-control"), forever);
    assert_eq!(followed.text().await.unwrap(), "one");
    assert_eq!(first(&server, version).await.status(), 307);
    // The same bytes are the same version on S3.
    for (body, status) in [("one", 307), ("two", 404)] {
        let again = server.put(path, body).send().await.unwrap();
        assert_eq!(again.status(), 200);
        assert_eq!(first(&server, version).await.status(), status, "{body}");
    }
}

#[tokio::test]
async fn a_changed_or_expired_url_opens_nothing() {
    let service = Arc::new(S3Service::start());
    let server = redirecting(Setup::public_only(), &service);
    for name in ["f", "g"] {
        let path = format!("/v1/public/files/{name}");
        store(&server, &path, "text/html", "0123").await;
    }
    let sent_on = first(&server, "/v1/public/files/f").await;
    let url = field(&sent_on, "location").to_owned();
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    for (from, to) in [
        ("/public/f?", "/public/g?"),
        ("X-Amz-Expires=60", "X-Amz-Expires=600"),
        ("=attachment", "=inline"),
        ("text%2Fhtml", "text%2Fplain"),
        ("cache-control=public", "cache-control=private"),
    ] {
        let changed = url.replace(from, to);
        assert_ne!(changed, url, "{from}");
        let answer = reqwest::get(&changed).await.unwrap();
        assert_eq!(answer.status(), 403, "{to}");
    }
    let put = Client::new().put(&url).body("x").send().await.unwrap();
    assert_eq!(put.status(), 403);
    let bare = Url::parse(&url).unwrap();
    let bare = format!("{}{}", service.url(), bare.path());
    assert_eq!(reqwest::get(&bare).await.unwrap().status(), 403);
    for (age, status) in [(30, 200), (61, 403)] {
        let made = presigned(&service, Duration::from_secs(age)).await;
        let answer = reqwest::get(&made).await.unwrap();
        assert_eq!(answer.status(), status, "{age} s old");
    }
}

/// A URL for `public/f` as the host makes them, of this age.
async fn presigned(service: &S3Service, age: Duration) -> String {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(service.url())
        .force_path_style(true)
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"));
    let made = PresigningConfig::builder()
        .start_time(SystemTime::now() - age)
        .expires_in(Duration::from_secs(60));
    let get = aws_sdk_s3::Client::from_conf(config.build()).get_object();
    let get = get.bucket(BUCKET).key("public/f");
    let presigned = get.presigned(made.build().unwrap()).await.unwrap();
    presigned.uri().to_owned()
}
