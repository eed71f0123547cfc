//! The S3 engine on real S3 services: `just test-services [NAME…]`.
//!
//! | module | its job |
//! |---|---|
//! | [`service`] | a service that runs, and which there are |
//! | [`seaweedfs`], [`ceph`], [`swift`], [`moto`], [`localstack`] | how each is set up on loopback |
//! | [`daemon`], [`ports`], [`process`] | programs that end with this one |
//! | [`proxy`] | between hosts and a service: counts and records requests |
//! | [`host`], [`bucket`] | a Coffer host, and the bucket past it |
//! | [`start`], [`contract`], [`lists`], [`races`], [`cuts`], [`versions`], [`http`] | what is checked |
//! | [`names`], [`suite`] | names of every kind; tests of other programs |
//! | [`report`] | what was found, as a table |
//!
//! Everything lies below `target/services`: what is installed in `installed`, and what a
//! service stored, logged and was asked in a folder of its name. Exits with 1 where a check
//! fails, where a service does not start, or where there was none to check.

#![allow(clippy::unwrap_used)]

mod bucket;
mod ceph;
mod contract;
mod cuts;
mod daemon;
mod host;
mod http;
mod lists;
mod localstack;
mod moto;
mod names;
#[path = "../cluster/ports.rs"]
mod ports;
#[path = "../cluster/process.rs"]
#[allow(dead_code)]
mod process;
mod proxy;
mod races;
mod report;
#[path = "../support/s3_client.rs"]
mod s3_client;
mod seaweedfs;
mod service;
mod start;
mod suite;
mod swift;
mod versions;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use report::{Finding, Report};
use service::{Kind, Service};

/// What was installed and what services keep.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/services");

/// Runs the S3 engine on real S3 services.
#[derive(Debug, Parser)]
struct Arguments {
    /// The services [default: all]
    #[arg(value_enum)]
    services: Vec<Kind>,

    /// Only this check; may be given several times
    #[arg(long, value_enum, value_name = "CHECK")]
    only: Vec<Check>,
}

/// What is checked on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// A host starts, also on a bucket that it made
    Start,
    /// The contract of every engine
    Contract,
    /// Lists of 1,500 names of every kind
    Lists,
    /// Two hosts that store one name at once
    Races,
    /// Uploads that are cut off
    Cuts,
    /// Buckets that keep versions, and lock them
    Versions,
    /// The tests over HTTP that concern the engine
    Http,
}

impl Check {
    async fn run(self, service: &Service) -> Finding {
        match self {
            Check::Start => start::check(service).await,
            Check::Contract => contract::check(service).await,
            Check::Lists => lists::check(service).await,
            Check::Races => races::check(service).await,
            Check::Cuts => cuts::check(service).await,
            Check::Versions => versions::check(service).await,
            Check::Http => http::check(service).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen = |given: &[Check]| match given {
        [] => Check::value_variants().to_vec(),
        some => some.to_vec(),
    };
    let checks = chosen(&arguments.only);
    let kinds = match arguments.services.as_slice() {
        [] => Kind::value_variants(),
        some => some,
    };
    let mut report = Report::default();
    for &kind in kinds {
        match Service::start(kind).await {
            Ok(service) => {
                for &check in &checks {
                    run(&service, check, &mut report).await;
                }
            }
            Err(unavailable) => report.unavailable(kind, unavailable),
        }
    }
    report.print();
    ExitCode::from(u8::from(!report.is_good()))
}

async fn run(service: &Service, check: Check, report: &mut Report) {
    eprintln!("{} {check:?}: …", service.kind);
    let began = Instant::now();
    service.proxy.begin(&format!("{check:?}"));
    let finding = check.run(service).await;
    report.checked(service.kind, check, finding, began.elapsed());
}
