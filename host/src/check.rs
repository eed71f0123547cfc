//! `coffer check`: whether `serve` would accept a policy or a component, whom a token identifies
//! under it, and what it answers a caller.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bindings::judge::decisions::{Outcome, Verdict};
use crate::bindings::judge::exports::coffer::storage::judge::Subject;
use crate::imports::environment::{SecretError, secrets, setting};
use crate::process::output::{self, NoOutput};
use crate::sandbox::{
    Candidate, Identity, Refused, Runtime, RuntimeError, Sandbox, SandboxLimits, WASM, code_cache,
};
use crate::secrets::dev;
use crate::settings::{Asked, Caller};
use crate::store::absent::AbsentStore;
use crate::store::local;
use crate::swap::{SourceError, Sources};

/// Max bytes read from a token's file: longer than any token.
const MOST_READ: u64 = 64 << 10;

/// Why the check failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Component or policy.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The environment.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] RuntimeError),
    /// `serve` would not accept it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The data directory.
    #[error(transparent)]
    Store(#[from] local::OpenError),
    /// It is damaged.
    #[error("{dir} is damaged: {found}", dir = dir.display())]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// How much of it.
        found: String,
    },
    /// The file to check.
    #[error("{file} cannot be read: {source}", file = file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither kind of file.
    #[error(
        "{file} is neither a policy (a file named *.toml) nor a component (*.wasm)",
        file = .0.display()
    )]
    Neither(PathBuf),
    /// A token instead of its file.
    #[error(
        "--token takes the file that holds the token, or - for standard input; a token on the \
         command line is visible to every user of this machine"
    )]
    TokenGiven,
    /// The token's file.
    #[error("the token in {file} cannot be read: {source}", file = file.display())]
    TokenUnreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The token's file is empty.
    #[error("no token in {file}: it is empty", file = .0.display())]
    NoToken(PathBuf),
    /// Why the token is refused, in the component's words.
    #[error("{0}")]
    Token(String),
    /// Why it has no verdict on the caller, in the component's words.
    #[error("--as: {0}")]
    NoVerdict(String),
    /// The last of several things that the component says of its settings.
    #[error("{0}")]
    Settings(String),
    /// No threads could be started.
    #[error("the async runtime cannot be started: {0}")]
    NoRuntime(io::Error),
    /// The result cannot be printed.
    #[error(transparent)]
    NoOutput(#[from] NoOutput),
}

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

/// Prints whether a data directory that no host uses is intact, and what is damaged.
///
/// # Errors
/// See [`CheckError`]: it is damaged or cannot be read; the lines before say what is wrong.
pub fn data(dir: &Path) -> Result<(), CheckError> {
    let told = |line: String| {
        // A reader that closed the pipe still gets the exit code.
        let _ = say(&line);
    };
    let local::Checked {
        files,
        damaged,
        missing,
        orphaned,
    } = local::check(dir, told)?;
    let found = format!("{files} files; {damaged} damaged, {missing} missing, {orphaned} orphaned");
    if damaged > 0 || missing > 0 {
        let dir = dir.to_owned();
        return Err(CheckError::Damaged { dir, found });
    }
    say(&format!("{} is intact: {found}", dir.display()))
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

async fn decide(
    candidate: &Candidate,
    checked: &Sandbox,
    caller: Caller,
    Asked(question): &Asked,
) -> Result<Answer, CheckError> {
    let subject = match caller {
        Caller::Nobody => None,
        Caller::Named(named) => Some(Subject {
            user: named.user,
            org: named.org,
            roles: named.roles,
            claims: serde_json::Value::from(named.claims).to_string(),
        }),
    };
    let verdict = candidate.decide(checked, subject.as_ref(), question);
    let Verdict {
        outcome,
        rule,
        reason,
    } = verdict.await?.map_err(CheckError::NoVerdict)?;
    let (answer, words) = match outcome {
        Outcome::Allowed => (Answer::Yes, "allowed"),
        Outcome::OwnFiles => (Answer::Yes, "allowed for files that the caller stored"),
        Outcome::Denied => (Answer::No, "denied"),
    };
    say(words)?;
    say(&format!("rule: {rule}"))?;
    if let Some(reason) = reason {
        say(&format!("reason: {reason}"))?;
    }
    Ok(answer)
}

async fn identify(candidate: &Candidate, checked: &Sandbox, token: &str) -> Result<(), CheckError> {
    let Identity {
        user,
        organization,
        roles,
        seconds_left,
    } = candidate
        .identify(checked, token)
        .await?
        .map_err(CheckError::Token)?;
    let named = |found: Result<String, String>| match found {
        Ok(name) => name.escape_debug().to_string(),
        Err(reason) => format!("none ({reason})"),
    };
    say(&format!("user: {}", named(user)))?;
    say(&format!("organization: {}", named(organization)))?;
    say(&format!(
        "roles: {}",
        named(roles.map(|all| all.join(", ")))
    ))?;
    say(&format!("valid for: {}", left(seconds_left)))
}

fn left(seconds: u32) -> String {
    let left = std::time::Duration::from_secs(seconds.into());
    humantime::format_duration(left).to_string()
}

/// Whether it is a policy, by its name, or else a component, by its name or its magic number.
///
/// # Errors
/// [`CheckError::Neither`], [`CheckError::Unreadable`].
fn is_policy(file: &Path) -> Result<bool, CheckError> {
    let named = |wanted| file.extension().is_some_and(|found| found == wanted);
    if named("toml") || named("wasm") {
        return Ok(named("toml"));
    }
    let mut begin = Vec::new();
    let read = File::open(file).and_then(|file| {
        let mut begin_of = file.take(WASM.len() as u64);
        begin_of.read_to_end(&mut begin)
    });
    read.map_err(|source| CheckError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    if begin == WASM {
        return Ok(false);
    }
    Err(CheckError::Neither(file.to_owned()))
}

/// The token in a file, or on standard input for `-`.
///
/// # Errors
/// See [`CheckError`], which never contains a token that was given instead of a file.
fn read_token(file: &Path) -> Result<String, CheckError> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().take(MOST_READ).read_to_string(&mut text),
        Some(jwt) if jwt.starts_with("eyJ") && !file.exists() => {
            return Err(CheckError::TokenGiven);
        }
        _ => File::open(file).and_then(|file| file.take(MOST_READ).read_to_string(&mut text)),
    };
    read.map_err(|source| CheckError::TokenUnreadable {
        file: file.to_owned(),
        source,
    })?;
    let token = text.trim();
    if token.is_empty() {
        return Err(CheckError::NoToken(file.to_owned()));
    }
    Ok(token.to_owned())
}

/// A line on standard output, which may be a closed pipe.
fn say(line: &str) -> Result<(), CheckError> {
    Ok(output::print(line)?)
}
