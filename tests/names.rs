//! Names: valid or refused, and never a path on the disk. Requests go out byte
//! for byte, since client libraries resolve dot segments themselves.

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

/// A name as requested in the path, the name itself, and the path as the service writes
/// it.
const LEGAL: &[(&str, &str, &str)] = &[
    (
        "%E6%97%A5%E6%9C%AC%E8%AA%9E.pdf",
        "日本語.pdf",
        "%E6%97%A5%E6%9C%AC%E8%AA%9E.pdf",
    ),
    ("%f0%9f%98%80.png", "😀.png", "%F0%9F%98%80.png"),
    ("sp%20ace.txt", "sp ace.txt", "sp%20ace.txt"),
    ("%20", " ", "%20"),
    ("one+two.txt", "one+two.txt", "one%2Btwo.txt"),
    ("one%2btwo.doc", "one+two.doc", "one%2Btwo.doc"),
    ("100%25.txt", "100%.txt", "100%25.txt"),
    ("question%3fmark", "question?mark", "question%3Fmark"),
    ("hash%23tag", "hash#tag", "hash%23tag"),
    (
        "quo%22te'%3cb%3e;&=",
        "quo\"te'<b>;&=",
        "quo%22te%27%3Cb%3E%3B%26%3D",
    ),
    ("~tilde-dash_dot.", "~tilde-dash_dot.", "~tilde-dash_dot."),
    // Decoded once: what is left is ordinary text.
    ("%252e%252e", "%2e%2e", "%252e%252e"),
    (
        "%252e%252e%252fescapee",
        "%2e%2e%2fescapee",
        "%252e%252e%252fescapee",
    ),
    ("%25", "%", "%25"),
    ("%2500", "%00", "%2500"),
    // Dots that do not make a dot segment.
    ("...", "...", "..."),
    ("..two-dots", "..two-dots", "..two-dots"),
    ("dots-behind..", "dots-behind..", "dots-behind.."),
    (".hidden", ".hidden", ".hidden"),
    (".hidden/.hidden", ".hidden/.hidden", ".hidden/.hidden"),
    ("%ef%bc%8e%ef%bc%8e", "．．", "%EF%BC%8E%EF%BC%8E"),
    // What file systems and shells stumble over.
    ("con", "con", "con"),
    ("aux.txt", "aux.txt", "aux.txt"),
    ("nul/prn", "nul/prn", "nul/prn"),
    ("C:/windows", "C:/windows", "C%3A/windows"),
    ("stream:$DATA", "stream:$DATA", "stream%3A%24DATA"),
    ("trailing%20", "trailing ", "trailing%20"),
    (
        "$(reboot)*%7C%60",
        "$(reboot)*|`",
        "%24%28reboot%29%2A%7C%60",
    ),
    ("-rf", "-rf", "-rf"),
    ("index.redb", "index.redb", "index.redb"),
    ("blobs/00/lock", "blobs/00/lock", "blobs/00/lock"),
    ("files/files", "files/files", "files/files"),
    // A slash is a slash, encoded or not.
    (
        "deep%2fdeeper/deepest",
        "deep/deeper/deepest",
        "deep/deeper/deepest",
    ),
    // A file beside a folder of its name.
    ("beside", "beside", "beside"),
    ("beside/under", "beside/under", "beside/under"),
    (
        "beside/under/that",
        "beside/under/that",
        "beside/under/that",
    ),
    // Names that differ only in case.
    ("twin.txt", "twin.txt", "twin.txt"),
    ("Twin.txt", "Twin.txt", "Twin.txt"),
    ("TWIN.TXT", "TWIN.TXT", "TWIN.TXT"),
    ("stra%C3%9Fe", "straße", "stra%C3%9Fe"),
    ("strasse", "strasse", "strasse"),
    // Composed and decomposed forms of one text.
    ("caf%C3%A9", "caf\u{e9}", "caf%C3%A9"),
    ("cafe%CC%81", "cafe\u{301}", "cafe%CC%81"),
    // Invisible, but not control characters.
    ("%e2%80%aegnp.exe", "\u{202e}gnp.exe", "%E2%80%AEgnp.exe"),
    ("%ef%bb%bfbom", "\u{feff}bom", "%EF%BB%BFbom"),
    ("%c2%a0", "\u{a0}", "%C2%A0"),
    ("%e2%80%a8", "\u{2028}", "%E2%80%A8"),
    ("%ef%bf%bf", "\u{ffff}", "%EF%BF%BF"),
];

#[test]
fn every_valid_name_is_a_file_of_its_own_and_comes_back_unchanged() {
    let server = Setup::public_only().start();
    for (index, (raw_name, name, path)) in LEGAL.iter().enumerate() {
        let reply = put(&server, raw_name, &index.to_string());
        assert_eq!(
            reply.0,
            201,
            "{name}: {}",
            String::from_utf8_lossy(&reply.2)
        );
        let url = format!("{}/v1/public/files/{path}", server.url);
        assert_eq!(json(&reply)["name"], *name);
        assert_eq!(json(&reply)["public_url"], url);
        assert_eq!(reply.1["location"], url);
        let urls = send(
            &server,
            "POST",
            format!("/v1/public/urls/{raw_name}").as_bytes(),
            "",
        );
        assert_eq!((urls.0, &json(&urls)["url"]), (201, &Value::from(url)));
    }

    // Now that all are there, each still has its own bytes, by every spelling.
    for (index, (raw_name, name, path)) in LEGAL.iter().enumerate() {
        for spelling in [raw_name, path, encode_all(name).as_str()] {
            let found = get(&server, &format!("/v1/public/files/{spelling}"));
            assert_eq!(found, (200, index.to_string()), "{name}");
        }
    }
    let mut names: Vec<String> = LEGAL.iter().map(|row| row.1.to_owned()).collect();
    names.sort_unstable();
    assert_eq!(listed(&server), names);

    // Each is deleted by its name, and no other with it.
    for (_, name, path) in LEGAL {
        let target = format!("/v1/public/files/{path}");
        assert_eq!(
            send(&server, "DELETE", target.as_bytes(), "").0,
            204,
            "{name}"
        );
        names.retain(|left| left != name);
        assert_eq!(listed(&server), names, "{name}");
    }
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
