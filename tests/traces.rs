//! Traces by OTLP: which spans a collector gets of a request, and what happens without one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::net::TcpListener;

use crate::support::{Server, Setup, eventually, user};

/// A collector on loopback, and what it got.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
    /// Whether it answers with 503.
    fails: Arc<AtomicBool>,
    /// How often it did.
    failed: Arc<AtomicUsize>,
}

/// A span as a collector sees it, with its resource.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
    attributes: BTreeMap<String, String>,
    resource: BTreeMap<String, String>,
    failed: bool,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let (fails, failed) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let collector = Self {
            url,
            spans,
            fails,
            failed,
        };
        let (all, fails) = (Arc::clone(&collector.spans), Arc::clone(&collector.fails));
        let failed = Arc::clone(&collector.failed);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (all, fails, failed) = (all.clone(), fails.clone(), failed.clone());
                let service = service_fn(move |request| {
                    let all = all.clone();
                    let is_failing = fails.load(Ordering::Relaxed);
                    if is_failing {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                    async move {
                        let mut answer = Response::new(Empty::<Bytes>::new());
                        if is_failing {
                            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                        } else {
                            receive(&all, request).await;
                        }
                        Ok::<_, Infallible>(answer)
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        collector
    }

    /// Waits until it has failed this often.
    async fn asked(&self, times: usize) {
        for _ in 0..3000 {
            if self.failed.load(Ordering::Relaxed) >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not asked {times} times");
    }

    /// A server that exports to it, soon after each request.
    fn server(&self) -> Setup {
        Setup::default()
            .args(&["--otlp-endpoint", &self.url])
            .env("OTEL_BSP_SCHEDULE_DELAY", "20")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
    }

    /// Waits for the span of this name.
    async fn span(&self, name: &str) -> Span {
        for _ in 0..3000 {
            let spans = self.spans.lock().unwrap().clone();
            let mut found = spans.iter().filter(|span| span.name == name);
            if let Some(span) = found.next() {
                assert_eq!(found.next(), None, "{spans:?}");
                return span.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{name}: {:?}", self.spans.lock().unwrap());
    }
}

async fn receive(all: &Mutex<Vec<Span>>, request: Request<Incoming>) {
    assert_eq!(request.uri().path(), "/v1/traces");
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let export = ExportTraceServiceRequest::decode(body).unwrap();
    for group in export.resource_spans {
        let resource = named(&group.resource.unwrap().attributes);
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            all.lock().unwrap().push(Span {
                name: span.name,
                trace: base16(&span.trace_id),
                id: base16(&span.span_id),
                parent: base16(&span.parent_span_id),
                attributes: named(&span.attributes),
                resource: resource.clone(),
                failed: span.status.is_some_and(|status| status.code == 2),
            });
        }
    }
}

fn named(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.clone().unwrap().value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let named = attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), text(attribute)));
    named.collect()
}

fn base16(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The log's line about a request that was answered.
fn line(server: &Server, path: &str) -> String {
    let mut found = String::new();
    eventually("a line for the request", || {
        let log = server.log();
        let mut lines = log.lines().filter(|line| line.contains("answered"));
        found = lines
            .find(|line| line.contains(path))
            .unwrap_or_default()
            .to_owned();
        !found.is_empty()
    });
    found
}

#[tokio::test]
async fn a_request_is_a_span_of_its_callers_trace_with_its_parts_below() {
    let collector = Collector::start().await;
    let server = collector.server().start();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let put = server
        .put("/v1/user/files/a", "bytes")
        .bearer_auth(user("ann"));
    let put = put.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let response = put.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let sent = response.bytes().await.unwrap().len().to_string();

    let request = collector.span("upload user").await;
    assert_eq!(
        (&*request.trace, &*request.parent),
        (trace, "00f067aa0ba902b7")
    );
    for (name, expected) in [
        ("id", &*id),
        ("method", "PUT"),
        ("path", "/v1/user/files/a"),
        ("trace", trace),
        ("coffer.operation", "upload"),
        ("coffer.area", "user"),
        ("http.response.status_code", "201"),
        ("http.request.body.size", "5"),
        ("http.response.body.size", &*sent),
        ("client.address", "127.0.0.1"),
    ] {
        let found = request.attributes.get(name).map(String::as_str);
        assert_eq!(found, Some(expected), "{name} in {request:?}");
    }
    assert_eq!(request.resource["service.name"], "coffer");
    assert_eq!(
        request.resource["service.version"],
        env!("CARGO_PKG_VERSION")
    );
    assert!(!request.failed, "{request:?}");
    for part in ["sandbox", "engine create", "engine finish"] {
        let part = collector.span(part).await;
        assert_eq!(
            (&part.trace, &part.parent),
            (&request.trace, &request.id),
            "{part:?}"
        );
        assert_eq!(part.attributes["coffer.outcome"], "done");
    }
}

#[tokio::test]
async fn a_request_without_a_caller_begins_a_trace_which_the_log_names() {
    let collector = Collector::start().await;
    let server = collector.server().env("OTEL_SERVICE_NAME", "files").start();
    let forged = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
    let get = server
        .get("/v1/public/files/none")
        .header("traceparent", forged);
    assert_eq!(get.send().await.unwrap().status(), 404);
    let request = collector.span("download public").await;
    assert_eq!(request.parent, "");
    assert_eq!(request.resource["service.name"], "files");
    let line = line(&server, "/v1/public/files/none");
    assert!(
        line.contains(&format!("trace=\"{}\"", request.trace)),
        "{line}"
    );
    // Lines are those of a server without traces.
    assert!(line.contains("}: answered client="), "{line}");
    assert_eq!(
        collector.span("engine open").await.attributes["coffer.outcome"],
        "refused"
    );
}

#[tokio::test]
async fn traces_do_not_depend_on_the_level_of_the_log_and_the_last_are_sent_at_shutdown() {
    let collector = Collector::start().await;
    let server = collector
        .server()
        .args(&["--log", "off"])
        .env("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .start();
    let get = server.get("/v1/public/files").send().await.unwrap();
    assert_eq!(get.status(), 401);
    // Its exporter talks to this process meanwhile.
    let stopped = tokio::task::spawn_blocking(|| server.stop()).await.unwrap();
    assert_eq!(stopped, Some(0));
    assert_eq!(
        collector.span("list public").await.attributes["http.response.status_code"],
        "401"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_that_fails_costs_two_lines_of_the_log_and_no_request() {
    let collector = Collector::start().await;
    let server = collector.server().start();
    let ask = async |path: &str| {
        let get = server.get(path).send().await.unwrap();
        assert_eq!(get.status(), 404);
    };
    collector.fails.store(true, Ordering::Relaxed);
    for asked in 1..=3 {
        ask("/v1/public/files/none").await;
        collector.asked(asked).await;
    }
    let said = |what: &str| server.log().matches(what).count();
    eventually("it is logged", || said("traces cannot be exported") == 1);
    collector.fails.store(false, Ordering::Relaxed);
    // A retry may bring the spans of the earlier requests too.
    let last = "/v1/public/files/last";
    ask(last).await;
    eventually("the collector gets it", || {
        let spans = collector.spans.lock().unwrap();
        let of_last = |span: &&Span| span.attributes.get("path").is_some_and(|path| path == last);
        spans.iter().filter(of_last).count() == 1
    });
    eventually("it is logged", || said("traces are exported again") == 1);
    assert_eq!(said("traces cannot be exported"), 1, "{}", server.log());
}
