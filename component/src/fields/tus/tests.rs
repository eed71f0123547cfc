use http::HeaderName;

use super::*;

const TYPE: (&str, &str) = ("content-type", MEDIA_TYPE);

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        headers.append(name, value);
    }
    headers
}

fn creation(fields: &[(&str, &str)]) -> Result<Creation, Problem> {
    Creation::of_request(&headers(fields))
}

fn append(fields: &[(&str, &str)]) -> Result<Append, Problem> {
    Append::of_request(&headers(fields))
}

fn status<T: std::fmt::Debug>(read: Result<T, Problem>) -> u16 {
    read.expect_err("a problem").status().as_u16()
}

#[test]
fn only_this_version_is_supported() {
    let version = |value| headers(&[("Tus-Resumable", value)]);
    assert_eq!(check_version(&version("1.0.0")), Ok(()));
    let twice = headers(&[("tus-resumable", "1.0.0"), ("tus-resumable", "1.0.0")]);
    let others = ["0.2.2", "1.0", "1.0.1", "2.0.0", "", "é"];
    for headers in others.map(version).into_iter().chain([twice]) {
        assert_eq!(check_version(&headers), Err(Problem::TusVersion));
    }
    assert_eq!(Problem::TusVersion.status(), 412);
    let fields: HeaderMap = Problem::TusVersion.fields().into_iter().collect();
    assert_eq!(fields["tus-version"], "1.0.0");
}

#[test]
fn a_post_can_stand_for_three_methods_if_it_is_tus() {
    let spoken = ("tus-resumable", "1.0.0");
    for (method, fields, meant) in [
        (Method::POST, &[spoken][..], None),
        (
            Method::POST,
            &[spoken, ("X-HTTP-Method-Override", "PATCH")],
            Some(Method::PATCH),
        ),
        (
            Method::POST,
            &[spoken, ("x-http-method-override", "delete")],
            Some(Method::DELETE),
        ),
        (
            Method::POST,
            &[spoken, ("x-http-method-override", "HEAD")],
            Some(Method::HEAD),
        ),
        (
            Method::POST,
            &[spoken, ("x-http-method-override", "PUT")],
            None,
        ),
        (Method::POST, &[("x-http-method-override", "PATCH")], None),
        (
            Method::GET,
            &[spoken, ("x-http-method-override", "DELETE")],
            None,
        ),
    ] {
        assert_eq!(
            super::method(&method, &headers(fields)),
            meant,
            "{fields:?}"
        );
    }
}

#[test]
fn a_creation_says_its_length_or_that_it_will() {
    let known = creation(&[("upload-length", "100")]).expect("a creation");
    assert_eq!((known.length, known.with_upload), (Some(100), false));
    let deferred = creation(&[("upload-defer-length", "1"), TYPE]).expect("a creation");
    assert_eq!((deferred.length, deferred.with_upload), (None, true));
    let largest = u64::MAX.to_string();
    let largest = creation(&[("upload-length", &largest)]).expect("a creation");
    assert_eq!(largest.length, Some(u64::MAX));
    let beyond = "18446744073709551616";
    for fields in [
        &[][..],
        &[("upload-length", "1"), ("upload-defer-length", "1")],
        &[("upload-length", "1"), ("upload-length", "1")],
        &[("upload-length", "")],
        &[("upload-length", "-1")],
        &[("upload-length", "+1")],
        &[("upload-length", "1.0")],
        &[("upload-length", "0x1")],
        &[("upload-length", "1 2")],
        &[("upload-length", beyond)],
        &[("upload-length", "é")],
        &[("upload-defer-length", "0")],
        &[("upload-defer-length", "true")],
        &[("upload-defer-length", "1"), ("upload-defer-length", "1")],
        &[("upload-length", "1"), ("upload-concat", "partial")],
        &[("upload-length", "1"), ("upload-checksum", "sha1")],
        &[("upload-length", "1"), ("upload-metadata", "filename a b")],
        &[
            ("upload-length", "1"),
            ("upload-metadata", "a YQ=="),
            ("upload-metadata", "b YQ=="),
        ],
    ] {
        assert_eq!(status(creation(fields)), 400, "{fields:?}");
    }
    let other_type = [
        ("upload-length", "1"),
        ("content-type", "text/plain"),
        ("content-length", "1"),
    ];
    assert_eq!(status(creation(&other_type)), 415);
    assert!(creation(&other_type[..2]).is_ok());
}

#[test]
fn an_append_has_the_type_and_an_offset() {
    let read = append(&[TYPE, ("upload-offset", "70"), ("upload-length", "100")]);
    let read = read.expect("an append");
    assert_eq!((read.offset, read.length), (70, Some(100)));
    for (fields, expected) in [
        (&[("upload-offset", "0")][..], 415),
        (
            &[("upload-offset", "0"), ("content-type", "text/plain")],
            415,
        ),
        (&[("upload-offset", "0"), TYPE, TYPE], 400),
        (&[TYPE], 400),
        (&[TYPE, ("upload-offset", "-1")], 400),
        (&[TYPE, ("upload-offset", "")], 400),
        (&[TYPE, ("upload-offset", "1e3")], 400),
        (&[TYPE, ("upload-offset", "99999999999999999999")], 400),
        (&[TYPE, ("upload-offset", "1"), ("upload-offset", "2")], 400),
        (&[TYPE, ("upload-offset", "1"), ("upload-length", "x")], 400),
    ] {
        assert_eq!(status(append(fields)), expected, "{fields:?}");
    }
}

#[test]
fn a_checksum_is_one_of_two_algorithms() {
    let checksum = |value| {
        let read = append(&[TYPE, ("upload-offset", "0"), ("upload-checksum", value)]);
        read.map(|read| read.checksum)
    };
    let sha1 = checksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").expect("a checksum");
    assert!(matches!(sha1, Some(Digest::Sha1(digest)) if digest[0] == 0x2a));
    let sha256 = checksum("sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    let sha256 = sha256.expect("a checksum");
    assert!(matches!(sha256, Some(Digest::Sha256(digest)) if digest[0] == 0xe3));
    for value in [
        "",
        "sha1",
        "sha1 ",
        "md5 1B2M2Y8AsgTpgAmY7PhCfg==",
        "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha1 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
        "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha1 !!!!",
    ] {
        assert_eq!(status(checksum(value)), 400, "{value}");
    }
}

#[test]
fn metadata_describes_the_file_and_the_rest_is_kept() {
    let described = |raw: &str| UploadMetadata::parse(raw).and_then(UploadMetadata::described);
    let raw = "filename d29ybGQucGRm,filetype dGV4dC9wbGFpbg==, folder YS9i,caption WmXDqw==,\
               relativePath bnVsbA==,replace dHJ1ZQ==,is-draft";
    let (echoed, read) = described(raw).expect("metadata");
    assert_eq!(echoed, raw);
    let expected = Described {
        filename: Some("world.pdf".to_owned()),
        relative_path: None,
        folder: Some("a/b".to_owned()),
        filetype: Some("text/plain".to_owned()),
        replace: true,
        metadata: vec![
            ("caption".to_owned(), "Zeë".to_owned()),
            ("is-draft".to_owned(), String::new()),
        ],
    };
    assert_eq!(read, expected);

    let (_, read) = described("name YQ,type dGV4dC9wbGFpbg").expect("metadata");
    assert_eq!(read.filename.as_deref(), Some("a"));
    assert_eq!(read.filetype.as_deref(), Some("text/plain"));
    let (_, read) = described("name YQ==,filename Yg==").expect("metadata");
    assert_eq!(read.filename.as_deref(), Some("b"));
    assert_eq!(described(""), Ok((String::new(), Described::default())));

    let endless = format!("a {}", "YWFh".repeat(3000));
    for raw in [
        ",",
        "a YQ==,",
        " YQ==",
        "a YQ== YQ==",
        "a !!!!",
        "a YQ==,a Yg==",
        "a /w==",
        "A YQ==",
        "a Cg==",
        "replace eWVz",
        &endless,
    ] {
        assert_eq!(status(described(raw)), 400, "{raw:.40}");
    }
}
