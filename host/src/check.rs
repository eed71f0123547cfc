//! `coffer check`: what `serve` would say of a policy or a component, and whom a token
//! names under it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::sandbox::{Candidate, Identity, Refused, Sandbox, SandboxLimits, WASM};
use crate::serve::{sandbox_runtime, secrets, setting};
use crate::store::absent::AbsentStore;
use crate::store::local;
use crate::swap::Sources;

/// The most that is read of a token's file, in bytes: more than any token has.
const MOST_READ: u64 = 64 << 10;

/// Says whether `serve` would accept a component or a policy, and what a token says there.
///
/// # Errors
/// One line that says why not, or why the token is refused.
pub fn check(file: &Path, token: Option<&Path>) -> Result<(), String> {
    let is_policy = is_policy(file)?;
    // What cannot be read need not be compiled for first.
    let token = token.map(read_token).transpose()?;
    let file_of = |wanted: bool| wanted.then_some(file);
    let (_, found) = Sources::open(file_of(!is_policy), file_of(is_policy))?;
    let mut given = secrets()?;
    given.extend(found.policy.map(|document| setting("POLICY", document)));
    let limits = SandboxLimits {
        instances: 1,
        ..SandboxLimits::default()
    };
    let sandbox = sandbox_runtime(&limits, None, &Arc::default())?;
    let checked = async {
        let candidate = Candidate::load(found.component, sandbox).await?;
        let (checked, report) = candidate
            .check(given, Arc::new(AbsentStore), Arc::default())
            .await?;
        for notice in report.notices {
            say(&format!("note: {notice}"))?;
        }
        match token {
            None => say(&format!("{} is valid", file.display())),
            Some(token) => identify(&candidate, &checked, &token).await,
        }
    };
    tokio::runtime::Runtime::new()
        .map_err(|error| format!("no runtime: {error}"))?
        .block_on(checked)
        .map_err(|error: Unfit| error.0)
}

/// Says whether a data directory that no host uses is whole, and what of it is not.
///
/// # Errors
/// One line, where it is not or cannot be looked at; the lines before say what is wrong.
pub fn data(dir: &Path) -> Result<(), String> {
    let told = |line: String| {
        // A reader that closed the pipe has the exit code.
        let _ = say(&line);
    };
    let local::Checked {
        files,
        damaged,
        missing,
        orphaned,
    } = local::check(dir, told).map_err(|error| error.to_string())?;
    let found = format!("{files} files; {damaged} damaged, {missing} missing, {orphaned} orphaned");
    if damaged > 0 || missing > 0 {
        return Err(format!("{} is damaged: {found}", dir.display()));
    }
    say(&format!("{} is whole: {found}", dir.display())).map_err(|error| error.0)
}

/// One line for the operator.
struct Unfit(String);

impl From<Refused> for Unfit {
    fn from(refused: Refused) -> Self {
        Self(refused.to_string())
    }
}

async fn identify(candidate: &Candidate, checked: &Sandbox, token: &str) -> Result<(), Unfit> {
    let Identity {
        user,
        organization,
        roles,
        seconds_left,
    } = candidate.identify(checked, token).await?.map_err(Unfit)?;
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

/// Whether it is a policy, by its name, or else a component, by its name or its beginning.
///
/// # Errors
/// One sentence for a file that is neither.
fn is_policy(file: &Path) -> Result<bool, String> {
    let named = |wanted| file.extension().is_some_and(|found| found == wanted);
    if named("toml") || named("wasm") {
        return Ok(named("toml"));
    }
    let mut begin = Vec::new();
    let read = File::open(file).and_then(|file| {
        let mut begin_of = file.take(WASM.len() as u64);
        begin_of.read_to_end(&mut begin)
    });
    read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    if begin == WASM {
        return Ok(false);
    }
    Err(format!(
        "{} is neither a policy (a file named *.toml) nor a component (*.wasm)",
        file.display()
    ))
}

/// The token in a file, or on standard input for `-`.
///
/// # Errors
/// One sentence, which never holds a token that was given instead of a file.
fn read_token(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().take(MOST_READ).read_to_string(&mut text),
        Some(jwt) if jwt.starts_with("eyJ") && !file.exists() => {
            return Err(
                "--token is the file that holds the token, or - for standard input; a token on \
                 the command line can be seen by everybody on this machine"
                    .to_owned(),
            );
        }
        _ => File::open(file).and_then(|file| file.take(MOST_READ).read_to_string(&mut text)),
    };
    read.map_err(|error| format!("the token in {} cannot be read: {error}", file.display()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(format!("there is no token in {}", file.display()));
    }
    Ok(token.to_owned())
}

/// A line on standard output, which may be a pipe that somebody has closed.
fn say(line: &str) -> Result<(), Unfit> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| Unfit(format!("no output: {error}")))
}
