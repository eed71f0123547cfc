//! Why a request got no response from the component, and how often that happens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use wasmtime::Trap;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::cpu_time::TimeUsedUp;

/// Why a request got no response from the component.
#[derive(Debug, thiserror::Error)]
pub enum SandboxFailure {
    /// Every instance is in use, and none became free in time.
    #[error("no instance became free within the queue timeout")]
    Busy,
    /// The component trapped, or was stopped.
    #[error("the component failed: {0:#}")]
    Component(#[source] wasmtime::Error),
    /// The component returned without a response.
    #[error("the component gave no response")]
    NoAnswer,
    /// The component answered with an error instead of a response.
    #[error("the component answered with an error: {0}")]
    Error(ErrorCode),
}

/// The request timeout was exceeded.
#[derive(Debug, thiserror::Error)]
#[error("the request took longer than {0:?} (--request-timeout)")]
pub(super) struct TimedOut(pub(super) Duration);

impl SandboxFailure {
    /// Each [`kind`](Self::kind) that there is.
    pub(super) const KINDS: [&'static str; 10] = [
        "busy",
        "no-answer",
        "error",
        "cpu-time",
        "timeout",
        "stack",
        "memory",
        "panic",
        "trap",
        "port",
    ];

    /// One word for the kind of failure.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Error(_) => "error",
            Self::Component(error) if error.is::<TimeUsedUp>() => "cpu-time",
            Self::Component(error) if error.is::<TimedOut>() => "timeout",
            Self::Component(error) => match error.downcast_ref::<Trap>() {
                Some(Trap::StackOverflow) => "stack",
                Some(Trap::MemoryOutOfBounds) => "memory",
                Some(Trap::UnreachableCodeReached) => "panic",
                Some(_) => "trap",
                None => "port",
            },
        }
    }

    /// Whether the component trapped or used up its CPU time: not load, a slow client or a missing
    /// response.
    fn is_a_trap(&self) -> bool {
        matches!(self, Self::Component(error) if !error.is::<TimedOut>())
    }
}

/// The traps of one component since it began to serve.
#[derive(Debug, Default)]
pub struct Failures {
    count: AtomicU64,
    more: Notify,
}

impl Failures {
    /// Counts a failure, if it is a trap.
    pub(super) fn record(&self, failure: &SandboxFailure) {
        if failure.is_a_trap() {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.more.notify_waiters();
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Resolves once there have been more than `few`.
    pub async fn exceed(&self, few: u64) {
        loop {
            let more = self.more.notified();
            if self.count() > few {
                return;
            }
            more.await;
        }
    }
}
