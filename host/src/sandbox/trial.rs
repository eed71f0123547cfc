//! What every component must get right before it serves: two requests without a token.

use http::{Method, Request, header};
use http_body_util::{BodyExt, Empty};

use super::{Failure, Sandbox};

/// A path, and the statuses that a request without a token may get there, whatever the
/// policy, on a store that is empty.
const TRIALS: [(&str, &[u16]); 2] = [
    ("/v1/public/files/trial", &[401, 403, 404]),
    ("/v1/user/files/trial", &[401, 403]),
];

/// A component that would let anybody in, or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It answered, but not as it must.
    #[error("it answers {status} to GET {path} without a token, where {expected:?} was due")]
    Answer {
        /// What it was asked.
        path: &'static str,
        /// What it answered.
        status: u16,
        /// What would have been right.
        expected: &'static [u16],
    },
    /// It did not.
    #[error("GET {path}: {failure}")]
    Failed {
        /// What it was asked.
        path: &'static str,
        /// Why there was no answer.
        failure: Failure,
    },
}

/// Puts a component to the test.
///
/// # Errors
/// A [`TrialError`] for the first request that it gets wrong.
pub(super) async fn pass(sandbox: &Sandbox) -> Result<(), TrialError> {
    for (path, expected) in TRIALS {
        let failed = |failure| TrialError::Failed { path, failure };
        let mut request = Request::new(Empty::new().map_err(|never| match never {}));
        *request.method_mut() = Method::GET;
        *request.uri_mut() = http::Uri::from_static(path);
        let host = http::HeaderValue::from_static("trial.invalid");
        request.headers_mut().insert(header::HOST, host);
        let response = sandbox.handle(request).await.map_err(failed)?;
        let status = response.status().as_u16();
        if !expected.contains(&status) {
            return Err(TrialError::Answer {
                path,
                status,
                expected,
            });
        }
    }
    Ok(())
}
