//! The native host of Coffer: command line → settings → engine → sandbox → server.
//!
//! | module | its job |
//! |---|---|
//! | [`settings`] | flags and environment |
//! | [`serve`] | puts the parts together, from settings to shutdown |
//! | [`check`] | says what `serve` would, without serving |
//! | [`server`] | connections, HTTP/1.1, limits |
//! | [`sandbox`] | wasmtime; one fresh instance of the component a request |
//! | [`swap`] | the component in force, and how another one takes its place |
//! | [`port`] | what the component may ask of the store |
//! | [`outbound`] | where the component may send requests, and what it got there |
//! | [`ops`], [`metrics`] | what operators see and do; what is counted |
//! | [`signals`] | what the component has counted |
//! | [`environment`] | the component's settings |
//! | [`memo`] | what the component may remember for a while |
//! | [`store`] | files under keys; the local engine, S3 |
//! | [`engine`] | the engine that is asked for, opened and closed |
//! | [`component`], [`code_cache`] | the component embedded in this program; compiled ones |
//! | [`check`] | what `serve` would say of a policy, a component or a data directory |
//! | [`clock`] | the time, where the clock may be wrong |
//! | [`descriptors`] | how many files and connections may be open |
//! | [`link_secret`], [`dev`], [`keep`] | what links are signed with; development tokens; secrets kept on disk |
//! | [`log`] | what is logged, and when it is written |
//! | [`memory`] | the allocator, and what it gives back |
//!
//! The host carries bytes. Who may do what is the component's decision alone.

mod bindings;
mod check;
mod clock;
mod code_cache;
mod component;
mod counted;
mod descriptors;
mod dev;
mod engine;
mod environment;
mod guest_log;
mod keep;
mod link_secret;
mod log;
mod memo;
mod memory;
mod metrics;
mod ops;
mod outbound;
mod port;
mod sandbox;
mod serve;
mod server;
mod settings;
mod store;
mod swap;
mod telemetry;

use std::process::ExitCode;

use settings::{Cli, Command};

fn main() -> ExitCode {
    let done = match Cli::read().command {
        Command::Serve(serve) => serve::serve(&serve),
        Command::Token(token) => print_token(token),
        Command::Secret => {
            println!("{}", link_secret::make());
            Ok(())
        }
        Command::Check(check) => match (check.data_dir, check.file) {
            (Some(dir), _) => check::data(&dir),
            (None, file) => check::check(&file.unwrap_or_default(), check.token.as_deref()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Some causes are told over several lines.
            let lines: Vec<_> = reason.lines().map(str::trim).collect();
            eprintln!("coffer: {}", lines.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn print_token(token: settings::Token) -> Result<(), String> {
    let bearer = dev::Bearer {
        user: token.user,
        org: token.org,
        roles: token.roles,
    };
    println!(
        "{}",
        dev::token(&token.data_dir, bearer, token.expires_in.into())?
    );
    Ok(())
}
