//! `coffer serve` and `coffer check`: the parts put together.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jwt_simple::prelude::HS256Key;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::outbound::Documents;
use crate::sandbox::{Candidate, Limits, Setting};
use crate::settings::{LogFormat, Serve};
use crate::store::BlobStore;
use crate::store::absent::AbsentStore;
use crate::store::local::LocalStore;
use crate::{component, descriptors, dev, keep, server};

/// The link secret's file in the data directory.
const LINK_SECRET_FILE: &str = "link-secret";
/// The shortest link secret, in bytes: HMAC-SHA-256's own strength (RFC 2104, 3).
const LINK_SECRET_SIZE: usize = 32;
/// How long uploads that were broken off may take to be cleared away.
const CLOSING: Duration = Duration::from_secs(5);
/// Environment variables with this prefix are secrets that a policy names.
const SECRETS: &str = "COFFER_SECRET_";

/// Serves until a signal asks for shutdown.
///
/// # Errors
/// One line that says what kept it from serving, or from ending well.
pub fn serve(asked: &Serve) -> Result<(), String> {
    start_log(asked)?;
    asked.checked_engine()?;
    let public_url = asked.checked_public_url()?;
    let component = component::read(asked.component.as_deref())?;
    let policy = asked.policy.as_deref().map(read_policy).transpose()?;
    descriptors::raise(asked.limits.descriptors());
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let store = LocalStore::open(&asked.data_dir).map_err(|error| error.to_string())?;
    let store = Arc::new(store);
    let files: Arc<dyn BlobStore> = store.clone();
    let served = settings(asked, policy, public_url).and_then(|given| {
        let limits = asked.limits.sandbox();
        let candidate = Candidate::load(&component, &limits);
        let candidate = candidate.map_err(|error| error.to_string())?;
        runtime.block_on(listen(asked, candidate, given, files))
    });
    // Else the next start has to look for what a crash left.
    let closing = async { tokio::time::timeout(CLOSING, store.close()).await };
    if runtime.block_on(closing).is_err() {
        tracing::warn!("uploads still hold the data directory");
    }
    served
}

/// The component's settings.
fn settings(
    asked: &Serve,
    policy: Option<String>,
    public_url: Option<String>,
) -> Result<Vec<Setting>, String> {
    let mut given = secrets()?;
    given.extend(policy.map(|document| setting("POLICY", document)));
    given.extend(public_url.map(|url| setting("PUBLIC_URL", url)));
    given.push(setting("LINK_SECRET", link_secret(asked)?));
    if asked.dev {
        given.push(setting("DEV_JWKS", dev::jwks(&asked.data_dir)?));
    }
    Ok(given)
}

/// Says whether `serve` would take a component or a policy.
///
/// # Errors
/// One line that says why not.
pub fn check(file: &Path) -> Result<(), String> {
    let is_policy = file
        .extension()
        .is_some_and(|extension| extension == "toml");
    let component = component::read((!is_policy).then_some(file))?;
    let mut given = secrets()?;
    if is_policy {
        given.push(setting("POLICY", read_policy(file)?));
    }
    let store: Arc<dyn BlobStore> = Arc::new(AbsentStore);
    let limits = Limits {
        instances: 1,
        ..Limits::default()
    };
    let candidate = Candidate::load(&component, &limits).map_err(|error| error.to_string())?;
    let (_, report) = tokio::runtime::Runtime::new()
        .map_err(|error| format!("no runtime: {error}"))?
        .block_on(candidate.check(given, store, Arc::default()))
        .map_err(|error| error.to_string())?;
    for notice in report.notices {
        println!("note: {notice}");
    }
    println!("{} is fit to serve", file.display());
    Ok(())
}

async fn listen(
    asked: &Serve,
    candidate: Candidate,
    given: Vec<Setting>,
    files: Arc<dyn BlobStore>,
) -> Result<(), String> {
    let documents = Arc::new(Documents::default());
    let checked = candidate.check(given, files, documents).await;
    let (sandbox, report) = checked.map_err(|error| error.to_string())?;
    for notice in &report.notices {
        tracing::warn!("{notice}");
    }
    let listener = TcpListener::bind(asked.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", asked.listen))?;
    let stop = stop_signal()?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("no address: {error}"))?;
    let mut stdout = std::io::stdout();
    // Whoever started this may have closed our stdout; that is no reason not to serve.
    let _ = writeln!(stdout, "listening on http://{address}").and_then(|()| stdout.flush());

    let (sandbox, limits) = (Arc::new(sandbox), asked.limits.server());
    if server::run(listener, sandbox, report.cors_origins, limits, stop).await {
        tracing::info!("stopped");
        Ok(())
    } else {
        Err("requests were still in progress when the time for shutdown was over".to_owned())
    }
}

/// Resolves on SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>, String> {
    let failed = |error| format!("signals cannot be received: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn start_log(asked: &Serve) -> Result<(), String> {
    let filter = EnvFilter::try_new(&asked.log)
        .map_err(|error| format!("--log {} is no filter: {error}", asked.log))?;
    // The sandbox traces every value that crosses its boundary, secrets too.
    let most = LevelFilter::DEBUG;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match asked.log_format {
        LogFormat::Text => log.with_target(false).finish().with(most).init(),
        LogFormat::Json => log.json().flatten_event(true).finish().with(most).init(),
    }
    Ok(())
}

fn setting(name: &str, value: String) -> Setting {
    (format!("COFFER_{name}"), value)
}

/// # Errors
/// One sentence, where a secret is not text.
fn secrets() -> Result<Vec<Setting>, String> {
    let named = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(SECRETS).then_some((name, value))
    });
    named
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(format!("{name} is not UTF-8")),
        })
        .collect()
}

fn read_policy(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("the policy {} cannot be read: {error}", file.display()))
}

/// The link secret, in base64url since a setting is text.
fn link_secret(asked: &Serve) -> Result<String, String> {
    let secret = match &asked.link_secret_file {
        Some(file) => std::fs::read(file)
            .map_err(|error| format!("the link secret {}: {error}", file.display()))?,
        None => keep::secret(&asked.data_dir.join(LINK_SECRET_FILE), || {
            HS256Key::generate().to_bytes()
        })?,
    };
    if secret.len() < LINK_SECRET_SIZE {
        return Err(format!(
            "the link secret is shorter than {LINK_SECRET_SIZE} bytes"
        ));
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(secret))
}
