//! Valid names: each is a file of its own.

use super::*;

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
