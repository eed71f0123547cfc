//! What the component writes to its standard streams, as lines of the host's log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Max length of a line, in bytes; a longer one is split.
const LONGEST_LINE: usize = 4096;
/// Max lines per request: a component that logs more would drown out all others.
const MOST_LINES: u32 = 64;

/// A component's log: standard error at WARN, and standard output, where it says why a client was
/// refused, at INFO.
///
/// Lines are written within the current span, which is that of the request. They are quoted, so
/// that a component cannot forge lines of the host.
#[derive(Clone)]
pub struct GuestLog {
    written: Written,
    is_error: bool,
}

/// How many lines a request has logged.
#[derive(Clone, Default)]
pub struct Written(Arc<AtomicU32>);

impl Written {
    /// A new request begins.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Standard output.
    pub fn output(&self) -> GuestLog {
        self.stream(false)
    }

    /// Standard error.
    pub fn error(&self) -> GuestLog {
        self.stream(true)
    }

    fn stream(&self, is_error: bool) -> GuestLog {
        GuestLog {
            written: self.clone(),
            is_error,
        }
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Lines {
            log: self.clone(),
            begun: Vec::new(),
        })
    }
}

/// Buffers what is written until a line is complete, too long, or the last.
struct Lines {
    log: GuestLog,
    begun: Vec<u8>,
}

impl Lines {
    fn log(&mut self) {
        let line = String::from_utf8_lossy(&self.begun);
        if !line.trim().is_empty() {
            match self.log.written.0.fetch_add(1, Ordering::Relaxed) {
                MOST_LINES => tracing::warn!("the component logs too much; the rest is dropped"),
                before if before > MOST_LINES => {}
                _ if self.log.is_error => {
                    tracing::warn!(said = ?line, "the component reports a fault");
                }
                _ => tracing::info!(reason = ?line, "refused"),
            }
        }
        self.begun.clear();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.log();
    }
}

#[async_trait::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        for &byte in &bytes {
            if byte == b'\n' || self.begun.len() == LONGEST_LINE {
                self.log();
            }
            if byte != b'\n' {
                self.begun.push(byte);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_request_that_logs_endlessly_is_cut_off_and_the_next_one_is_not() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || Sink(Arc::clone(&writer)))
            .finish();
        let written = Written::default();
        tracing::subscriber::with_default(subscriber, || {
            let mut streams = [written.output().p2_stream(), written.error().p2_stream()];
            for round in 0..2 {
                written.reset();
                for number in 0..1000 {
                    let line = format!("round {round} line {number}\n");
                    streams[number % 2].write(line.into()).expect("room");
                }
            }
        });
        let log = log.lock().expect("no panic").clone();
        let log = String::from_utf8(log).expect("text");
        for round in ["round 0", "round 1"] {
            let lines = log.lines().filter(|line| line.contains(round));
            let (errors, others): (Vec<_>, Vec<_>) =
                lines.partition(|line| line.contains(" WARN "));
            assert_eq!((errors.len(), others.len()), (32, 32), "{round}");
        }
        assert_eq!(log.matches("the rest is dropped").count(), 2);
    }

    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
