use super::*;

#[test]
fn a_list_has_defaults() {
    let plain = ListQuery {
        prefix: String::new(),
        folders: false,
        limit: 100,
        cursor: None,
    };
    assert_eq!(ListQuery::parse("").as_ref(), Ok(&plain));
    assert_eq!(ListQuery::parse("&&"), Ok(plain));
}

#[test]
fn a_list_refuses_an_unknown_parameter_and_names_the_known_ones() {
    for query in [
        "offset=100",
        "search=a&limit=1",
        "Limit=1",
        "limit=1&x",
        "=1",
    ] {
        let Err(Problem::InvalidRequest(words)) = ListQuery::parse(query) else {
            panic!("{query} is accepted");
        };
        assert!(
            words.ends_with("expected one of prefix, delimiter, limit, cursor"),
            "{words}"
        );
    }
}

#[test]
fn list_parameters_are_decoded() -> Result<(), Problem> {
    let cursor = Cursor::encode("a/");
    let query = format!("prefix=a+b%2Bc%2F%E6%97%A5&delimiter=%2F&limit=1000&cursor={cursor}");
    let query = ListQuery::parse(&query)?;
    assert_eq!(
        (query.prefix.as_str(), query.folders, query.limit),
        ("a b+c/日", true, 1000)
    );
    assert_eq!(query.cursor, Cursor::decode("YS8").ok());
    assert_eq!(ListQuery::parse("pre%66ix=a=b&limit=1")?.prefix, "a=b");
    Ok(())
}

#[test]
fn an_invalid_list_parameter_is_refused() {
    for query in [
        "limit=0",
        "limit=1001",
        "limit=",
        "limit",
        "limit=-1",
        "limit=%2B5",
        "limit=1.5",
        "limit=ten",
        "limit=99999999999999999999",
        "delimiter=",
        "delimiter=a",
        "delimiter=//",
        "cursor=",
        "cursor=!",
        "prefix=%00",
        "prefix=%C2%85",
        "prefix=%FF",
        "prefix=%zz",
        "unknown=%",
        "%=1",
        "limit=1&limit=1",
        "prefix=&prefix=",
        &format!("prefix={}", "a".repeat(901)),
    ] {
        assert!(
            matches!(ListQuery::parse(query), Err(Problem::InvalidRequest(_))),
            "{query}"
        );
    }
}

#[test]
fn a_form_query_has_a_folder_and_whether_to_replace() -> Result<(), Problem> {
    let folder = Some(Name::new("a b/c")?);
    for (query, folder, replace, keeps_paths) in [
        ("", &None, false, false),
        ("folder=&replace=false", &None, false, false),
        ("folder=a+b/c&x=%", &folder, false, false),
        ("replace=true&folder=a%20b%2Fc%2F", &folder, true, false),
        ("paths=keep", &None, false, true),
    ] {
        assert_eq!(
            FormQuery::parse(query),
            Ok(FormQuery {
                folder: folder.clone(),
                replace,
                keeps_paths,
            })
        );
    }
    for query in [
        "folder=/",
        "folder=a//",
        "folder=/a",
        "folder=..",
        "folder=a%5Cb",
    ] {
        assert!(
            matches!(FormQuery::parse(query), Err(Problem::InvalidName(_))),
            "{query}"
        );
    }
    for query in [
        "replace",
        "replace=1",
        "replace=TRUE",
        "replace=true&replace=true",
        "paths=",
        "paths=drop",
        "folder=a&dzchunkindex=0",
        "resumableChunkNumber",
    ] {
        assert!(
            matches!(FormQuery::parse(query), Err(Problem::InvalidRequest(_))),
            "{query}"
        );
    }
    Ok(())
}

#[test]
fn download_has_a_name_or_none() {
    let save_as = |query| DownloadQuery::parse(query).map(|download| download.save_as);
    for others in ["x=1", "v=%", "utm_term=caf%E9&x=%zz", "%E9=1&%", "Download"] {
        assert_eq!(save_as(others), Ok(None), "{others}");
    }
    assert_eq!(save_as("download"), Ok(Some(String::new())));
    assert_eq!(save_as("download=b%20c.pdf"), Ok(Some("b c.pdf".into())));
    for unreadable in ["download&download", "download=%zz", "download=caf%E9"] {
        assert!(save_as(unreadable).is_err(), "{unreadable}");
    }
}

#[test]
fn download_names_a_version_or_none() {
    let version = |query| DownloadQuery::parse(query).map(|download| download.version);
    for none in [
        "",
        "v",
        "v=",
        "v=3",
        "v=%",
        "v=1&v=2",
        "V=etag-a",
        "v=etag-%zz",
        "%zz=etag-a",
    ] {
        assert_eq!(version(none), Ok(None), "{none}");
    }
    for query in [
        "v=etag-a%2Bb",
        "x=1&v=etag-a%2Bb&download=c",
        "%76=%65tag-a%2bb",
        "v=3&v=etag-a%2Bb",
        "v=etag-a%2Bb&v=etag-a%2Bb",
    ] {
        let version = version(query).expect("a query").expect("a version");
        assert!(version.names("\"a+b\""), "{query}");
    }
    let contradiction = version("v=etag-a&v=etag-b").expect("a query");
    let contradiction = contradiction.expect("a version");
    assert!(!contradiction.names("\"a\"") && !contradiction.names("\"b\""));
}

#[test]
fn an_upload_may_be_named_in_the_query() -> Result<(), Problem> {
    for (query, name, folder, replace) in [
        ("", None, None, false),
        ("name=a%2Fb.txt&x=y", Some("a/b.txt"), None, false),
        ("folder=c/d/&replace=true", None, Some("c/d"), true),
        ("name=&replace=false", Some(""), None, false),
    ] {
        let expected = UploadQuery {
            name: name.map(str::to_owned),
            folder: folder.map(Name::new).transpose()?,
            replace,
        };
        assert_eq!(UploadQuery::parse(query), Ok(expected), "{query}");
    }
    for query in ["name=a&name=b", "replace=yes", "folder=..", "name=%FF"] {
        assert!(UploadQuery::parse(query).is_err(), "{query}");
    }
    Ok(())
}
