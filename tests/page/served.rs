//! Where the page is and where it is not, and its header fields.

use reqwest::{Method, StatusCode};

use crate::support::{Setup, assert_problem};

#[tokio::test]
async fn the_page_is_there_in_development_or_if_asked_for_and_nowhere_else() {
    for (args, expected) in [
        (&["--dev"][..], true),
        (&["--page"], true),
        (&["--page", "true"], true),
        (&["--dev", "--page", "false"], false),
        (&[], false),
    ] {
        let server = Setup::public_only().args(args).start();
        for path in ["/", "/page/main.js", "/page/settings.json"] {
            let answer = server.get(path).send().await.unwrap();
            if expected {
                assert_eq!(answer.status(), StatusCode::OK, "{path} {args:?}");
            } else {
                assert_problem(answer, 404, "not-found").await;
            }
        }
    }
}

#[tokio::test]
async fn its_files_are_static_confined_to_this_server_and_revalidated() {
    let server = Setup::public_only().args(&["--page"]).start();
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/page/main.js", "text/javascript; charset=utf-8"),
        ("/page/page.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
    ] {
        let answer = server.get(path).send().await.unwrap();
        let fields = answer.headers().clone();
        let field = |name: &str| fields[name].to_str().unwrap().to_owned();
        assert_eq!(field("content-type"), media_type);
        assert_eq!(field("cache-control"), "no-cache");
        assert_eq!(field("x-content-type-options"), "nosniff");
        assert_eq!(field("referrer-policy"), "no-referrer");
        let policy = field("content-security-policy");
        let directives: Vec<_> = policy.split("; ").collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(directives.contains(&directive), "{directive} in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let content = answer.bytes().await.unwrap();
        assert_eq!(field("content-length"), content.len().to_string());

        let head = server.head(path).send().await.unwrap();
        assert_eq!(head.headers()["content-length"], fields["content-length"]);
        let tag = ("if-none-match", field("etag"));
        let again = server.get(path).header(tag.0, tag.1).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.bytes().await.unwrap().is_empty());
    }
    let html = server.get("/").send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("<style") && !html.contains("://"), "{html}");
}

#[tokio::test]
async fn its_paths_are_the_hosts_and_all_others_the_components() {
    let server = Setup::public_only().args(&["--page"]).start();
    for path in ["/page/", "/page/none.js", "/page/token"] {
        let answer = server.get(path).send().await.unwrap();
        assert_problem(answer, 404, "not-found").await;
    }
    let stored = server.put("/v1/public/files/page/main.js", "mine");
    assert_eq!(stored.send().await.unwrap().status(), StatusCode::CREATED);
    for path in ["/", "/page/main.js"] {
        let answer = server.put(path, "mine").send().await.unwrap();
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
        assert_problem(answer, 405, "method-not-allowed").await;
        let answer = server.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    let metrics = format!("{}/metrics", server.operations);
    let metrics = reqwest::get(metrics).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("operation=\"page\""), "{metrics}");
}
