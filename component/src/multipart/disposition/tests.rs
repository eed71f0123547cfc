use super::*;

fn filename(value: &str) -> Result<Option<String>, Problem> {
    let part = FormData::parse(value.as_bytes())?;
    Ok(part.filename.map(|filename| filename.basename().to_owned()))
}

#[test]
fn parts_name_their_field_and_file() -> Result<(), Problem> {
    for (value, name, filename) in [
        (
            r#"form-data; name="a;b"; filename="c d.txt""#,
            "a;b",
            Some("c d.txt"),
        ),
        (r"Form-Data;NAME = folder ;; x=y;", "folder", None),
        (r"form-data", "", None),
        (r"form-data; name*=UTF-8''%C3%A4", "ä", None),
        (r"form-data; name=a; name*=UTF-8''%E4", "a", None),
    ] {
        let part = FormData::parse(value.as_bytes())?;
        assert_eq!(part.name, name, "{value}");
        let found = part.filename.as_ref().map(Filename::as_str);
        assert_eq!(found, filename, "{value}");
    }
    Ok(())
}

#[test]
fn a_filename_may_have_a_path() -> Result<(), Problem> {
    for (value, path) in [
        (r#"form-data; filename="a/b c/d.txt""#, "a/b c/d.txt"),
        (r#"form-data; filename="a\b\c""#, "a/b/c"),
        // As curl escapes a backslash.
        (r#"form-data; filename="a\\b\\\"c\"""#, "a/b/\"c\""),
        (r#"form-data; filename="/a""#, "/a"),
        (r#"form-data; filename="a/""#, "a/"),
        (r#"form-data; filename="../a""#, "../a"),
    ] {
        let filename = FormData::parse(value.as_bytes())?.filename;
        let found = filename.map(|filename| filename.path());
        assert_eq!(found.as_deref(), Some(path), "{value}");
    }
    Ok(())
}

#[test]
fn filenames_are_read_as_browsers_write_them() {
    for (value, expected) in [
        (r#"form-data; filename="日本語.pdf""#, "日本語.pdf"),
        (r#"form-data; filename="a%22b%20c""#, "a\"b%20c"),
        (r#"form-data; filename="a%0D%0ab""#, "a\r\nb"),
        (r#"form-data; filename="a\"b""#, "a\"b"),
        (r#"form-data; filename="C:\fakepath\x""#, "x"),
        (r#"form-data; filename="C:\dir\\x\"y""#, "x\"y"),
        (r#"form-data; filename="../../etc/passwd""#, "passwd"),
        (r#"form-data; filename="a/..""#, ".."),
        (r#"form-data; filename="a/""#, ""),
        (r#"form-data; filename="""#, ""),
        (r#"form-data; filename=a%22b.txt"#, "a%22b.txt"),
        (
            r#"form-data; filename="x"; filename*=UTF-8''%E2%82%AC%20a"#,
            "€ a",
        ),
        (r#"form-data; filename*=utf-8'en'a%2Fb; filename="x""#, "b"),
        // If one is malformed, the other counts.
        ("form-data; filename=x; filename*=y", "x"),
        ("form-data; filename*=latin1''%E9; filename=x", "x"),
        ("form-data; filename*=UTF-8''%E9; filename=x", "x"),
        ("form-data; filename=x; filename*=UTF-8''%zz", "x"),
    ] {
        assert_eq!(filename(value), Ok(Some(expected.to_owned())), "{value}");
    }
}

#[test]
fn a_filename_inside_another_value_does_not_count() {
    for value in [
        r#"form-data; name="filename=x""#,
        r#"form-data; name="a; filename=\"x\"""#,
        r#"form-data; xfilename=x"#,
        r#"form-data; name="\"; filename=x""#,
    ] {
        assert_eq!(filename(value), Ok(None), "{value}");
    }
}

#[test]
fn what_is_malformed_or_ambiguous_is_refused() {
    for value in [
        "",
        "attachment; filename=x",
        "form-datax; filename=x",
        r#"form-data; filename="x"#,
        r#"form-data; filename="x\""#,
        r#"form-data; filename="x"y"#,
        "form-data; filename",
        "form-data; filename=x; filename=y",
        "form-data; name=x; Name=x",
        "form-data, filename=x",
        "form-data; filename*=x",
        "form-data; filename*=latin1''x",
        "form-data; filename*=UTF-8''%zz",
        "form-data; name*=x",
        // Some readers see a file in each of these, others a text field.
        r#"form-data; name="f"; x; filename="foo.html""#,
        r#"form-data; name="f"; "filename"="foo.html""#,
        r#"form-data; name="f"; filename*0="foo"; filename*1=".html""#,
        r#"form-data; name="f"; filename*0*=UTF-8''foo"#,
        r#"form-data; name="f"; Filename*1=foo"#,
        r#"form-data; name*0="f""#,
        r#"form-data; x=a"; filename="foo.html"#,
        r#"form-data; name=f"; filename=foo.html"#,
        r#"form-data; name="f"; file name=foo.html"#,
        r#"form-data; name="f"; =x; filename=foo.html"#,
        r#"form-data; name="f" x; filename=foo.html"#,
    ] {
        assert!(
            matches!(filename(value), Err(Problem::InvalidMultipart(_))),
            "{value}"
        );
    }
    let latin1 = FormData::parse(b"form-data; filename=\"\xe9\"");
    assert!(matches!(latin1, Err(Problem::InvalidName(_))));
}

#[test]
fn the_filename_of_a_single_file_comes_with_any_type() {
    for (value, expected) in [
        (r#"inline; filename="a b.txt""#, Some("a b.txt")),
        (
            r#"attachment; filename=x; filename*=UTF-8''%C3%A4"#,
            Some("ä"),
        ),
        ("inline", None),
        ("", None),
    ] {
        let found = FormData::filename(value.as_bytes()).expect("a field");
        let found = found.as_ref().map(Filename::as_str);
        assert_eq!(found, expected, "{value}");
    }
    for value in ["inline; filename", "inline; filename=a; filename=b"] {
        let refused = FormData::filename(value.as_bytes());
        assert!(
            matches!(refused, Err(Problem::InvalidRequest(_))),
            "{value}"
        );
    }
}
