//! The native host of Coffer: command line → settings → engine → sandbox → server.
//!
//! | module | its job |
//! |---|---|
//! | [`settings`] | flags and environment |
//! | [`serve`] | puts the parts together, from settings to shutdown |
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
//! | [`descriptors`] | how many files and connections may be open |
//! | [`link_secret`], [`dev`], [`keep`] | what links are signed with; development tokens; secrets kept on disk |
//! | [`log`] | what is logged, and when it is written |
//!
//! The host carries bytes. Who may do what is the component's decision alone.

mod bindings;
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
mod metrics;
mod ops;
mod outbound;
mod port;
mod sandbox;
mod serve;
mod server;
mod settings;
mod signals;
mod store;
mod swap;

use std::process::ExitCode;

use settings::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match Cli::read().command {
        Command::Serve(serve) => serve::serve(&serve),
        Command::Token(token) => print_token(token),
        Command::Secret => {
            println!("{}", link_secret::make());
            Ok(())
        }
        Command::Check(check) => serve::check(&check.file),
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
