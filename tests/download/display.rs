//! What a browser may show in place, and what it may do there.

use super::{field, store};
use crate::support::Server;

#[tokio::test]
async fn types_that_can_run_script_are_never_shown_in_place() {
    let server = Server::shared();
    let (inline, attachment) = ("inline", "attachment");
    for (index, (content_type, kind)) in [
        ("image/png", inline),
        ("image/jpeg", inline),
        ("image/gif", inline),
        ("image/webp", inline),
        ("image/avif", inline),
        ("IMAGE/PNG", inline),
        ("image/png; x=y", inline),
        ("audio/mpeg", inline),
        ("audio/ogg", inline),
        ("video/mp4", inline),
        ("video/webm; codecs=\"vp9\"", inline),
        ("application/pdf", inline),
        ("text/plain", inline),
        ("text/plain; charset=utf-8", inline),
        ("text/html", attachment),
        ("TEXT/HTML; charset=utf-8", attachment),
        ("text/html ;x=\"image/png\"", attachment),
        ("application/xhtml+xml", attachment),
        ("image/svg+xml", attachment),
        ("Image/SVG+XML", attachment),
        ("image/svg", attachment),
        ("text/xml", attachment),
        ("application/xml", attachment),
        ("application/atom+xml", attachment),
        ("application/mathml+xml", attachment),
        ("text/xsl", attachment),
        ("text/css", attachment),
        ("text/javascript", attachment),
        ("text/markdown", attachment),
        ("text/csv", attachment),
        ("text/vtt", attachment),
        ("text/plain2", attachment),
        ("application/javascript", attachment),
        ("application/json", attachment),
        ("application/wasm", attachment),
        ("application/zip", attachment),
        ("application/octet-stream", attachment),
        ("application/x-shockwave-flash", attachment),
        ("application/x-pdf", attachment),
        ("message/rfc822", attachment),
        ("multipart/x-mixed-replace; boundary=a", attachment),
        ("multipart/related; boundary=a", attachment),
        ("x-unknown/x-unknown", attachment),
        ("video/x+xml", attachment),
    ]
    .into_iter()
    .enumerate()
    {
        // Libraries send this by default, so the type would be guessed from the name.
        let is_default = content_type == "application/octet-stream";
        let extension = if is_default { "bin" } else { "html" };
        let path = format!("/v1/public/files/types/{index}.{extension}");
        store(&server, &path, content_type, "<script>alert(1)</script>").await;
        let response = server.get(&path).send().await.unwrap();
        let headers = response.headers();
        let disposition = field(headers, "content-disposition");
        assert_eq!(disposition.split(';').next(), Some(kind), "{content_type}");
        let lower = content_type.to_ascii_lowercase();
        let expected = if lower.starts_with("text/") && !lower.contains("charset") {
            format!("{content_type}; charset=utf-8")
        } else {
            content_type.to_owned()
        };
        assert_eq!(field(headers, "content-type"), expected);
        assert_eq!(field(headers, "x-content-type-options"), "nosniff");
        let security = field(headers, "content-security-policy");
        let directives: Vec<&str> = security.split(';').map(str::trim).collect();
        assert!(
            directives.contains(&"default-src 'none'"),
            "{content_type}: {security}"
        );
        let media = content_type.starts_with("audio/") || content_type.starts_with("video/");
        let sandbox = match content_type {
            "application/pdf" => None,
            _ if media && kind == inline => Some("sandbox allow-same-origin"),
            _ => Some("sandbox"),
        };
        let found = directives.iter().find(|it| it.starts_with("sandbox"));
        assert_eq!(found, sandbox.as_ref(), "{content_type}: {security}");
        assert!(!security.contains("script"), "{security}");
        if kind == attachment {
            assert_eq!(
                directives,
                ["default-src 'none'", "sandbox"],
                "{content_type}"
            );
        }
        if content_type.starts_with("video/") && kind == inline {
            assert!(
                security.contains("media-src 'self'"),
                "{content_type}: {security}"
            );
        }
        if content_type.starts_with("image/") && kind == inline {
            assert!(
                security.contains("img-src 'self'"),
                "{content_type}: {security}"
            );
        }
    }
}
