//! Resumable uploads are judged when they begin and when they end.

use reqwest::Method;

use super::{Server, Setup, by, iam};

const OPEN: &str = "[[org.paths]]\nmatch = \"in/{claim:/department}/**\"\ncreate = \"signed-in\"\n\
     [[org.paths]]\nmatch = \"in/**\"\ncreate = \"nobody\"\nreplace = \"nobody\"\n";
const CLOSED: &str =
    "[[org.paths]]\nmatch = \"in/**\"\ncreate = \"nobody\"\nreplace = \"nobody\"\n";

async fn begin(server: &Server, name: &str) -> Result<String, u16> {
    let request = server.put(&format!("/v1/org/files/{name}"), "abc");
    let request = request
        .header("upload-draft-interop-version", "6")
        .header("upload-complete", "?0");
    let begun = by("ann", request).send().await.unwrap();
    if begun.status() != 201 {
        return Err(begun.status().as_u16());
    }
    let url = begun.headers()["location"].to_str().unwrap();
    Ok(url[url.find("/v1/").unwrap()..].to_owned())
}

async fn end(server: &Server, upload: &str, caller: &str) -> u16 {
    let request = server.request(Method::PATCH, upload).body("def");
    let request = request
        .header("upload-draft-interop-version", "6")
        .header("content-type", "application/partial-upload")
        .header("upload-offset", 3)
        .header("upload-complete", "?1");
    by(caller, request).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_upload_is_judged_at_both_moments() {
    let server = Setup::policy(&format!("{}{OPEN}", iam())).start();
    assert_eq!(begin(&server, "in/it/a").await, Err(403));
    let upload = begin(&server, "in/hr/a").await.expect("begun");
    // Another member, whose department it is not.
    assert_eq!(end(&server, &upload, "bob").await, 404);
    for method in [Method::HEAD, Method::DELETE] {
        let request = server.request(method.clone(), &upload);
        let request = request.header("upload-draft-interop-version", "6");
        let answer = by("bob", request).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method}");
    }
    assert_eq!(end(&server, &upload, "ann").await, 201);

    let cut_off = begin(&server, "in/hr/b").await.expect("begun");
    let data = server.data();
    drop(server);
    let server = Setup::policy(&format!("{}{CLOSED}", iam()))
        .data(data)
        .start();
    assert_eq!(end(&server, &cut_off, "ann").await, 403);
    let look = by("ann", server.head(&cut_off));
    let look = look
        .header("upload-draft-interop-version", "6")
        .send()
        .await;
    assert_eq!(look.unwrap().status(), 404, "nothing is left of it");
}
