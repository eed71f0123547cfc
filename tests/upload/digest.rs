//! Content-Digest and Repr-Digest (RFC 9530).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;
use reqwest::Body;
use sha2::{Digest, Sha256, Sha512};

use super::{FILE, blobs, status_of, store, stored};
use crate::support::{Setup, assert_problem, content, eventually};

/// As from a source of unknown length.
fn chunked(pieces: &[&'static [u8]]) -> Body {
    let pieces: Vec<Result<_, std::io::Error>> = pieces.iter().copied().map(Ok).collect();
    Body::wrap_stream(stream::iter(pieces))
}

#[tokio::test]
async fn a_digest_is_verified_before_the_file_is_there() {
    let server = Setup::public_only().start();
    store(&server, FILE, "old").await;
    let kept = blobs(&server).len();
    let digest =
        |algorithm: &str, hash: &[u8]| format!("{algorithm}=:{}:", BASE64_STANDARD.encode(hash));
    let right = digest("sha-256", &Sha256::digest(b"new"));
    let wrong = digest("sha-256", &Sha256::digest(b"other"));
    let right_512 = digest("sha-512", &Sha512::digest(b"new"));
    let wrong_512 = digest("sha-512", &Sha512::digest(b"other"));
    let short = digest("sha-256", b"short");
    let (among, wrong_among) = (
        format!("{wrong_512}, {right}"),
        format!("{right_512}, {wrong}"),
    );
    for name in ["content-digest", "repr-digest"] {
        for (value, problem) in [
            (right.as_str(), None),
            (&right_512, None),
            (&wrong_512, None),
            ("md5=:AAAA:, unixsum=3", None),
            (&among, None),
            (&wrong, Some("digest-mismatch")),
            (&wrong_among, Some("digest-mismatch")),
            (&short, Some("invalid-request")),
            ("sha-256=abc", Some("invalid-request")),
            ("sha-256=:****:", Some("invalid-request")),
            ("sha-256", Some("invalid-request")),
            ("=", Some("invalid-request")),
        ] {
            let current = store(&server, FILE, "old").await;
            // Both framings: with a length and without.
            for body in [Body::from("new"), chunked(&[b"n", b"ew"])] {
                let response = server
                    .put(FILE, body)
                    .header(name, value)
                    .send()
                    .await
                    .unwrap();
                match problem {
                    None => {
                        assert_eq!(response.status(), 200, "{name}: {value}");
                        assert_eq!(stored(&server, FILE).await.0, b"new", "{name}: {value}");
                    }
                    Some(kind) => {
                        assert_problem(response, 400, kind).await;
                        let expected = (b"old".to_vec(), current.clone());
                        assert_eq!(stored(&server, FILE).await, expected, "{name}: {value}");
                    }
                }
            }
        }
        let request = server
            .put("/v1/public/files/absent", content(1, 2 << 20))
            .header(name, &wrong);
        assert_problem(request.send().await.unwrap(), 400, "digest-mismatch").await;
        assert_eq!(status_of(&server, "/v1/public/files/absent").await, 404);
    }
    let request = server
        .put(FILE, "new")
        .header("content-digest", &right)
        .header("repr-digest", &wrong);
    assert_problem(request.send().await.unwrap(), 400, "digest-mismatch").await;
    eventually("what was refused is gone from the disk", || {
        blobs(&server).len() == kept
    });
}
