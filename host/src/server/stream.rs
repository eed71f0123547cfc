//! A connection's socket with two timeouts: one for the rest of a request header, and a longer one
//! for an idle connection (keep-alive).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection is doing, shared by its socket and its service.
#[derive(Default)]
pub(super) struct Phase(AtomicU8);

/// Between two requests.
const IDLE: u8 = 0;
/// A header has begun to arrive.
const HEADER: u8 = 1;
/// A request is being answered; its body has limits of its own.
const BUSY: u8 = 2;

impl Phase {
    /// A header has arrived completely.
    pub(super) fn request_begins(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// Its response has been handed over.
    pub(super) fn request_ends(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// From the first byte of a request to the end of its header.
    pub(super) header: Duration,
    /// Between two requests, and before the first.
    pub(super) keep_alive: Duration,
}

/// A socket that ends after a timeout, as if its client had closed it.
pub(super) struct ClientStream {
    socket: TcpStream,
    phase: Arc<Phase>,
    times: Times,
    /// What the client is expected to send, and the deadline for it.
    waits: Option<(u8, Instant)>,
    /// Fires at the deadline or earlier: resetting it for every request would cost more.
    timer: Option<Pin<Box<Sleep>>>,
}

impl ClientStream {
    pub(super) fn new(socket: TcpStream, phase: Arc<Phase>, times: Times) -> Self {
        Self {
            socket,
            phase,
            times,
            waits: None,
            timer: None,
        }
    }

    /// Resolves when the client has taken too long.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let phase = self.phase.0.load(Ordering::Relaxed);
        let time = match phase {
            IDLE => self.times.keep_alive,
            HEADER => self.times.header,
            _ => {
                self.waits = None;
                return Poll::Pending;
            }
        };
        let deadline = match self.waits {
            Some((known, deadline)) if known == phase => deadline,
            _ => Instant::now() + time,
        };
        self.waits = Some((phase, deadline));
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.deadline() < deadline {
            ready!(timer.as_mut().poll(context));
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.socket).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > before {
                    let idle = self.phase.0.compare_exchange(
                        IDLE,
                        HEADER,
                        Ordering::Relaxed,
                        Ordering::Relaxed,
                    );
                    if idle.is_ok() {
                        self.waits = None;
                    }
                }
                Poll::Ready(read)
            }
            // An end of the stream, as if the client had closed the connection.
            Poll::Pending => self.poll_deadline(context).map(Ok),
        }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
