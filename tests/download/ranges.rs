//! Parts of a file (RFC 9110, 14).

use reqwest::Method;

use super::{ask, field, lasting, store};
use crate::support::{Server, assert_problem, content};

const TYPE: &str = "application/x-test";

#[tokio::test]
async fn one_range_is_answered_with_exactly_its_bytes() {
    let server = Server::shared();
    let path = "/v1/public/files/ranges/one";
    let bytes = content(1, 1000);
    let etag = store(&server, path, TYPE, bytes.clone()).await;
    let whole = server.get(path).send().await.unwrap();
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-499", 0, 499),
        ("bytes=500-998", 500, 998),
        ("bytes=999-999", 999, 999),
        ("bytes=999-", 999, 999),
        ("bytes=500-", 500, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-400", 600, 999),
        // A range of the whole file is a partial response too.
        ("bytes=0-", 0, 999),
        ("bytes=0-999", 0, 999),
        ("bytes=-1000", 0, 999),
        // What is past the end is left out.
        ("bytes=0-1000", 0, 999),
        ("bytes=990-18446744073709551615", 990, 999),
        ("bytes=990-18446744073709551616", 990, 999),
        ("bytes=990-99999999999999999999999999", 990, 999),
        ("bytes=-1001", 0, 999),
        ("bytes=-18446744073709551615", 0, 999),
        ("bytes=-99999999999999999999999999", 0, 999),
        ("bytes=0000000000000000000000007-0008", 7, 8),
    ] {
        let response = ask(&server, Method::GET, path, &[("range", range)], "").await;
        assert_eq!(response.status(), 206, "{range}");
        let headers = response.headers().clone();
        let length = last - first + 1;
        assert_eq!(
            field(&headers, "content-range"),
            format!("bytes {first}-{last}/1000"),
            "{range}"
        );
        assert_eq!(
            field(&headers, "content-length"),
            length.to_string(),
            "{range}"
        );
        assert_eq!(field(&headers, "etag"), etag);
        assert!(
            response.bytes().await.unwrap() == bytes[first..=last],
            "{range}"
        );

        // Everything else is as with the whole file.
        let mut others = lasting(&headers);
        let mut expected = lasting(whole.headers());
        others.remove("content-range");
        others.remove("content-length");
        expected.remove("content-length");
        assert_eq!(others, expected, "{range}");
    }
}

#[tokio::test]
async fn a_range_without_a_byte_is_not_satisfiable() {
    let server = Server::shared();
    let path = "/v1/public/files/ranges/unsatisfiable";
    store(&server, path, TYPE, content(1, 1000)).await;
    for range in [
        "bytes=1000-",
        "bytes=1000-1000",
        "bytes=1000-2000",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=18446744073709551616-",
        "bytes=99999999999999999999999999-99999999999999999999999999",
    ] {
        let response = ask(&server, Method::GET, path, &[("range", range)], "").await;
        assert_eq!(response.status(), 416, "{range}");
        let content_range = field(response.headers(), "content-range");
        assert_eq!(content_range, "bytes */1000", "{range}");
        assert_problem(response, 416, "range-not-satisfiable").await;
    }
}

#[tokio::test]
async fn every_range_of_an_empty_file_is_the_whole_file() {
    let server = Server::shared();
    let path = "/v1/public/files/ranges/empty";
    let etag = store(&server, path, TYPE, "").await;
    for range in [
        "bytes=0-",
        "bytes=0-0",
        "bytes=0-1048575",
        "bytes=5-",
        "bytes=-5",
        "bytes=-0",
    ] {
        let response = ask(&server, Method::GET, path, &[("range", range)], "").await;
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(field(response.headers(), "content-length"), "0");
        assert!(!response.headers().contains_key("content-range"));
        assert_eq!(response.bytes().await.unwrap(), "");
        let same = [("range", range), ("if-none-match", "CURRENT")];
        let response = ask(&server, Method::GET, path, &same, &etag).await;
        assert_eq!(response.status(), 304, "{range}");
    }
}

#[tokio::test]
async fn anything_but_a_single_range_is_answered_with_the_whole_file() {
    let server = Server::shared();
    let path = "/v1/public/files/ranges/whole";
    let bytes = content(1, 1000);
    store(&server, path, TYPE, bytes.clone()).await;
    let lists = [
        "bytes=0-1,4-5",
        "bytes=0-0, -1",
        "bytes=0-,0-,0-",
        "bytes=5-6,2000-",
    ];
    let malformed = [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=--1",
        "bytes=a-b",
        "bytes=1",
        "bytes=5-2",
        "bytes=1-2-3",
        "bytes=0x1-2",
        "bytes=1.5-2",
        "bytes=+1-2",
        "bytes=1-+2",
        "0-1",
        "=0-1",
        "bytes 0-1",
        "bytes:0-1",
        "lines=0-1",
        "bytes=é-1",
        "bytes=0-1;x",
    ];
    for range in lists.iter().chain(&malformed) {
        let request = server.get(path).header("range", range.as_bytes());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{range}");
        assert!(!response.headers().contains_key("content-range"), "{range}");
        assert!(response.bytes().await.unwrap() == bytes, "{range}");
    }
    let twice = [("range", "bytes=0-1"), ("range", "bytes=2-3")];
    assert_eq!(
        ask(&server, Method::GET, path, &twice, "").await.status(),
        200
    );

    // HEAD ignores ranges.
    let whole = server.head(path).send().await.unwrap();
    for range in ["bytes=0-1", "bytes=2000-", "nonsense"] {
        let response = ask(&server, Method::HEAD, path, &[("range", range)], "").await;
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(
            lasting(response.headers()),
            lasting(whole.headers()),
            "{range}"
        );
    }
}

#[tokio::test]
async fn if_range_gives_a_part_of_the_same_version_or_all_of_the_current_one() {
    let server = Server::shared();
    let path = "/v1/public/files/ranges/if-range";
    let first = store(&server, path, TYPE, "the old one").await;
    let etag = store(&server, path, TYPE, "0123456789").await;
    let head = server.head(path).send().await.unwrap();
    let modified = field(head.headers(), "last-modified").to_owned();
    let weak = format!("W/{etag}");
    let list = format!("{etag}, {first}");
    for (if_range, status) in [
        (etag.as_str(), 206),
        (&modified, 206),
        (&first, 200),
        (&weak, 200),
        (&list, 200),
        ("*", 200),
        ("\"other\"", 200),
        ("nonsense", 200),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 200),
        // Not the modification time of this version, so not known to be the same.
        ("Fri, 01 Jan 2100 00:00:00 GMT", 200),
    ] {
        for (range, part) in [("bytes=2-4", Some("234")), ("bytes=99-", None)] {
            let fields = [("if-range", if_range), ("range", range)];
            let response = ask(&server, Method::GET, path, &fields, "").await;
            let expected = if status == 206 && part.is_none() {
                416
            } else {
                status
            };
            assert_eq!(response.status(), expected, "{fields:?}");
            let body = match status {
                200 => "0123456789",
                _ => part.unwrap_or_default(),
            };
            if expected != 416 {
                assert_eq!(response.text().await.unwrap(), body, "{fields:?}");
            }
        }
    }
    // Without a Range it has no effect.
    let response = ask(&server, Method::GET, path, &[("if-range", &first)], "").await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn random_ranges_of_a_large_file_are_exact() {
    const SIZE: usize = 20_000_003;
    let server = Server::shared();
    let path = "/v1/public/files/ranges/large";
    let bytes = content(3, SIZE);
    store(&server, path, TYPE, bytes.clone()).await;
    let mut ranges: Vec<(usize, usize)> = content(4, 60 * 16)
        .chunks(16)
        .map(|noise| {
            let (first, length) = noise.split_at(8);
            let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
            let first = usize::try_from(number(first) % SIZE as u64).unwrap();
            let length = usize::try_from(number(length) % 2_000_000).unwrap();
            (first, (first + length).min(SIZE - 1))
        })
        .collect();
    // Where buffers begin and end.
    for edge in [4096, 65_536, 262_144, 524_288, 1 << 20, 16 << 20] {
        ranges.extend([
            (edge - 1, edge),
            (edge, edge),
            (0, edge - 1),
            (edge - 1, SIZE - 1),
        ]);
    }
    for (first, last) in ranges {
        let range = format!("bytes={first}-{last}");
        let response = ask(&server, Method::GET, path, &[("range", &range)], "").await;
        assert_eq!(response.status(), 206, "{range}");
        assert!(
            response.bytes().await.unwrap() == bytes[first..=last],
            "{range}"
        );
    }
    assert!(
        server
            .get(path)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            == bytes
    );
}
