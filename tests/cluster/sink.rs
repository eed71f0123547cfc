//! An S3 service that accepts whatever it is sent, counts it and stores none of it, for
//! uploads larger than the disk. It has the few operations that uploads need, and
//! remembers only keys and sizes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The date of everything stored, since it does not matter.
const MODIFIED: &str = "Sun, 22 Nov 2026 00:00:00 GMT";

/// A service in this process. Stops on drop.
pub struct Sink {
    endpoint: String,
    taken: Arc<Mutex<Taken>>,
    _serving: JoinSet<()>,
}

/// What it has been sent.
#[derive(Default)]
struct Taken {
    /// Sizes of objects that are complete, in bytes.
    objects: HashMap<String, u64>,
    /// Sizes of the uploads in progress.
    uploads: HashMap<String, u64>,
}

impl Sink {
    /// Starts it on a free port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<Taken>>::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&taken)));
        Self {
            endpoint,
            taken,
            _serving: serving,
        }
    }

    /// `http://ADDR:PORT`
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sizes of the objects whose keys end like this, in bytes.
    pub fn sizes(&self, ending: &str) -> Vec<u64> {
        let taken = self.taken.lock().unwrap();
        let found = taken
            .objects
            .iter()
            .filter(|(key, _)| key.ends_with(ending));
        found.map(|(_, size)| *size).collect()
    }
}

async fn serve(listener: TcpListener, taken: Arc<Mutex<Taken>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let taken = Arc::clone(&taken);
        connections.spawn(async move {
            let answering = service_fn(|request| answer(request, &taken));
            // A client may disconnect at any time.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answering)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(
    request: Request<Incoming>,
    taken: &Mutex<Taken>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, mut body) = request.into_parts();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        // A truncated body does not count.
        let Ok(frame) = frame else {
            return Ok(reply(StatusCode::BAD_REQUEST, ""));
        };
        size += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
    let path = head.uri.path().trim_matches('/').to_owned();
    let query = head.uri.query().unwrap_or_default();
    let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    let mut taken = taken.lock().unwrap();
    let Some((bucket, key)) = path.split_once('/') else {
        return Ok(about_the_bucket(&head.method));
    };
    let reply = match (head.method, field("uploadId=")) {
        (Method::POST, None) => {
            let id = uuid::Uuid::new_v4().simple().to_string();
            taken.uploads.insert(id.clone(), 0);
            reply(
                StatusCode::OK,
                &format!(
                    "<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{key}</Key>\
                     <UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ),
            )
        }
        (Method::PUT, Some(id)) => {
            *taken.uploads.get_mut(id).expect("an upload in progress") += size;
            reply(StatusCode::OK, "")
        }
        (Method::POST, Some(id)) => {
            let size = taken.uploads.remove(id).expect("an upload in progress");
            taken.objects.insert(key.to_owned(), size);
            reply(
                StatusCode::OK,
                &format!(
                    "<CompleteMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{key}</Key>\
                     <ETag>&quot;0&quot;</ETag></CompleteMultipartUploadResult>"
                ),
            )
        }
        (Method::DELETE, id) => {
            match id {
                Some(id) => taken.uploads.remove(id),
                None => taken.objects.remove(key),
            };
            reply(StatusCode::NO_CONTENT, "")
        }
        (Method::PUT, None) => {
            taken.objects.insert(key.to_owned(), size);
            reply(StatusCode::OK, "")
        }
        (Method::HEAD, None) if taken.objects.contains_key(key) => {
            let mut found = reply(StatusCode::OK, "");
            let length = taken.objects[key].into();
            found.headers_mut().insert("content-length", length);
            found
        }
        _ => reply(
            StatusCode::NOT_FOUND,
            "<Error><Code>NoSuchKey</Code><Message>Nothing is stored.</Message></Error>",
        ),
    };
    Ok(reply)
}

/// The bucket exists, accepts every setting, and has nothing to list.
fn about_the_bucket(method: &Method) -> Response<Full<Bytes>> {
    let listing = "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>";
    let body = if method == Method::GET { listing } else { "" };
    reply(StatusCode::OK, body)
}

fn reply(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("etag", "\"0\"")
        .header("last-modified", MODIFIED)
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}
