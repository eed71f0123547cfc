//! The log: on stderr, written by a thread of its own.

mod line;
mod request;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::OnceLock;
use std::time::Duration;

use clap::ValueEnum;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::process::clock;
use line::{Json, Text};

pub use request::{RequestFields, RequestLog};

/// Max bytes per write.
const BUFFER: usize = 64 << 10;
/// Max lines that wait to be written; further ones are dropped.
const WAITING: usize = 64_000;
/// Lines that arrive within this time are written together.
const PAUSE: Duration = Duration::from_millis(5);

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// A layer that takes the spans of the log.
pub type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// `--log` is not a valid filter.
#[derive(Debug, thiserror::Error)]
#[error("--log {filter} is not a valid filter: {source}")]
pub struct FilterError {
    filter: String,
    source: ParseError,
}

/// Counts the lines that were not logged.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// How many lines were dropped because nobody read the log.
pub fn dropped() -> u64 {
    DROPPED
        .get()
        .map_or(0, |counter| counter.dropped_lines() as u64)
}

/// Starts the log. A thread writes the lines in batches. If nobody reads them, lines are dropped
/// once too many wait, and a later line says how many: requests never wait for the log. The guard,
/// dropped at the program's end, flushes the rest, but does not wait forever for a reader. A crash
/// loses the lines of the last moment. `spans` gets spans whatever the filter says of lines.
///
/// # Errors
/// [`FilterError`].
pub fn start(
    filter: &str,
    format: Format,
    spans: Option<SpanLayer>,
) -> Result<WorkerGuard, FilterError> {
    let filter: Targets = filter.parse().map_err(|source| FilterError {
        filter: filter.to_owned(),
        source,
    })?;
    // At TRACE, the sandbox logs every value that crosses its boundary, including secrets.
    let most = LevelFilter::DEBUG;
    let stderr = Gathering {
        lines: BufWriter::with_capacity(BUFFER, io::stderr()),
        dropped,
        said: 0,
        format,
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING)
        .finish(stderr);
    // There is only one log.
    let _ = DROPPED.set(writer.error_counter());
    let log = tracing_subscriber::fmt::layer().with_writer(writer);
    let log = match format {
        Format::Text => log.event_format(Text).boxed(),
        Format::Json => log
            .fmt_fields(JsonFields::new())
            .event_format(Json::new())
            .boxed(),
    };
    match spans {
        None => tracing_subscriber::registry()
            .with(log)
            .with(filter)
            .with(most)
            .init(),
        // A filter for each layer costs a little with every line.
        Some(spans) => tracing_subscriber::registry()
            .with(vec![log.with_filter(filter).boxed(), spans])
            .with(most)
            .init(),
    }
    Ok(guard)
}

/// The time in UTC with microseconds (RFC 3339), like tracing-subscriber's own, but without a
/// `format!` for each of its parts.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", now())
    }
}

fn now() -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_micros(clock::now())
}

/// Pauses after each write. Under load the thread would otherwise wake up and write for every
/// single line, which costs much of a request's time.
struct Gathering<W: Write> {
    lines: BufWriter<W>,
    /// How many lines were dropped in total.
    dropped: fn() -> u64,
    /// How many of them have been reported.
    said: u64,
    format: Format,
}

impl<W: Write> Gathering<W> {
    /// Reports dropped lines in the log, at the place where they are missing.
    fn say_what_is_missing(&mut self) -> io::Result<()> {
        let dropped = (self.dropped)();
        let new = dropped.saturating_sub(self.said);
        if new == 0 {
            return Ok(());
        }
        self.said = dropped;
        let now = now();
        let message = "log lines were dropped because nobody read the log";
        match self.format {
            Format::Text => writeln!(self.lines, "{now}  WARN {message} dropped={new}"),
            Format::Json => writeln!(
                self.lines,
                r#"{{"timestamp":"{now}","level":"WARN","message":"{message}","dropped":{new}}}"#
            ),
        }
    }
}

impl<W: Write> Write for Gathering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.say_what_is_missing()?;
        if self.lines.buffer().is_empty() {
            return Ok(());
        }
        let written = self.lines.flush();
        std::thread::sleep(PAUSE);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each call wrote.
    #[derive(Default)]
    struct Calls(Vec<Vec<u8>>);

    impl Write for Calls {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gathering(dropped: fn() -> u64, format: Format) -> Gathering<Calls> {
        Gathering {
            lines: BufWriter::with_capacity(BUFFER, Calls::default()),
            dropped,
            said: 0,
            format,
        }
    }

    #[test]
    fn the_log_says_once_how_many_lines_are_missing() {
        for format in [Format::Text, Format::Json] {
            let mut log = gathering(|| 3, format);
            for _ in 0..2 {
                log.write_all(b"one\n").expect("room");
                log.flush().expect("room");
            }
            let text = log.lines.get_ref().0.concat();
            let text = String::from_utf8(text).expect("text");
            let said: Vec<_> = text.lines().filter(|line| *line != "one").collect();
            let [line] = said[..] else {
                panic!("{text}");
            };
            let number = ["dropped=3", r#""dropped":3}"#];
            assert!(number.iter().any(|number| line.ends_with(number)), "{line}");
        }
    }

    #[test]
    fn lines_that_arrive_together_are_written_together_and_none_is_held_back() {
        let mut log = gathering(|| 0, Format::Text);
        for lines in [&["one\n", "two\n"][..], &[], &["three\n"]] {
            for line in lines {
                log.write_all(line.as_bytes()).expect("room");
            }
            log.flush().expect("room");
        }
        let written = &log.lines.get_ref().0;
        assert_eq!(*written, [&b"one\ntwo\n"[..], b"three\n"]);
    }
}
