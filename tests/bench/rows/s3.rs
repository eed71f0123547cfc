//! Through the S3 engine, against the SDK's own calls to the same service.

use std::time::Duration;

use bytes::Bytes;

use super::small::{CONNECTIONS, SIZE};
use super::{Pairing, contested, many};
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::fill::fill;
use crate::load::{Request, curl, tus, wrk};
use crate::rivals::s3::Service;
use crate::rivals::sdk::Sdk;
use crate::s3_service::{ACCESS_KEY, SECRET_KEY};
use crate::table::{Goal, Row};
use crate::{Result, files};

/// How many small files the folder has.
const FOLDER: u64 = 10_000;
/// How long filling it may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn pairings(large: &str) -> Vec<Pairing> {
    let get = Some(Goal::least(0.8, 0.95));
    let put = Some(Goal::least(0.85, 0.95));
    let whole = Some(Goal::least(1.0, 1.1));
    let pairing =
        |name, work, mine, theirs, unit, goal| Pairing::new(name, work, (mine, theirs), unit, goal);
    let each = |what: &str| format!("4 KiB {what} through the S3 engine, 64 at once");
    let one = |what: &str| format!("{large} {what} through the S3 engine");
    let (rate, flow) = ("req/s", "MiB/s");
    vec![
        pairing("s3-get", each("GET"), "GET", "aws-sdk GET", rate, get),
        pairing("s3-put", each("PUT"), "PUT", "aws-sdk PUT", rate, put),
        pairing(
            "s3-large-get",
            one("GET"),
            "large GET",
            "aws-sdk, one GET",
            flow,
            whole,
        ),
        pairing(
            "s3-large-put",
            one("PUT"),
            "large PUT",
            "aws-sdk, 4 parts at once",
            flow,
            whole,
        ),
        pairing(
            "s3-tus-put",
            one("by tus in appends of 8 MiB, against one PUT,"),
            "tus",
            "one PUT",
            flow,
            Some(Goal::least(0.8, 0.95)),
        ),
        pairing(
            "s3-delete-folder",
            format!("delete of a folder with {FOLDER} small files through the S3 engine"),
            "delete",
            "aws-sdk, list and DeleteObjects",
            "s",
            Some(Goal::most(1.2, None)),
        ),
    ]
}

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    contested(bench, pairings(&bench.plan.large_name()), measure)
}

fn measure(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let service = Service::start(&bench.log("s3-service"))?;
    let coffer = on(bench, &service)?;
    let sdk = Sdk::new(&service.url)?;
    let size = bench.plan.large;
    let source = files::of_size(bench.folder.join(format!("source-{size}")), size)?;
    let content = Bytes::from(files::content(SIZE));
    let small = coffer.stored("/v1/public/files/small", &content)?;
    sdk.put("small", &content)?;
    let large = "/v1/public/files/large";
    // Both have it before either's first download.
    curl::put(coffer.address, large, &source)?;
    sdk.upload("large", &source)?;

    let turn = bench.plan.turn;
    let mut contest = Contest::of(pairings);
    contest.enter("GET", || {
        wrk::requests_per_second(&small, CONNECTIONS, turn, 200, SIZE)
    });
    contest.enter("aws-sdk GET", || {
        sdk.gets_per_second("small", SIZE, CONNECTIONS, turn)
    });
    let mut turns = 0;
    contest.enter("PUT", || {
        turns += 1;
        let request = Request::get(coffer.address, &format!("/v1/public/files/{turns}"));
        wrk::stored_per_second(&request, CONNECTIONS, turn, SIZE)
    });
    contest.enter("aws-sdk PUT", || {
        sdk.puts_per_second(&content, CONNECTIONS, turn)
    });
    contest.enter("large GET", || curl::download(coffer.address, large, size));
    contest.enter("aws-sdk, one GET", || sdk.download("large", size));
    contest.enter("large PUT", || curl::put(coffer.address, large, &source));
    contest.enter("aws-sdk, 4 parts at once", || sdk.upload("large", &source));
    contest.enter("tus", || {
        coffer.remove("/v1/public/files/tus")?;
        tus::upload(coffer.address, "tus", &source)
    });
    contest.enter("one PUT", || tus::put(coffer.address, large, &source));
    contest.enter("delete", || {
        fill(&coffer, "d", FOLDER, PATIENCE)?;
        many::whole_folder(&coffer, "delete", FOLDER)
    });
    contest.enter("aws-sdk, list and DeleteObjects", || {
        sdk.fill("d/", FOLDER)?;
        sdk.delete_folder("d/", FOLDER)
    });
    Ok(contest.run(bench.plan.rounds))
}

/// Coffer on a bucket of this service.
fn on(bench: &Bench, service: &Service) -> Result<Coffer> {
    let secret = bench.folder.join("link-secret");
    std::fs::write(&secret, [b'7'; 32]).map_err(|error| error.to_string())?;
    Setup::new(bench, "s3")
        .arguments(&["--engine", "s3", "--s3-bucket", "coffer"])
        .arguments(&["--s3-endpoint", &service.url, "--s3-path-style"])
        .arguments(&["--link-secret-file", &secret.to_string_lossy()])
        .environment("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .environment("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .environment("AWS_REGION", "us-east-1")
        .start()
}
