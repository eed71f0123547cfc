//! The log: on stderr, by a thread of its own.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock;
use crate::settings::{LogFormat, Serve};

/// As much is written at once, in bytes.
const BUFFER: usize = 64 << 10;
/// Lines that come so soon after others are written together.
const PAUSE: Duration = Duration::from_millis(5);

/// Starts it. A thread takes what has gathered meanwhile in one go. Nothing is left out
/// while the program runs; the guard, dropped at its end, has the rest written, but does not
/// wait for ever for somebody to read it. A crash loses what has just been logged.
///
/// # Errors
/// One sentence, where `--log` is no filter.
pub fn start(asked: &Serve) -> Result<WorkerGuard, String> {
    let filter = EnvFilter::try_new(&asked.log)
        .map_err(|error| format!("--log {} is no filter: {error}", asked.log))?;
    // The sandbox traces every value that crosses its boundary, secrets too.
    let most = LevelFilter::DEBUG;
    let stderr = Gathering(BufWriter::with_capacity(BUFFER, io::stderr()));
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(stderr);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_timer(Clock);
    match asked.log_format {
        LogFormat::Text => log.with_target(false).finish().with(most).init(),
        LogFormat::Json => log.json().flatten_event(true).finish().with(most).init(),
    }
    Ok(guard)
}

/// The time in UTC with its microseconds (RFC 3339), as tracing-subscriber has it too, but
/// made without a `format!` for every part of it.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = humantime::format_rfc3339_micros(clock::now());
        write!(writer, "{now}")
    }
}

/// Rests after each time that it has written. Under load the thread would otherwise wake up
/// and write for every single line, which takes much of a request's time.
struct Gathering<W: Write>(BufWriter<W>);

impl<W: Write> Write for Gathering<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.buffer().is_empty() {
            return Ok(());
        }
        let written = self.0.flush();
        std::thread::sleep(PAUSE);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written to it, by each call.
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

    #[test]
    fn lines_that_come_together_are_written_together_and_none_is_held_back() {
        let mut log = Gathering(BufWriter::with_capacity(BUFFER, Calls::default()));
        for lines in [&["one\n", "two\n"][..], &[], &["three\n"]] {
            for line in lines {
                log.write_all(line.as_bytes()).expect("room");
            }
            log.flush().expect("room");
        }
        let written = &log.0.get_ref().0;
        assert_eq!(*written, [&b"one\ntwo\n"[..], b"three\n"]);
    }
}
