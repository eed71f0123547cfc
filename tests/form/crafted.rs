//! Malformed forms, and content that looks like a form.

use super::*;
use crate::support::{assert_problem, user};

#[tokio::test]
async fn a_part_with_a_crafted_header_is_refused() {
    let server = Server::start();
    let token = user("alice");
    let good = "Content-Disposition: form-data; name=f; filename=a";
    let many = format!("{good}{}", "\r\nX-Field: a".repeat(2000));
    let long = format!("X-Long: {}\r\n{good}", "a".repeat(16 << 10));
    let long_disposition = format!("{good}; x={}", "a".repeat(300 << 10));
    for header in [
        "",
        "Content-Type: text/plain",
        "Content-Disposition: ",
        "Content-Disposition: attachment; filename=a",
        "Content-Disposition: form-dat; filename=a",
        "Content-Disposition form-data; name=f; filename=a",
        &format!("{good}\r\nno colon"),
        &format!("{good}\r\n: no name"),
        &format!("{good}\r\nX Y: a space"),
        &format!("{good}\r\nX: a\0b"),
        &format!("\0{good}"),
        // Duplicate fields, of which other parsers may use the other one.
        &format!("{good}\r\nContent-Disposition: form-data; name=f"),
        &format!("Content-Disposition: form-data; name=f\r\n{good}"),
        &format!("{good}\r\nContent-Type: text/html\r\nContent-Type: image/png"),
        // A file to some parsers and a text field to others.
        "Content-Disposition: form-data; name=\"f\"; x; filename=\"foo.html\"",
        "Content-Disposition: form-data; name=\"f\"; \"filename\"=\"foo.html\"",
        "Content-Disposition: form-data; name=\"f\"; filename*0=\"foo\"; filename*1=\".html\"",
        "Content-Disposition: form-data; name=\"f\"; filename*0*=UTF-8''foo",
        "Content-Disposition: form-data; name=\"f\"; file name=\"foo.html\"",
        "Content-Disposition: form-data; name=f\"; filename=\"foo.html\"",
        &format!("{good}\r\nContent-Transfer-Encoding: base64"),
        &format!("{good}\r\nContent-Transfer-Encoding: quoted-printable"),
        &many,
        &long,
        &long_disposition,
    ] {
        for before in [vec![], vec![file("before", "1")]] {
            let mut parts = before;
            parts.push(part(header, "content"));
            let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
            eprintln!("{:.80}", header.escape_debug().to_string());
            assert_problem(response, 400, "invalid-multipart").await;
        }
    }
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
}

#[tokio::test]
async fn the_request_must_say_that_it_is_a_form_and_what_its_boundary_is() {
    let server = Server::start();
    let long = "b".repeat(71);
    let longer = "b".repeat(100_000 / 2);
    for (given, expected) in [
        (None, 415),
        (Some("text/plain".to_owned()), 415),
        (Some("application/x-www-form-urlencoded".to_owned()), 415),
        (Some(format!("multipart/mixed; boundary={BOUNDARY}")), 415),
        (
            Some(format!("multipart/form-dat; boundary={BOUNDARY}")),
            415,
        ),
        (Some("multipart/form-data".to_owned()), 400),
        (Some("multipart/form-data; boundary".to_owned()), 400),
        (Some("multipart/form-data; boundary=".to_owned()), 400),
        (Some("multipart/form-data; boundary=\"\"".to_owned()), 400),
        (Some("multipart/form-data; boundary=\" \"".to_owned()), 400),
        (
            Some("multipart/form-data; boundary=another".to_owned()),
            400,
        ),
        (Some(format!("multipart/form-data; boundary={long}")), 400),
        (Some(format!("multipart/form-data; boundary={longer}")), 400),
        (
            Some(format!(
                "multipart/form-data; boundary={BOUNDARY}; boundary=b"
            )),
            400,
        ),
        (
            Some(format!("multipart/form-data; Boundary={BOUNDARY}")),
            201,
        ),
        (
            Some(format!("Multipart/Form-Data;boundary=\"{BOUNDARY}\"")),
            201,
        ),
        (
            Some(format!(
                "multipart/form-data; charset=utf-8; boundary={BOUNDARY}"
            )),
            201,
        ),
    ] {
        let token = user(&format!("{expected}"));
        let at = "/v1/user/files?replace=true";
        let mut request = server.post(at).bearer_auth(&token);
        if let Some(given) = &given {
            request = request.header("content-type", given);
        }
        let body = form(&[file("a", "1")]);
        let response = request.body(body).send().await.unwrap();
        eprintln!("{given:.80?}");
        match expected {
            201 => assert_eq!(response.status(), 201),
            400 => assert_problem(response, 400, "invalid-multipart").await,
            _ => assert_problem(response, 415, "unsupported-media-type").await,
        }
    }
    for refused in ["400", "415"] {
        assert!(names(&server, &user(refused)).await.is_empty());
    }
}

#[tokio::test]
async fn a_request_that_is_not_a_form_is_told_what_is_expected() {
    let server = Server::start();
    for (given, named) in [
        (
            Some("application/json"),
            "the Content-Type is application/json,",
        ),
        (
            Some("text/plain;charset=UTF-8"),
            "the Content-Type is text/plain;charset=UTF-8,",
        ),
        (Some(""), "there is no Content-Type"),
        (None, "there is no Content-Type"),
    ] {
        let mut request = server.post("/v1/public/files").body("{}");
        if let Some(given) = given {
            request = request.header("content-type", given);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 415);
        let problem: Value = response.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(named.trim_end_matches(',')), "{detail}");
        assert!(detail.contains("multipart/form-data"), "{detail}");
    }
}

#[tokio::test]
async fn a_boundary_may_have_seventy_characters_of_any_kind() {
    let server = Server::start();
    let token = user("alice");
    let longest = "b".repeat(70);
    for (number, (given, boundary)) in [
        (longest.as_str(), longest.as_str()),
        ("\"a b'()+_,-./:=?c\"", "a b'()+_,-./:=?c"),
        ("b", "b"),
        ("--", "--"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = form(&[file("a", "one"), file("b", "two")]);
        let body = String::from_utf8(body).unwrap().replace(BOUNDARY, boundary);
        let response = server
            .post(&format!("/v1/user/files?folder={number}"))
            .bearer_auth(&token)
            .header(
                "content-type",
                format!("multipart/form-data; boundary={given}"),
            )
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 201, "{given}");
        let path = format!("/v1/user/files/{number}/b");
        assert_eq!(content(&server, &path, &token).await, b"two", "{given}");
    }
}

#[tokio::test]
async fn content_that_looks_like_a_boundary_stays_content() {
    let server = Server::start();
    let token = user("alice");
    let shorter = &BOUNDARY[..BOUNDARY.len() - 1];
    let contents: Vec<Vec<u8>> = [
        format!("--{BOUNDARY}x"),
        format!("a--{BOUNDARY}--\r\nb"),
        format!("a\n--{BOUNDARY}\nb"),
        format!("a\r--{BOUNDARY}--\r\r\nb"),
        format!("a\r\n-{BOUNDARY}--\r\nb"),
        format!("a\r\n--{shorter}\r\nb"),
        format!("a\r\n--{shorter}--\r\n"),
        format!("a\r\n --{BOUNDARY}\r\n"),
        format!("a\r\n\r\n--{shorter}"),
        "\r\n".to_owned(),
        "\r\n--".to_owned(),
        "\r\n\r\n\r\n\r".to_owned(),
        "--".to_owned(),
        "Content-Disposition: form-data; name=f; filename=b\r\n\r\n".to_owned(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([(0..=255).collect(), vec![0; 5]])
    .collect();
    // A delimiter must have a line to itself, so no content may start with the first of these.
    let contents = &contents[1..];
    let parts = || -> Vec<Part> {
        let named = contents.iter().enumerate();
        named
            .map(|(n, content)| file(&format!("{n}"), content.clone()))
            .collect()
    };
    // However the body is split on its way.
    for piece in [1, 2, 3, 7, 1000, usize::MAX] {
        let body = form(&parts());
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body
            .chunks(piece.min(body.len()))
            .map(|piece| Ok(piece.to_vec()))
            .collect();
        let response = server
            .post("/v1/user/files?replace=true")
            .bearer_auth(&token)
            .header("content-type", form_type())
            .body(reqwest::Body::wrap_stream(futures_util::stream::iter(
                pieces,
            )))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 201, "{:?}", response.text().await);
        for (n, expected) in contents.iter().enumerate() {
            let stored = content(&server, &format!("/v1/user/files/{n}"), &token).await;
            assert_eq!(
                stored.escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "in pieces of {piece}"
            );
        }
    }
}
