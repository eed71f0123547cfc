//! Names: valid or refused, and never a path on the disk. Requests go out byte
//! for byte, since client libraries resolve dot segments themselves.

mod valid;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::support::{Server, Setup, assert_problem_parts, files_below, raw};

/// Every operation that takes a name, with what surrounds the name.
const OPERATIONS: [(&str, &str, &str); 5] = [
    ("PUT", "/v1/public/files/", "x"),
    ("GET", "/v1/public/files/", ""),
    ("HEAD", "/v1/public/files/", ""),
    ("DELETE", "/v1/public/files/", ""),
    ("POST", "/v1/public/urls/", ""),
];

type Reply = (u16, HeaderMap, Vec<u8>);

fn send(server: &Server, method: &str, target: &[u8], body: &str) -> Reply {
    let mut request = format!("{method} ").into_bytes();
    request.extend_from_slice(target);
    let address = server.address();
    let rest = format!(
        " HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    request.extend_from_slice(rest.as_bytes());
    raw(address, &request)
}

fn put(server: &Server, raw_name: &str, body: &str) -> Reply {
    let target = format!("/v1/public/files/{raw_name}");
    send(server, "PUT", target.as_bytes(), body)
}

fn get(server: &Server, target: &str) -> (u16, String) {
    let (status, _, body) = send(server, "GET", target.as_bytes(), "");
    (status, String::from_utf8(body).unwrap())
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.2).unwrap()
}

/// The names that the public area lists.
fn listed(server: &Server) -> Vec<String> {
    let reply = send(server, "GET", b"/v1/public/files?limit=1000", "");
    let listing = json(&reply);
    assert_eq!(listing["next"], Value::Null);
    let files = listing["files"].as_array().unwrap();
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    files.iter().map(name).collect()
}

/// Each operation on each of these is 400 `invalid-name`, and nothing is stored.
fn assert_refused<'n>(server: &Server, raw_names: impl IntoIterator<Item = &'n [u8]>) {
    for raw_name in raw_names {
        for (method, before, body) in OPERATIONS {
            let target = [before.as_bytes(), raw_name].concat();
            let what = format!("{method} {}", target.escape_ascii());
            let reply = send(server, method, &target, body);
            assert_eq!(reply.0, 400, "{what}");
            if method == "HEAD" {
                assert_eq!(reply.2, b"", "{what}");
            } else {
                assert_problem_parts(&reply, 400, "invalid-name");
            }
        }
    }
    assert_eq!(listed(server), Vec::<String>::new());
    assert_eq!(files_below(&server.data_dir().join("blobs")), []);
}

#[test]
fn a_segment_that_is_empty_or_of_dots_is_refused_however_encoded() {
    let server = Setup::public_only().start();
    let plain = [
        "",
        "/",
        "//",
        "/a",
        "a/",
        "a//b",
        "a//",
        ".",
        "..",
        "./a",
        "../a",
        "a/.",
        "a/..",
        "a/./b",
        "a/../b",
        "a/../../b",
        "../../etc/passwd",
        "/etc/passwd",
        "./.",
        "../",
    ];
    let encoded = [
        "%2f",
        "%2F",
        "%2fa",
        "a%2f",
        "a%2f%2fb",
        "a/%2fb",
        "a%2f/b",
        "%2fetc%2fpasswd",
        "%2e",
        "%2E",
        "%2e%2e",
        "%2E%2e",
        ".%2e",
        "%2e.",
        "%2e%2e/a",
        "%2e%2e%2fa",
        "..%2fa",
        "..%2Fa",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "a/%2e%2e/b",
        "a%2f..%2fb",
        "a%2f%2e%2e",
        "a%2f%2e%2fb",
        "a/b/%2e",
        "%61/%2e%2e/%61",
    ];
    assert_refused(&server, plain.iter().chain(&encoded).map(|n| n.as_bytes()));
}

#[test]
fn backslashes_control_characters_and_invalid_utf_8_are_refused() {
    let server = Setup::public_only().start();
    let backslashes = [
        "\\",
        "%5c",
        "a%5Cb",
        "a\\b",
        "..\\a",
        "..%5ca",
        "%2e%2e%5ca",
        "C:%5ca",
    ];
    let percents = [
        "%", "a%", "%4", "a%2", "%zz", "%2g", "%%61", "%u002e", "%+1", "%-1", "a%/b",
    ];
    // Overlong forms of `.`, `/`, `\` and NUL, lone surrogates, code points beyond
    // U+10FFFF, truncated sequences and stray bytes.
    let not_utf8 = [
        "%c0%ae%c0%ae/a",
        "%c0%af",
        "a%c0%afb",
        "%c1%9c",
        "%c0%80",
        "%e0%80%ae",
        "%e0%80%af",
        "%f0%80%80%ae",
        "%f8%80%80%80%ae",
        "%fc%80%80%80%80%ae",
        "%ed%a0%80",
        "%ed%b0%80",
        "%ed%a0%bd%ed%b8%80",
        "%f4%90%80%80",
        "%e6%97",
        "%e6%97/%a5",
        "%80",
        "%bf",
        "%e9",
        "%ff",
        "%fe%ff",
    ];
    let names = backslashes.iter().chain(&percents).chain(&not_utf8);
    assert_refused(&server, names.map(|n| n.as_bytes()));

    let c0 = (0x00..=0x1f_u8).chain([0x7f]);
    let controls = c0.map(|code| format!("a%{code:02x}b"));
    let c1 = (0x80..=0x9f_u8).map(|code| format!("%C2%{code:02X}"));
    let names: Vec<String> = controls
        .chain(c1)
        .chain(["%00", "a.png%00", "%00/a", "a%0d%0aX-Injected:%20b", "%7f"].map(str::to_owned))
        .collect();
    assert_refused(&server, names.iter().map(String::as_bytes));
}

#[test]
fn unencoded_bytes_do_no_harm() {
    let server = Setup::public_only().start();
    // Not UTF-8, or not allowed in a request line: refused by the first layer to see it.
    for raw_name in [
        &b"\xc0\xae\xc0\xae/a"[..],
        b"\xff",
        b"a\0b",
        b"a\x7fb",
        b"a\tb",
        b"a b",
    ] {
        let target = [b"/v1/public/files/", raw_name].concat();
        let (status, ..) = send(&server, "PUT", &target, "x");
        assert_eq!(status, 400, "{}", raw_name.escape_ascii());
    }
    // A target in absolute form (RFC 9112, 3.2.2) is read by the same rules.
    for (path, expected) in [("../../a", 400), ("%2e%2e/a", 400), ("a", 201)] {
        let target = format!("http://{}/v1/public/files/{path}", server.address());
        let (status, ..) = send(&server, "PUT", target.as_bytes(), "x");
        assert_eq!(status, expected, "{target}");
    }
    assert_eq!(listed(&server), ["a"]);
}

#[test]
fn nine_hundred_bytes_are_accepted_and_one_more_is_refused() {
    let server = Setup::public_only().start();
    let segments = format!("{}bb", "a/".repeat(449));
    let one_segment = "n".repeat(900);
    let of_three_bytes = "日".repeat(300);
    let of_four_bytes = "\u{1F4BE}".repeat(225);
    for name in [segments, one_segment, of_three_bytes, of_four_bytes] {
        assert_eq!(name.len(), 900);
        let target = format!("/v1/public/files/{}", encode_all(&name));
        assert_eq!(send(&server, "PUT", target.as_bytes(), &name).0, 201);
        assert_eq!(get(&server, &target), (200, name.clone()));
        assert_eq!(listed(&server), [name]);
        assert_eq!(send(&server, "DELETE", target.as_bytes(), "").0, 204);

        let target = format!("{target}b");
        let reply = send(&server, "PUT", target.as_bytes(), "x");
        assert_problem_parts(&reply, 400, "invalid-name");
    }
    let too_long = [
        "n".repeat(901),
        format!("{}é", "n".repeat(899)),
        "%e6%97%a5".repeat(301),
        "%41".repeat(901),
        "x".repeat(20_000),
    ];
    assert_refused(&server, too_long.iter().map(String::as_bytes));
}

/// Every byte percent-encoded.
fn encode_all(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn no_name_appears_in_any_path_and_nothing_is_outside_the_data_directory() {
    let server = Setup::public_only().start();
    let marker = format!("escapee-{}", std::process::id());
    let legal = [
        marker.clone(),
        format!("{marker}/{marker}"),
        format!("%252e%252e%252f{marker}"),
        format!("...%2f...%2f{marker}"),
        format!("{marker}{}", "-".repeat(800)),
        format!("{}.txt", marker.to_uppercase()),
    ];
    let traversals = [
        "../",
        "..%2f",
        "%2e%2e%2f",
        "%2e%2e/",
        "/",
        "%2f",
        "..%5c",
        "..\\",
        "%c0%ae%c0%ae/",
    ]
    .iter()
    .flat_map(|step| (1..8).map(|depth| step.repeat(depth)))
    .map(|steps| format!("{steps}{marker}"));
    for raw_name in &legal {
        assert_eq!(put(&server, raw_name, "inside").0, 201, "{raw_name}");
    }
    for raw_name in traversals {
        assert_eq!(put(&server, &raw_name, "outside").0, 400, "{raw_name}");
    }

    let own = server.data();
    let beside: Vec<_> = std::fs::read_dir(own.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["data"]);
    for (path, _) in files_below(own.path()) {
        let shown = path.to_str().unwrap().to_lowercase();
        assert!(!shown.contains(&marker), "{shown}");
    }
    let here = std::env::current_dir().unwrap();
    for folder in own.path().ancestors().skip(1).chain([here.as_path()]) {
        let escaped = folder.join(&marker);
        assert!(!escaped.exists(), "{}", escaped.display());
    }
}
