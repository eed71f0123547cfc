use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::*;

const TYPE: &[u8] = b"multipart/form-data; boundary=xyz";

/// With a preamble, padding, an epilogue, and content that nearly holds a
/// delimiter at its start, within and at its end.
const FORM: &[u8] = b"pre\r\n--xy\r\n--xyz \t\r\n\
    Content-Disposition: form-data; name=\"folder\"\r\n\r\na/b\r\n--xyz\r\n\
    content-type: image/png\r\nX-Other: 1\r\ncontent-disposition: form-data; filename=\"1\"\r\n\r\n\
    \r\n--xy\r\n\r\r\n-\r\n--xyZ--\r\n--xy\r\n--xyz\r\n\
    Content-Disposition: form-data; filename=\"2\"\r\nContent-Transfer-Encoding: BINARY\r\n\r\n\r\n\
    --xyz--\t\r\nepilogue";

/// The filename or else the field's name, the content type, and the content.
type Read = (String, Option<String>, Vec<u8>);

fn chunks(body: &[u8], size: usize) -> impl FnMut() -> Result<Option<Bytes>, Problem> + use<> {
    let mut chunks: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    chunks.reverse();
    move || Ok(chunks.pop())
}

fn read_all(source: impl FnMut() -> Result<Option<Bytes>, Problem>) -> Result<Vec<Read>, Problem> {
    let mut form = Form::new(TYPE, source)?;
    let mut all = Vec::new();
    while let Some(mut part) = form.next_part()? {
        let mut content = Vec::new();
        while let Some(chunk) = part.next_chunk()? {
            assert!(!chunk.is_empty());
            content.extend_from_slice(&chunk);
        }
        let FormData { name, filename } = part.disposition;
        let content_type = part
            .content_type
            .map(|t| String::from_utf8_lossy(&t).into_owned());
        let filename = filename.map(|filename| filename.as_str().to_owned());
        all.push((filename.unwrap_or(name), content_type, content));
    }
    assert!(
        matches!(form.next_part(), Ok(None)),
        "a closed form stays closed"
    );
    Ok(all)
}

fn read(body: &[u8]) -> Result<Vec<Read>, Problem> {
    read_all(chunks(body, 7))
}

fn part(header: &str, content: &str) -> Vec<u8> {
    format!("--xyz\r\n{header}\r\n\r\n{content}\r\n--xyz--\r\n").into_bytes()
}

#[test]
fn the_parts_are_the_same_however_the_body_is_cut_into_chunks() {
    let expected = vec![
        ("folder".to_owned(), None, b"a/b".to_vec()),
        (
            "1".into(),
            Some("image/png".into()),
            b"\r\n--xy\r\n\r\r\n-\r\n--xyZ--\r\n--xy".to_vec(),
        ),
        ("2".into(), None, Vec::new()),
    ];
    for size in 1..=FORM.len() {
        assert_eq!(
            read_all(chunks(FORM, size)).as_ref(),
            Ok(&expected),
            "{size}"
        );
    }
}

#[test]
fn a_form_without_its_closing_delimiter_is_never_complete() {
    let end = FORM
        .windows(7)
        .rposition(|window| window == b"--xyz--")
        .unwrap_or(0)
        + 7;
    for length in 0..end {
        for size in [1, 16, 1000] {
            let cut = read_all(chunks(&FORM[..length], size));
            assert!(matches!(cut, Err(Problem::InvalidMultipart(_))), "{length}");
        }
    }
    assert!(
        read(&FORM[..end]).is_ok(),
        "the last line needs no line break"
    );
}

#[test]
fn unread_parts_are_skipped() -> Result<(), Problem> {
    let mut form = Form::new(TYPE, chunks(FORM, 5))?;
    let mut names = Vec::new();
    while let Some(mut part) = form.next_part()? {
        if names.len() == 1 {
            part.next_chunk()?;
        }
        names.push(part.disposition);
    }
    assert_eq!(names.len(), 3);
    Ok(())
}

#[test]
fn a_text_field_has_a_limit() -> Result<(), Problem> {
    for (limit, expected) in [(3, true), (2, false), (0, false)] {
        let mut form = Form::new(TYPE, chunks(FORM, 2))?;
        let text = form.next_part()?.map(|mut part| part.text(limit));
        assert_eq!(
            text.is_some_and(|text| text == Ok("a/b".into())),
            expected,
            "{limit}"
        );
    }
    Ok(())
}

#[test]
fn what_is_malformed_is_refused() {
    let disposition = "Content-Disposition: form-data; filename=x";
    assert!(read(&part(disposition, "")).is_ok());
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "\r\n",
        "xyz",
        "--xyz",
        "--xyz\r\n",
        "--xyz\r\n\r\n--xyz--",
        "--xyz-",
        "--xyz\n\n--xyz--\n",
        "--other\r\n\r\n--other--\r\n",
    ]
    .map(|body| body.as_bytes().to_vec())
    .into();
    for header in [
        "",
        "X: y",
        "Content-Type: text/plain",
        "no colon",
        "Content-Disposition : form-data; filename=x",
        "Content-Disposition: form-data;\r\n filename=x",
        "Content-Disposition: form-data; filename=x\rX: y",
        "Content-Disposition: form-data; filename=\"a\0b\"",
        "Content-Disposition: attachment; filename=x",
        "Content-Disposition: form-data; filename=x\r\nContent-Transfer-Encoding: base64",
        // Two fields with the same name: it is unclear which one counts.
        &format!("{disposition}\r\ncontent-disposition: form-data; name=x"),
        &format!("{disposition}\r\n{disposition}"),
        &format!("{disposition}\r\nContent-Type: text/html\r\nContent-Type: image/png"),
        &format!("{disposition}{}", "\r\nX: y".repeat(32)),
        &format!("{disposition}{}", "x".repeat(HEADER)),
    ] {
        bodies.push(part(header, "content"));
    }
    for line in ["--xyzz", "--xyz x", "--xyz-"] {
        bodies.push(format!("{line}\r\n{disposition}\r\n\r\n\r\n--xyz--\r\n").into_bytes());
    }
    for body in bodies {
        let refused = matches!(read(&body), Err(Problem::InvalidMultipart(_)));
        assert!(refused, "{:.200}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn what_never_ends_is_refused_soon() {
    let part = "--xyz\r\nContent-Disposition: form-data; name=x\r\n\r\n";
    for (start, endless) in [
        ("", "preamble"),
        ("", "\r\n--xy"),
        ("", "\r\r\r\r"),
        ("--xyz\r\nX: ", "header"),
        ("--xyz\r\n", "X: y\r\n"),
        ("--xyz", "    "),
        (part, "content that is never read"),
        (part, "\r\n--xy"),
        (
            "--xyz",
            "\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--xyz",
        ),
    ] {
        for repeat in [1, 5000] {
            let (start, chunk) = (Bytes::from(start), Bytes::from(endless.repeat(repeat)));
            let (pulled, length) = (AtomicUsize::new(0), chunk.len());
            let form = Form::new(TYPE, || {
                let first = pulled.fetch_add(length, Relaxed) == 0;
                Ok(Some(if first && !start.is_empty() {
                    start.clone()
                } else {
                    chunk.clone()
                }))
            });
            let outcome = form.and_then(|mut form| {
                while form.next_part()?.is_some() {}
                Ok(())
            });
            assert!(
                matches!(outcome, Err(Problem::InvalidMultipart(_))),
                "{start:?} {endless}"
            );
            let pulled = pulled.load(Relaxed);
            assert!(pulled <= 2 * UNREAD + 2 * length, "{start:?} {endless}");
        }
    }
}

#[test]
fn a_long_part_is_passed_on_while_it_arrives() -> Result<(), Problem> {
    for endless in ["\r\n--xy", "\r", "\r\n", "some content \r\n"] {
        let header = Bytes::from("--xyz\r\nContent-Disposition: form-data; filename=x\r\n\r\n");
        let chunk = Bytes::from(endless.repeat(5000));
        let pulled = AtomicUsize::new(0);
        let mut form = Form::new(TYPE, || {
            let first = pulled.fetch_add(1, Relaxed) == 0;
            Ok(Some(if first { header.clone() } else { chunk.clone() }))
        })?;
        let mut given = 0;
        if let Some(mut part) = form.next_part()? {
            for _ in 0..100 {
                given += part.next_chunk()?.map_or(0, |chunk| chunk.len());
            }
        }
        let came = (pulled.load(Relaxed) - 1) * chunk.len();
        assert!(
            came - given < 10,
            "{endless:?}: {came} came, {given} were given on"
        );
    }
    Ok(())
}

#[test]
fn a_problem_of_the_source_is_passed_on_and_ends_the_form() -> Result<(), Problem> {
    for length in [0, 30, 60, 200, FORM.len() - 12] {
        let mut good = chunks(&FORM[..length], 16);
        let source = || good()?.map(Some).ok_or(Problem::Timeout);
        let mut form = Form::new(TYPE, source)?;
        let outcome = loop {
            match form.next_part() {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(problem) => break Err(problem),
            }
        };
        assert_eq!(outcome, Err(Problem::Timeout), "{length}");
    }
    Ok(())
}

#[test]
fn the_boundary_comes_from_the_content_type() {
    let form = |content_type: &str| header::boundary(content_type.as_bytes());
    let longest = "a".repeat(70);
    for (boundary, content_type) in [
        ("x", "multipart/form-data;boundary=x"),
        (
            "a b:c",
            "Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"",
        ),
        (
            "----WebKitFormBoundary7MA4",
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4",
        ),
        (
            &longest,
            &format!("multipart/form-data; boundary={longest}"),
        ),
    ] {
        assert_eq!(form(content_type), Ok(boundary.to_owned()));
    }
    for content_type in [
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=a; boundary=a",
        &format!("multipart/form-data; boundary={longest}a"),
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a\tb\"",
        "multipart/form-data; xboundary=a",
    ] {
        assert!(
            matches!(form(content_type), Err(Problem::InvalidMultipart(_))),
            "{content_type}"
        );
    }
    for content_type in ["application/json", "multipart/mixed; boundary=a"] {
        let refused = form(content_type);
        let Err(Problem::UnsupportedMediaType(words)) = refused else {
            panic!("{content_type}: {refused:?}");
        };
        assert!(words.contains(content_type), "{words}");
        assert!(words.contains("multipart/form-data"), "{words}");
    }
}
