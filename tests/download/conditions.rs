//! The preconditions of a GET, and their precedence (RFC 9110, 13.2.2).

use reqwest::Method;

use super::{ask, field, store};
use crate::support::{Server, assert_problem};

const PAST: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";

#[tokio::test]
async fn preconditions_hold_fail_or_save_the_transfer() {
    let server = Server::shared();
    let path = "/v1/public/files/conditions/table";
    let etag = store(&server, path, "text/plain", "0123456789").await;
    let head = server.head(path).send().await.unwrap();
    let modified = field(head.headers(), "last-modified").to_owned();

    // CURRENT stands for the entity tag, MODIFIED for the time.
    let rows: &[(&[(&str, &str)], u16)] = &[
        (&[("if-none-match", "CURRENT")], 304),
        (&[("if-none-match", "W/CURRENT")], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"other\", CURRENT")], 304),
        (&[("if-none-match", "W/\"a,b\",,CURRENT , \"c\"")], 304),
        (&[("if-none-match", "\"other\"")], 200),
        (&[("if-none-match", "\"*\"")], 200),
        // Without quotes it is not an entity tag, which costs no more than the transfer.
        (&[("if-none-match", "abc123")], 200),
        (&[("if-none-match", "abc123, CURRENT")], 304),
        (&[("if-none-match", "\"never closed")], 200),
        (
            &[
                ("if-none-match", "abc123"),
                ("if-modified-since", "MODIFIED"),
            ],
            200,
        ),
        (&[("if-none-match", "\"other\", W/\"another\"")], 200),
        (&[("if-modified-since", "MODIFIED")], 304),
        (&[("if-modified-since", FUTURE)], 304),
        (&[("if-modified-since", PAST)], 200),
        (
            &[("if-modified-since", "Saturday, 01-Jan-00 00:00:00 GMT")],
            200,
        ),
        (&[("if-modified-since", "no date")], 200),
        (&[("if-match", "CURRENT")], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"other\", CURRENT")], 200),
        (&[("if-match", "\"other\"")], 412),
        (&[("if-match", "W/CURRENT")], 412),
        (&[("if-unmodified-since", "MODIFIED")], 200),
        (&[("if-unmodified-since", FUTURE)], 200),
        (&[("if-unmodified-since", PAST)], 412),
        (&[("if-unmodified-since", "no date")], 200),
        // An entity tag takes precedence over a date.
        (
            &[
                ("if-none-match", "\"other\""),
                ("if-modified-since", "MODIFIED"),
            ],
            200,
        ),
        (
            &[("if-none-match", "CURRENT"), ("if-modified-since", PAST)],
            304,
        ),
        (
            &[("if-match", "CURRENT"), ("if-unmodified-since", PAST)],
            200,
        ),
        (
            &[("if-match", "\"other\""), ("if-unmodified-since", FUTURE)],
            412,
        ),
        // What must hold takes precedence over what saves the transfer.
        (
            &[("if-match", "CURRENT"), ("if-none-match", "CURRENT")],
            304,
        ),
        (
            &[("if-match", "\"other\""), ("if-none-match", "CURRENT")],
            412,
        ),
        (
            &[("if-unmodified-since", PAST), ("if-none-match", "CURRENT")],
            412,
        ),
        (
            &[
                ("if-unmodified-since", PAST),
                ("if-modified-since", "MODIFIED"),
            ],
            412,
        ),
        (
            &[("if-match", "CURRENT"), ("if-modified-since", "MODIFIED")],
            304,
        ),
        // Both take precedence over a range, satisfiable or not.
        (&[("if-none-match", "CURRENT"), ("range", "bytes=0-1")], 304),
        (&[("if-none-match", "CURRENT"), ("range", "bytes=99-")], 304),
        (&[("if-match", "\"other\""), ("range", "bytes=0-1")], 412),
        (&[("if-match", "\"other\""), ("range", "bytes=99-")], 412),
        (&[("if-match", "CURRENT"), ("range", "bytes=0-1")], 206),
        (
            &[("if-none-match", "\"other\""), ("range", "bytes=99-")],
            416,
        ),
    ];
    for (fields, status) in rows {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.replace("MODIFIED", &modified)))
            .collect();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let response = ask(&server, Method::GET, path, &fields, &etag).await;
        assert_eq!(response.status(), *status, "{fields:?}");
        let headers = response.headers().clone();
        match status {
            200 | 206 | 304 => {
                assert_eq!(field(&headers, "etag"), etag, "{fields:?}");
                assert_eq!(
                    field(&headers, "cache-control"),
                    "public, no-cache",
                    "{fields:?}"
                );
                let expected = match status {
                    200 => "0123456789",
                    206 => "01",
                    _ => "",
                };
                assert_eq!(response.text().await.unwrap(), expected, "{fields:?}");
            }
            412 => assert_problem(response, 412, "precondition-failed").await,
            _ => assert_problem(response, 416, "range-not-satisfiable").await,
        }

        // HEAD evaluates the same conditions, and ignores ranges.
        let response = ask(&server, Method::HEAD, path, &fields, &etag).await;
        let expected = if matches!(status, 206 | 416) {
            200
        } else {
            *status
        };
        assert_eq!(response.status(), expected, "HEAD {fields:?}");
        if expected == 304 {
            assert_eq!(field(response.headers(), "etag"), etag, "HEAD {fields:?}");
        }
        assert_eq!(response.bytes().await.unwrap(), "", "HEAD {fields:?}");
    }
}

#[tokio::test]
async fn a_copy_is_fresh_until_the_file_is_replaced() {
    let server = Server::shared();
    let path = "/v1/public/files/conditions/copy";
    let first = store(&server, path, "text/plain", "same bytes").await;
    let second = store(&server, path, "text/plain", "same bytes").await;
    for (etag, status) in [(&first, 200), (&second, 304)] {
        let response = ask(&server, Method::GET, path, &[("if-none-match", etag)], "").await;
        assert_eq!(response.status(), status);
    }
}
