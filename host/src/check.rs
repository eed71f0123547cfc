//! `coffer check`: whether `serve` would accept a policy or a component, whom a token identifies
//! under it, and what it answers a caller.

mod data;
mod error;
mod input;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use crate::imports::environment::{secrets, setting};
use crate::process::output;
use crate::sandbox::{Candidate, Refused, Runtime, SandboxLimits, code_cache};
use crate::secrets::dev;
use crate::settings::{Asked, Caller};
use crate::store::absent::AbsentStore;
use crate::swap::Sources;

pub use data::data;
pub use error::CheckError;

use input::{is_policy, read_token};
use verdict::{decide, identify};

/// What was asked is so, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The file is accepted, and the caller may do what was asked.
    Yes,
    /// The caller may not.
    No,
}

/// Prints whether `serve` would accept a component or a policy, in development mode if `dev`, and
/// whom a token identifies or what a caller may do.
///
/// # Errors
/// See [`CheckError`]: why not, or why the token is refused.
pub fn check(
    file: &Path,
    token: Option<&Path>,
    asked: Option<(Caller, Asked)>,
    dev: bool,
) -> Result<Answer, CheckError> {
    let is_policy = is_policy(file)?;
    // Fails before the slow compilation if the token cannot be read.
    let token = token.map(read_token).transpose()?;
    let file_of = |wanted: bool| wanted.then_some(file);
    let (_, found) = Sources::open(file_of(!is_policy), file_of(is_policy))?;
    let mut given = secrets()?;
    given.extend(found.policy.map(|document| setting("POLICY", document)));
    if dev {
        given.push(setting("DEV_JWKS", dev::throwaway_jwks()));
    }
    let limits = SandboxLimits {
        instances: 1,
        ..SandboxLimits::default()
    };
    let cache = code_cache::find(None, None);
    let sandbox = Runtime::new(&limits, cache, Arc::default())?;
    let checked = async {
        let candidate = Candidate::load(found.component, sandbox).await?;
        let (checked, report) = candidate
            .check(given, Arc::new(AbsentStore), Arc::default())
            .await
            .map_err(told)?;
        for notice in report.notices {
            say(&format!("note: {notice}"))?;
        }
        match (token, asked) {
            (Some(token), _) => identify(&candidate, &checked, &token).await?,
            (None, Some((caller, asked))) => {
                return decide(&candidate, &checked, caller, &asked).await;
            }
            (None, None) => say(&format!("{} is valid", file.display()))?,
        }
        Ok(Answer::Yes)
    };
    tokio::runtime::Runtime::new()
        .map_err(CheckError::NoRuntime)?
        .block_on(checked)
}

/// Prints all that the component says but the last line, which is the error. The tests in a policy
/// have a line each.
fn told(refused: Refused) -> CheckError {
    let Refused::Settings(said) = refused else {
        return refused.into();
    };
    let (before, last) = said.rsplit_once('\n').unwrap_or(("", &said));
    for line in before.lines() {
        eprintln!("coffer: {line}");
    }
    CheckError::Settings(last.to_owned())
}

/// A line on standard output, which may be a closed pipe.
fn say(line: &str) -> Result<(), CheckError> {
    Ok(output::print(line)?)
}
