//! The trial that every component must pass before it serves: its probes, requests without a
//! token.

use std::sync::Arc;

use http::{Method, Request, header};
use http_body_util::{BodyExt, Empty};

use super::candidate::Probe;
use super::{Sandbox, SandboxFailure};

/// A component that would let anyone in, or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It answered with the wrong status.
    #[error("it answers {status} to GET {path} without a token, expected {expected:?}")]
    Answer {
        /// The path of the request.
        path: String,
        /// The status that it answered with.
        status: u16,
        /// The statuses that would be correct.
        expected: Vec<u16>,
    },
    /// It names no probes.
    #[error("it has no probes")]
    None,
    /// A probe cannot be requested.
    #[error("its probe {0:?} is not a valid request target")]
    Target(String),
    /// It did not answer.
    #[error("GET {path}: {failure}")]
    Failed {
        /// The path of the request.
        path: String,
        /// Why there was no response.
        failure: SandboxFailure,
    },
}

/// Max probes; further ones are ignored.
const MOST: usize = 16;

/// Tries a component.
///
/// # Errors
/// A [`TrialError`] for the first request that it gets wrong.
pub(super) async fn pass(sandbox: &Sandbox, probes: &[Probe]) -> Result<(), TrialError> {
    if probes.is_empty() {
        return Err(TrialError::None);
    }
    for Probe { target, statuses } in probes.iter().take(MOST) {
        let path = || target.clone();
        let Ok(uri) = http::Uri::try_from(target) else {
            return Err(TrialError::Target(path()));
        };
        let mut request = Request::new(Empty::new().map_err(|never| match never {}));
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri;
        let host = http::HeaderValue::from_static("trial.invalid");
        request.headers_mut().insert(header::HOST, host);
        let answered = sandbox.handle(request, &Arc::default()).await;
        let response = answered.map_err(|failure| TrialError::Failed {
            path: path(),
            failure,
        })?;
        let status = response.status().as_u16();
        if !statuses.contains(&status) {
            return Err(TrialError::Answer {
                path: path(),
                status,
                expected: statuses.clone(),
            });
        }
    }
    Ok(())
}
