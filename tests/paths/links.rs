//! Links carry their file and the limits there were when they were made, not the path's rule.

use reqwest::Response;
use serde_json::{Value, json};

use super::{Server, Setup, by, iam};

const PATHS: &str = "[[org.paths]]\nmatch = \"in/{claim:/department}/**\"\ncreate = \"signed-in\"\n\
     read = \"signed-in\"\nmax-file-size = \"10 B\"\ncontent-types = [\"text/*\"]\n\
     [[org.paths]]\nmatch = \"in/**\"\ncreate = \"nobody\"\nread = \"nobody\"\nlist = \"nobody\"\n";

async fn link(server: &Server, target: &str, purpose: &str) -> Response {
    let request = by("ann", server.post(&format!("/v1/org/urls/{target}")));
    let request = request.body(json!({ "for": purpose }).to_string());
    request.send().await.unwrap()
}

async fn path_of(response: Response) -> String {
    let made: Value = response.json().await.unwrap();
    let url = made["url"].as_str().unwrap();
    url[url.find("/v1/").unwrap()..].to_owned()
}

#[tokio::test]
async fn a_link_works_for_whom_the_path_is_closed_and_keeps_its_limits() {
    let server = Setup::policy(&format!("{}{PATHS}", iam())).start();
    let upload = path_of(link(&server, "in/hr/a", "upload").await).await;
    let put = async |content: &str, content_type: &str| {
        let request = server.put(&upload, content.to_owned());
        let request = request.header("content-type", content_type);
        request.send().await.unwrap().status()
    };
    assert_eq!(put("12345678901", "text/plain").await, 413);
    assert_eq!(put("1", "image/png").await, 415);
    assert_eq!(put("1234567890", "text/plain").await, 201);
    let download = path_of(link(&server, "in/hr/a", "download").await).await;
    assert_eq!(server.get(&download).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn no_link_is_made_that_leads_where_its_maker_may_not() {
    let server = Setup::policy(&format!("{}{PATHS}", iam())).start();
    for (target, purpose, status) in [
        ("in/it/a", "upload", 403),
        ("in/it/a", "download", 403),
        ("in/it/", "upload", 403),
        // Some of it would be closed.
        ("in/", "upload", 403),
        ("in/hr/", "upload", 201),
        ("in/hr/deeper/", "upload", 201),
        ("other/", "upload", 201),
    ] {
        let made = link(&server, target, purpose).await;
        assert_eq!(made.status(), status, "{target} {purpose}");
    }
    let folder = path_of(link(&server, "in/hr/", "upload").await).await;
    for (name, status) in [("a.txt", 201), ("../it/a.txt", 400), ("big.txt", 413)] {
        let content = if name == "big.txt" {
            "12345678901"
        } else {
            "1"
        };
        let part = reqwest::multipart::Part::text(content).file_name(name);
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = server.post(&format!("{folder}?paths=keep")).multipart(form);
        let response = request.send().await.unwrap();
        assert_eq!(
            response.status(),
            status,
            "{name}: {}",
            response.text().await.unwrap()
        );
    }
}

#[tokio::test]
async fn a_link_of_nobody_stores_no_more_than_nobody_may() {
    let rules = "[public]\ncreate = \"anyone\"\nmax-file-size = \"10 B\"\n\
         content-types = [\"image/png\"]\n\
         [[public.paths]]\nmatch = \"studio/{claim:/department}/**\"\ncreate = \"signed-in\"\n\
         max-file-size = \"1 MB\"\ncontent-types = [\"*/*\"]\n";
    let server = Setup::policy(&format!("{}{rules}", iam())).start();
    let put = async |path: &str, content: &str, content_type: &str| {
        let request = server.put(path, content.to_owned());
        let request = request.header("content-type", content_type);
        request.send().await.unwrap()
    };
    let file = "/v1/public/files/studio/hr/a";
    let request = server.post("/v1/public/urls/studio/hr/a");
    let request = request.body(json!({ "for": "upload" }).to_string());
    let upload = path_of(request.send().await.unwrap()).await;
    for path in [file, &upload] {
        assert_eq!(put(path, "1", "text/html").await.status(), 415, "{path}");
        let large = put(path, "12345678901", "image/png").await;
        assert_eq!(large.status(), 413, "{path}");
    }
    let stored = put(&upload, "1", "image/png").await;
    assert_eq!(stored.status(), 201);
    let stored: Value = stored.json().await.unwrap();
    let manage = stored["manage_url"].as_str().unwrap();
    let manage = &manage[manage.find("/v1/").unwrap()..];
    assert_eq!(put(manage, "1", "text/html").await.status(), 415);
    let large = put(manage, "12345678901", "image/png").await;
    assert_eq!(large.status(), 413);
    assert_eq!(put(manage, "2", "image/png").await.status(), 200);
}
