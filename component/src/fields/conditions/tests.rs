use super::*;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn headers(name: HeaderName, fields: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        let value = HeaderValue::from_bytes(field.as_bytes());
        headers.append(
            name.clone(),
            value.unwrap_or(HeaderValue::from_static("\"\t")),
        );
    }
    headers
}

fn tags(name: HeaderName, fields: &[&str]) -> Result<String, Problem> {
    let conditions = conditions(&headers(name, fields))?;
    Ok(said(conditions.if_match.or(conditions.if_none_match)))
}

fn said(tags: Option<Etags>) -> String {
    match tags {
        None => "none".into(),
        Some(Etags::Any) => "any".into(),
        Some(Etags::List(tags)) => tags.join(" "),
    }
}

#[test]
fn lists_of_tags_are_read_over_all_their_fields() {
    for (fields, if_match, if_none_match) in [
        (&[][..], "none", "none"),
        (&["*"], "any", "any"),
        (&[r#""a""#], r#""a""#, r#""a""#),
        (
            &[r#""a", W/"b" ,,"#, r#""c,d""#],
            r#""a" "c,d""#,
            r#""a" "b" "c,d""#,
        ),
        (&[r#""""#], r#""""#, r#""""#),
        (&[""], "", ""),
        (&[r#"W/"a""#], "", r#""a""#),
        (&[r#""é", "a\b""#], r#""é" "a\b""#, r#""é" "a\b""#),
    ] {
        assert_eq!(
            tags(header::IF_MATCH, fields),
            Ok(if_match.into()),
            "{fields:?}"
        );
        assert_eq!(
            tags(header::IF_NONE_MATCH, fields),
            Ok(if_none_match.into()),
            "{fields:?}"
        );
    }
}

#[test]
fn a_malformed_list_is_refused() {
    for fields in [
        &["a"][..],
        &["\"a"],
        &["\"a\" \"b\""],
        &["\"a\"b"],
        &["w/\"a\""],
        &["W/"],
        &["*, \"a\""],
        &["*", "*"],
        &["\"a\"", "*"],
        &["\"a b\""],
        &["\""],
        &["'a'"],
    ] {
        for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
            let refused = tags(name, fields);
            assert!(
                matches!(refused, Err(Problem::InvalidRequest(_))),
                "{fields:?}"
            );
        }
    }
}

#[test]
fn a_malformed_tag_costs_a_reader_no_more_than_a_transfer() {
    for (fields, expected) in [
        (&["a"][..], ""),
        (&["a", "\"b\""], "\"b\""),
        (&["a, \"b\""], "\"b\""),
        (&["\"b\" c, W/\"d\",e"], "\"d\""),
        (&["*, \"b\""], "\"b\""),
        (&["\"b"], ""),
        (&["*"], "any"),
    ] {
        let read = of_read(&headers(header::IF_NONE_MATCH, fields));
        let read = read.map(|conditions| said(conditions.if_none_match));
        assert_eq!(read, Ok(expected.into()), "{fields:?}");
    }
    // In If-Match it is still refused.
    let refused = of_read(&headers(header::IF_MATCH, &["a"])).map(|_| ());
    assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
}

#[test]
fn dates_count_if_they_are_well_formed() {
    for (fields, expected) in [
        (&[DATE][..], Some(784_111_777)),
        (&["x"], None),
        (&[DATE, DATE], None),
        (&[], None),
    ] {
        let read = |name| conditions(&headers(name, fields));
        let since = read(header::IF_MODIFIED_SINCE).map(|c| c.if_modified_since);
        let not_since = read(header::IF_UNMODIFIED_SINCE).map(|c| c.if_unmodified_since);
        for date in [since, not_since] {
            assert_eq!(
                date.map(|at| at.map(|at| at.seconds)),
                Ok(expected),
                "{fields:?}"
            );
        }
    }
}

#[test]
fn a_range_counts_only_with_a_validator_that_can_match() {
    for (fields, expected) in [
        (&[][..], "(Span::From(1), None)"),
        (
            &[r#""a""#],
            r#"(Span::From(1), Some(Validator::Etag("\"a\"")))"#,
        ),
        (&[r#"W/"a""#], "(Span::All, None)"),
        (&[r#""a", "b""#], "(Span::All, None)"),
        (&["*"], "(Span::All, None)"),
        (&[r#""a""#, r#""a""#], "(Span::All, None)"),
        (&["yesterday"], "(Span::All, None)"),
    ] {
        let outcome = if_range(&headers(header::IF_RANGE, fields), Span::From(1));
        assert_eq!(format!("{outcome:?}"), expected, "{fields:?}");
    }
    let dated = if_range(&headers(header::IF_RANGE, &[DATE]), Span::Last(1));
    assert!(
        matches!(dated, (Span::Last(1), Some(Validator::Modified(at))) if at.seconds == 784_111_777)
    );
}
