mod methods;
mod operations;
mod subjects;

use super::*;

fn route(method: &str, target: &str) -> Result<Route, Problem> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Problem::Internal)?;
    Route::parse(&method, target).1.map(|(route, _)| route)
}

#[test]
fn an_unknown_path_is_not_found() {
    for target in [
        "",
        "/",
        "*x",
        "/v1",
        "/v1/",
        "/v2/public/files",
        "/V1/public/files",
        "/v1/Public/files",
        "/v1/public",
        "/v1/public/",
        "/v1/public/Files",
        "/v1/public/filesx",
        "/v1/public/urlsx",
        "/v1/other/files",
        "/v1//files",
        "//v1/public/files",
        "/v1/public//files",
        "/v1/links",
        "/v1/links/t",
        "/v1/links//",
        "/v1/links/t//",
        "/v1/links//x",
        "/v1/links/t/x/y",
        "/v1/links/uploads/",
        "/v1/links/uploads/x/y",
        "/v1/public/uploads/",
        "/v1/public/uploads/x/y",
        "/v1/openapi.json/",
        "/v1/openapi.yaml",
        "/openapi.json",
        "/v1/public%2Ffiles/a",
        "/v1/pub%6Cic/files",
        "/v1/./public/files",
        "v1/public/files",
        "http://host/v1/public/files",
        "/v1/links/files",
        "?/v1/public/files",
    ] {
        assert_eq!(route("GET", target), Err(Problem::NotFound), "{target}");
    }
}

#[test]
fn a_trailing_slash_is_an_empty_name() {
    for (method, target) in [
        ("GET", "/v1/public/files/"),
        ("PUT", "/v1/public/files/?x=/"),
        ("POST", "/v1/public/urls/"),
        ("DELETE", "/v1/org/files/%2e%2e/a"),
    ] {
        assert!(
            matches!(route(method, target), Err(Problem::InvalidName(_))),
            "{target}"
        );
    }
}

#[test]
fn the_query_starts_at_the_first_question_mark() {
    let (_, parsed) = Route::parse(&Method::GET, "/v1/public/files?prefix=a?b/c");
    assert_eq!(
        parsed.map(|(_, query)| query.to_owned()),
        Ok("prefix=a?b/c".to_owned())
    );
    let (_, parsed) = Route::parse(&Method::GET, "/v1/public/files/a%3Fb");
    assert_eq!(parsed.map(|(_, query)| query.to_owned()), Ok(String::new()));
}
