//! The name that a download is saved under (RFC 6266).

use reqwest::Method;

use super::{ask, field, lasting, store};
use crate::support::{Server, assert_problem, raw};

#[tokio::test]
async fn a_file_is_saved_under_the_last_component_of_its_name() {
    let server = Server::shared();
    for (path, plain, encoded) in [
        ("report.pdf", "report.pdf", "report.pdf"),
        ("deep/folder/report.pdf", "report.pdf", "report.pdf"),
        ("deep%2Freport.pdf", "report.pdf", "report.pdf"),
        ("with%20space.pdf", "with space.pdf", "with%20space.pdf"),
        ("%E6%97%A5%E6%9C%AC.pdf", "__.pdf", "%E6%97%A5%E6%9C%AC.pdf"),
        ("%F0%9F%98%80", "_", "%F0%9F%98%80"),
        ("na%C3%AFve.pdf", "na_ve.pdf", "na%C3%AFve.pdf"),
        ("quo%22te.pdf", "quo_te.pdf", "quo%22te.pdf"),
        ("100%25.pdf", "100_.pdf", "100%25.pdf"),
        (
            "semi;colon,comma.pdf",
            "semi;colon,comma.pdf",
            "semi%3Bcolon%2Ccomma.pdf",
        ),
        ("it's(1)*.pdf", "it's(1)*.pdf", "it%27s%281%29%2A.pdf"),
        (
            "filename*=UTF-8''x",
            "filename*=UTF-8''x",
            "filename%2A%3DUTF-8%27%27x",
        ),
        (".hidden", ".hidden", ".hidden"),
    ] {
        let path = format!("/v1/public/files/saved/{path}");
        store(&server, &path, "application/pdf", "x").await;
        for (query, kind) in [
            ("", "inline"),
            ("?download", "attachment"),
            ("?download=", "attachment"),
        ] {
            let response = server.get(&format!("{path}{query}")).send().await.unwrap();
            let expected = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
            assert_eq!(
                field(response.headers(), "content-disposition"),
                expected,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_may_choose_the_saved_name_and_nothing_else() {
    let server = Server::shared();
    let path = "/v1/public/files/saved/folder/own.png";
    store(&server, path, "image/png", "0123456789").await;
    for (wanted, plain, encoded) in [
        ("other.name", "other.name", "other.name"),
        ("a+b%20c.png", "a b c.png", "a%20b%20c.png"),
        ("1%2B1", "1+1", "1%2B1"),
        ("%E6%97%A5.png", "_.png", "%E6%97%A5.png"),
        // Characters that would end the quoted string, the field, the header or the folder.
        (
            "%22;filename=evil.exe",
            "_;filename=evil.exe",
            "%22%3Bfilename%3Devil.exe",
        ),
        ("a%5C%22b", "_b", "%22b"),
        (
            "a%0D%0ASet-Cookie:%20x=1",
            "aSet-Cookie: x=1",
            "aSet-Cookie%3A%20x%3D1",
        ),
        ("%0D%0A%0D%0Abody", "body", "body"),
        ("a%00b%7Fc%C2%85d", "abcd", "abcd"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("%2e%2e%2fpasswd", "passwd", "passwd"),
        ("C:%5CWindows%5Cevil.exe", "evil.exe", "evil.exe"),
        ("100%25", "100_", "100%25"),
        // No usable name is left, so the file keeps its own.
        ("folder/", "own.png", "own.png"),
        ("..", "own.png", "own.png"),
        ("a/.", "own.png", "own.png"),
        ("%00", "own.png", "own.png"),
    ] {
        let target = format!("{path}?download={wanted}");
        let plain_request = server.get(&target).send().await.unwrap();
        let expected = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
        assert_eq!(plain_request.status(), 200, "{wanted}");
        let headers = lasting(plain_request.headers());
        assert_eq!(field(&headers, "content-disposition"), expected, "{wanted}");
        assert!(!headers.contains_key("set-cookie"));
        assert_eq!(plain_request.text().await.unwrap(), "0123456789");

        // The same with HEAD and with a range.
        let head = server.head(&target).send().await.unwrap();
        assert_eq!(lasting(head.headers()), headers, "{wanted}");
        let part = ask(&server, Method::GET, &target, &[("range", "bytes=0-0")], "").await;
        assert_eq!(part.status(), 206, "{wanted}");
        assert_eq!(
            field(part.headers(), "content-disposition"),
            expected,
            "{wanted}"
        );
    }
    for malformed in ["%ff", "%zz", "a&download=b"] {
        let response = server
            .get(&format!("{path}?download={malformed}"))
            .send()
            .await
            .unwrap();
        assert_problem(response, 400, "invalid-request").await;
    }
    // Other parameters are ignored, however they are encoded.
    for others in ["x=7&downloads=x", "v=%", "utm_term=caf%E9", "%=%zz&&=&%E9"] {
        let address = server.address();
        let request =
            format!("GET {path}?{others} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let (status, headers, _) = raw(address, request.as_bytes());
        assert_eq!(status, 200, "{others}");
        assert!(field(&headers, "content-disposition").starts_with("inline;"));
    }
}

#[tokio::test]
async fn a_long_name_is_cut_so_that_the_field_stays_small() {
    let server = Server::shared();
    let long = format!("{}.pdf", "n".repeat(890));
    let cut = format!("{}.pdf", "n".repeat(251));
    let path = format!("/v1/public/files/{long}");
    store(&server, &path, "application/pdf", "0123456789").await;
    for (query, name) in [
        (String::new(), cut.clone()),
        (format!("?download={}", "!".repeat(60_000)), "!".repeat(255)),
        (
            format!("?download={}", "%E6%97%A5".repeat(6000)),
            "日".repeat(255),
        ),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let response = server.request(method, &format!("{path}{query}"));
            let response = response.send().await.unwrap();
            assert_eq!(response.status(), 200, "{query:.20}");
            let disposition = field(response.headers(), "content-disposition");
            let (_, encoded) = disposition.split_once("filename*=UTF-8''").unwrap();
            let saved = percent_encoding::percent_decode_str(encoded).decode_utf8();
            assert_eq!(saved.unwrap(), name, "{query:.20}");
        }
    }
}
