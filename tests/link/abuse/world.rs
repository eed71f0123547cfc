//! A server with links, and attempts to misuse them.

use super::*;

/// What all three links accept: up to ten bytes of plain text.
const LIMITS: &str = "[public]\nmax-file-size = \"10 B\"\ncontent-types = [\"text/plain\"]\n\
                      delete = [\"uploader\", \"role:admin\"]\n";
pub(super) const FORM: &str = "multipart/form-data; boundary=limit";

/// A server with a link of each kind.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) alice: String,
    /// For `in/a.txt`, which does not exist.
    pub(super) upload: String,
    /// For `drop/`, which has `seen.txt`.
    pub(super) folder: String,
    /// For the public file `anonymous.txt`.
    pub(super) manage: String,
}

/// Something that should fail.
pub(super) struct Attempt {
    method: Method,
    path: String,
    bearer: Option<String>,
    content_type: &'static str,
    body: String,
    /// Without a length.
    chunked: bool,
    status: u16,
    kind: &'static str,
}

/// An attempt with a file of plain text.
pub(super) fn attempt(method: Method, path: &str, status: u16, kind: &'static str) -> Attempt {
    Attempt {
        method,
        path: path.to_owned(),
        bearer: None,
        content_type: "text/plain",
        body: "stolen".to_owned(),
        chunked: false,
        status,
        kind,
    }
}

impl Attempt {
    pub(super) fn typed(self, content_type: &'static str) -> Self {
        Self {
            content_type,
            ..self
        }
    }

    pub(super) fn body(self, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            ..self
        }
    }

    /// With these parts of a form.
    pub(super) fn form(self, parts: &str) -> Self {
        let body = format!("{parts}--limit--\r\n");
        self.typed(FORM).body(&body)
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        Self {
            bearer: Some(token.to_owned()),
            ..self
        }
    }

    pub(super) fn chunked(self) -> Self {
        Self {
            chunked: true,
            ..self
        }
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let server = Setup::policy(&format!("{}{LIMITS}", iam())).start();
        let alice = org_member("alice", "acme");
        for path in [
            "/v1/user/files/secret.txt",
            "/v1/user/files/b.txt",
            "/v1/user/files/drop/seen.txt",
            "/v1/org/files/secret.txt",
            "/v1/public/files/other.txt",
        ] {
            store(&server, &alice, path, "kept").await;
        }
        let anonymous = put(&server, "/v1/public/files/anonymous.txt", "kept").await;
        let anonymous: Value = anonymous.json().await.unwrap();
        let manage = anonymous["manage_url"].as_str().unwrap();
        let manage = manage.strip_prefix(&server.url).unwrap().to_owned();
        let limits = || json!({ "max_size": 10, "content_types": ["text/plain"] });
        let at = "/v1/user/urls/in/a.txt";
        let upload = upload_link(&server, &alice, at, limits()).await;
        let folder = upload_link(&server, &alice, "/v1/user/urls/drop/", limits()).await;
        Self {
            server,
            alice,
            upload,
            folder,
            manage,
        }
    }

    /// The same after a restart, with these lines more in the policy.
    pub(super) fn restarted(self, policy: &str, args: &[&str]) -> Self {
        let data = self.server.data();
        self.server.stop();
        let setup = Setup::policy(&format!("{}{LIMITS}{policy}", iam())).data(data);
        Self {
            server: setup.args(args).start(),
            ..self
        }
    }

    /// All that is stored.
    pub(super) async fn content(&self) -> Vec<BTreeMap<String, String>> {
        let mut content = Vec::new();
        for area in ["public", "user", "org"] {
            content.push(files_in(&self.server, &self.alice, area).await);
        }
        content
    }

    /// Makes the attempts of one cell, which change nothing.
    pub(super) async fn fails(&self, cell: &str, attempts: Vec<Attempt>) {
        let before = self.content().await;
        for attempt in attempts {
            let Attempt {
                method,
                path,
                bearer,
                content_type,
                body,
                chunked,
                status,
                kind,
            } = attempt;
            eprintln!("{cell}: {method} {path}, expecting {status} {kind}");
            let is_head = method == Method::HEAD;
            let mut request = self.server.request(method, &path);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let request = request.header("content-type", content_type);
            let body = if chunked {
                let pieces = [Ok::<_, std::io::Error>(body)];
                reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
            } else {
                body.into()
            };
            let response = request.body(body).send().await.unwrap();
            if is_head {
                assert_eq!(response.status(), status);
            } else {
                assert_problem(response, status, kind).await;
            }
            assert_eq!(self.content().await, before, "{cell}");
        }
    }
}
