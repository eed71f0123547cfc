//! The native host of Coffer: command line → settings → engine → sandbox → server.
//!
//! | module | its job |
//! |---|---|
//! | [`settings`] | flags and environment |
//! | [`serve`] | `coffer serve`: wires the parts together, from settings to shutdown |
//! | [`health`], [`manual`] | `coffer health`: is a running host ready? `coffer manual`: man pages |
//! | [`check`] | `coffer check`: validates what `serve` would load, without serving |
//! | [`maintenance`] | `coffer backup`, `restore` and `copy` |
//! | [`server`] | connections, HTTP/1.1, limits; the web page |
//! | [`sandbox`] | wasmtime; one fresh instance of the component per request |
//! | [`imports`] | what the component imports: the store's port, memo, telemetry, log, settings, outbound requests |
//! | [`bindings`] | `wit/` as Rust |
//! | [`swap`] | hot reload: the component in force, and how another one replaces it |
//! | [`shadow`] | a second policy whose decisions are compared with those in force |
//! | [`store`] | files under keys; the local engine, S3 |
//! | [`engine`] | the configured engine, opened and closed |
//! | [`ops`], [`metrics`] | the operations listener; what is counted |
//! | [`traces`] | spans of requests, exported by OTLP |
//! | [`secrets`] | secrets on disk: for presigned URLs and for development tokens |
//! | [`problem`], [`observed_body`] | problem documents; bodies that are observed as they pass |
//! | [`process`] | clock, log, allocator, descriptors |
//!
//! The host carries bytes. The component alone decides who may do what.

mod bindings;
mod check;
mod engine;
mod health;
mod imports;
mod maintenance;
mod manual;
mod metrics;
mod observed_body;
mod ops;
mod problem;
mod process;
mod sandbox;
mod secrets;
mod serve;
mod server;
mod settings;
mod shadow;
mod store;
mod swap;
mod traces;

use std::error::Error;
use std::process::ExitCode;

use check::Answer;
use process::output;
use secrets::{dev, link_secret};
use settings::{Cli, Command};

fn main() -> ExitCode {
    let done: Result<(), Box<dyn Error>> = match Cli::read().command {
        Command::Serve(serve) => serve::serve(&serve).map_err(Into::into),
        Command::Token(token) => print_token(token),
        Command::Secret => output::print(link_secret::make()).map_err(Into::into),
        Command::Health(asked) => match health::health(&asked) {
            Ok(line) => output::print(line).map_err(Into::into),
            Err(reason) => Err(reason.into()),
        },
        Command::Manual(manual) => manual::write(&manual.dir).map_err(Into::into),
        Command::Check(check) => match (check.data_dir, check.file) {
            (Some(dir), _) => check::data(&dir).map_err(Into::into),
            (None, file) => {
                let file = file.unwrap_or_default();
                let asked = check.caller.zip(check.question);
                match check::check(&file, check.token.as_deref(), asked, check.dev) {
                    Ok(Answer::Yes) => Ok(()),
                    Ok(Answer::No) => return ExitCode::FAILURE,
                    Err(error) => Err(error.into()),
                }
            }
        },
        Command::Backup(backup) => maintenance::run_backup(&backup).map_err(Into::into),
        Command::Restore(restore) => maintenance::run_restore(&restore).map_err(Into::into),
        Command::Copy(copy) => maintenance::run_copy(&copy).map_err(Into::into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("coffer: {}", store::one_line(&reason.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn print_token(token: settings::Token) -> Result<(), Box<dyn Error>> {
    let bearer = dev::Bearer {
        user: token.user,
        org: token.org,
        roles: token.roles,
        claims: token.claims,
    };
    let token = dev::token(&token.data_dir, bearer, token.expires_in.into())?;
    Ok(output::print(token)?)
}
