//! How a line of the log is written.

use std::fmt;

use serde_json::json;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{self, Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::request::{RequestFields, with_current};
use super::{Clock, now};

/// For people: the time, the level, the request if there is one, the message, and its fields.
pub(super) struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(line, "{} {:>5} ", now(), event.metadata().level())?;
        with_current(|request| write!(line, "request{{{request}}}: ")).unwrap_or(Ok(()))?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// One JSON object per line.
pub(super) struct Json(Format<format::Json, Clock>);

impl Json {
    pub(super) fn new() -> Self {
        let format = Format::default().with_timer(Clock).json();
        // The request is added here.
        let format = format.with_current_span(false).with_span_list(false);
        Self(format.flatten_event(true))
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut object = String::new();
        self.0
            .format_event(context, Writer::new(&mut object), event)?;
        let Some((request, open)) = with_current(as_span).zip(object.trim_end().strip_suffix('}'))
        else {
            return line.write_str(&object);
        };
        writeln!(line, r#"{open},"span":{request},"spans":[{request}]}}"#)
    }
}

/// As a span of the log would be written.
fn as_span(request: &RequestFields) -> serde_json::Value {
    let mut span = json!({
        "name": "request",
        "id": request.id.simple().to_string(),
        "method": request.method.as_str(),
        "path": request.path,
        "component": request.component,
    });
    if let Some(trace) = &request.trace {
        span["trace"] = json!(trace);
    }
    span
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use http::Method;
    use serde_json::Value;
    use tracing_subscriber::Registry;
    use tracing_subscriber::fmt::Layer;
    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt;
    use uuid::Uuid;

    use super::super::RequestLog;
    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// What was logged since the last time.
        fn take(&self) -> String {
            let bytes = std::mem::take(&mut *self.0.lock().expect("no panic"));
            String::from_utf8(bytes).expect("text")
        }
    }

    fn request(trace: Option<&str>) -> RequestLog {
        RequestLog::new(RequestFields {
            id: Uuid::from_u128(1),
            method: Method::GET,
            path: "/v1/a\"\n".to_owned(),
            component: "c0".to_owned(),
            trace: trace.map(str::to_owned),
        })
    }

    const REQUEST: &str =
        r#"request{id=00000000000000000000000000000001 method=GET path="/v1/a\"\n" component=c0"#;

    #[test]
    fn a_line_of_text_names_its_request() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = Layer::new().with_writer(move || writer.clone());
        let log = Registry::default().with(layer.event_format(Text));
        tracing::subscriber::with_default(log, || {
            let log = || tracing::info!(n = 1_u64, text = "a \u{1b}", "said");
            for (within, expected) in [
                (RequestLog::default(), String::new()),
                (request(None), format!("{REQUEST}}}: ")),
                (request(Some("t")), format!("{REQUEST} trace=\"t\"}}: ")),
            ] {
                within.in_scope(log);
                let line = lines.take();
                let (time, rest) = line.split_once(' ').expect("a time");
                assert!(humantime::parse_rfc3339(time).is_ok(), "{time}");
                let expected = format!(" INFO {expected}said n=1 text=\"a \\u{{1b}}\"\n");
                assert_eq!(rest, expected);
            }
        });
    }

    #[test]
    fn a_line_of_json_has_its_request_as_its_span() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = Layer::new().with_writer(move || writer.clone());
        let layer = layer
            .fmt_fields(JsonFields::new())
            .event_format(Json::new());
        let log = Registry::default().with(layer);
        tracing::subscriber::with_default(log, || {
            let log = || tracing::warn!(n = 1_u64, "said");
            log();
            let alone: Value = serde_json::from_str(&lines.take()).expect("JSON");
            assert_eq!(alone["span"], Value::Null);
            request(Some("t")).in_scope(log);
            let line = lines.take();
            assert_eq!(line.matches('\n').count(), 1);
            let within: Value = serde_json::from_str(&line).expect("JSON");
            for (name, expected) in [
                ("level", json!("WARN")),
                ("message", json!("said")),
                ("n", json!(1)),
            ] {
                assert_eq!(within[name], expected);
            }
            let span = json!({
                "name": "request",
                "id": "00000000000000000000000000000001",
                "method": "GET",
                "path": "/v1/a\"\n",
                "component": "c0",
                "trace": "t",
            });
            assert_eq!(within["span"], span);
            assert_eq!(within["spans"], json!([span]));
        });
    }

    #[tokio::test]
    async fn a_task_works_for_its_request_until_it_is_done() {
        let current = || with_current(|_| ()).is_some();
        let within = request(None).scope(async {
            tokio::task::yield_now().await;
            current()
        });
        assert!(within.await);
        assert!(!current());
    }
}
