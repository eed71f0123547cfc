use super::*;

fn named(name: &str) -> Name {
    Name::new(name).expect("a name")
}

/// The type that a request with these fields stores.
fn of(given: &[&str], name: &str) -> Result<String, Problem> {
    let value = |given: &&str| http::HeaderValue::from_bytes(given.as_bytes());
    let fields = given.iter().map(|given| value(given).expect("a value"));
    let headers = fields.map(|value| (header::CONTENT_TYPE, value)).collect();
    ContentType::of_request(&headers, &named(name)).map(|content_type| content_type.0)
}

fn of_part(given: &str, name: &str) -> String {
    ContentType::of_part(Some(given.as_bytes()), &named(name)).0
}

#[test]
fn a_given_type_is_kept_as_it_is() {
    for given in [
        "image/png",
        "Text/HTML; Charset=\"utf-8\"",
        "application/vnd.x+json;a=b; c=d",
        "image/svg+xml",
        "x/y",
    ] {
        assert_eq!(of(&[given], "a.txt"), Ok(given.to_owned()));
        assert_eq!(of_part(given, "a.txt"), given);
    }
    assert_eq!(of(&[" image/png "], "a"), Ok("image/png".to_owned()));
}

#[test]
fn an_invalid_media_type_is_refused_but_ignored_in_a_part() {
    let long = format!("text/plain; a={}", "b".repeat(255));
    for given in [
        "text",
        "undefined",
        "text/",
        "/plain",
        "*/*",
        "image/*",
        "text/plain\u{e9}",
        "text/pl ain",
        "text/plain; a",
        "text/plain; name=a b.pdf",
        "text/plain, image/png",
        "text/plain;\tb=c",
        &long,
    ] {
        let refused = of(&[given], "a.png");
        assert!(
            matches!(refused, Err(Problem::InvalidRequest(_))),
            "{given}"
        );
        assert_eq!(of_part(given, "a.png"), "image/png", "{given}");
    }
    let twice = of(&["text/plain", "text/html"], "a");
    assert!(matches!(twice, Err(Problem::InvalidRequest(_))));
}

#[test]
fn without_a_type_or_with_a_librarys_default_the_name_decides() {
    for (name, expected) in [("x/a.PNG", "image/png"), ("a", "application/octet-stream")] {
        assert_eq!(of(&[], name), Ok(expected.to_owned()));
        assert_eq!(ContentType::of_part(None, &named(name)).0, expected);
        for default in [
            "",
            " ",
            "application/octet-stream",
            "Application/Octet-Stream",
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=UTF-8",
        ] {
            assert_eq!(of(&[default], name), Ok(expected.to_owned()), "{default:?}");
            assert_eq!(of_part(default, name), expected, "{default:?}");
        }
    }
}

#[test]
fn text_without_a_charset_is_served_as_utf_8() {
    for (stored, expected) in [
        ("text/plain", "text/plain; charset=utf-8"),
        ("Text/CSV", "Text/CSV; charset=utf-8"),
        (
            "text/plain; format=flowed",
            "text/plain; format=flowed; charset=utf-8",
        ),
        ("text/plain;", "text/plain; charset=utf-8"),
        ("text/plain; charset=latin1", "text/plain; charset=latin1"),
        ("text/plain;Charset=\"\"", "text/plain;Charset=\"\""),
        (
            "text/plain; a=\";charset=x\"",
            "text/plain; a=\";charset=x\"; charset=utf-8",
        ),
        ("application/json", "application/json"),
        ("text", "application/octet-stream"),
    ] {
        assert_eq!(ContentType::stored(stored).served(), expected, "{stored}");
    }
}

#[test]
fn only_what_cannot_run_scripts_is_shown_inline() {
    for (text, inline, policy) in [
        ("image/PNG", true, "default-src 'none'; sandbox; img-src"),
        (
            "image/vnd.microsoft.icon",
            true,
            "default-src 'none'; sandbox; img-src",
        ),
        (
            "video/mp4; codecs=x",
            true,
            "default-src 'none'; sandbox allow-same-origin; media-src",
        ),
        (
            "audio/mpeg",
            true,
            "default-src 'none'; sandbox allow-same-origin; media-src",
        ),
        (
            "text/plain;charset=utf-8",
            true,
            "default-src 'none'; sandbox",
        ),
        ("application/pdf", true, "default-src 'none'; object-src"),
        ("text/html", false, "default-src 'none'; sandbox"),
        ("image/svg+xml", false, "default-src 'none'; sandbox"),
        ("Image/SVG+XML ; a=b", false, "default-src 'none'; sandbox"),
        (
            "Application/PDF ; a=b",
            true,
            "default-src 'none'; object-src",
        ),
        ("video/x+XML", false, "default-src 'none'; sandbox"),
        (
            "application/xhtml+xml",
            false,
            "default-src 'none'; sandbox",
        ),
        ("text/xml", false, "default-src 'none'; sandbox"),
        ("text/javascript", false, "default-src 'none'; sandbox"),
        ("video/x+xml", false, "default-src 'none'; sandbox"),
        (
            "multipart/x-mixed-replace",
            false,
            "default-src 'none'; sandbox",
        ),
        ("garbage", false, "default-src 'none'; sandbox"),
    ] {
        let content_type = ContentType::stored(text);
        assert_eq!(content_type.is_inline(), inline, "{text}");
        assert!(content_type.security_policy().starts_with(policy), "{text}");
        let pdf = text.to_ascii_lowercase().starts_with("application/pdf");
        assert_eq!(
            content_type.security_policy().contains("sandbox"),
            !pdf,
            "{text}"
        );
    }
}
