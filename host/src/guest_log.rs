//! What the component writes to its stderr, as lines of the host's log.

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// In bytes; a longer line is logged in pieces.
const LONGEST_LINE: usize = 4096;

/// A component's log.
///
/// Lines are written within the current span, which is that of the request. They are
/// quoted, so that a component cannot forge lines of the host's.
#[derive(Clone)]
pub struct GuestLog;

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
        Box::new(Lines::default())
    }
}

/// Gathers what is written until a line is complete, too long, or the last.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn log(&mut self) {
        let line = String::from_utf8_lossy(&self.begun);
        if !line.trim().is_empty() {
            tracing::warn!(component = ?line);
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
