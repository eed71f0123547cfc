//! The request that a line of the log belongs to.
//!
//! It is a task-local variable instead of a span, which would have to be created, entered at each
//! poll and formatted. Spans are used for traces only.

use std::fmt;
use std::sync::Arc;

use http::Method;
use uuid::Uuid;

tokio::task_local! {
    /// The request that this task works for.
    static CURRENT: Arc<RequestFields>;
}

/// What all lines of a request have.
#[derive(Debug)]
pub struct RequestFields {
    /// Its id, which its response has too.
    pub id: Uuid,
    /// Its method.
    pub method: Method,
    /// Its path, without secrets.
    pub path: String,
    /// The digest of the component that answers it.
    pub component: String,
    /// The trace that it belongs to.
    pub trace: Option<String>,
}

/// What logs for a request, or for none.
#[derive(Debug, Clone, Default)]
pub struct RequestLog(Option<Arc<RequestFields>>);

impl RequestLog {
    /// For this request.
    pub fn new(fields: RequestFields) -> Self {
        Self(Some(Arc::new(fields)))
    }

    /// For the request that this task works for, if any.
    pub fn current() -> Self {
        Self(CURRENT.try_with(Arc::clone).ok())
    }

    /// Has this task work for the request until the future is done.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            None => future.await,
            Some(fields) => CURRENT.scope(fields, future).await,
        }
    }

    /// Has this task work for the request meanwhile.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => work(),
            Some(fields) => CURRENT.sync_scope(Arc::clone(fields), work),
        }
    }
}

/// What the request that this task works for has, if there is one.
pub(super) fn with_current<T>(read: impl FnOnce(&RequestFields) -> T) -> Option<T> {
    CURRENT.try_with(|fields| read(fields)).ok()
}

/// As `name=value`, separated by spaces.
impl fmt::Display for RequestFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            method,
            path,
            component,
            trace,
        } = self;
        write!(
            f,
            "id={} method={method} path={path:?} component={component}",
            id.simple()
        )?;
        match trace {
            None => Ok(()),
            Some(trace) => write!(f, " trace={trace:?}"),
        }
    }
}
