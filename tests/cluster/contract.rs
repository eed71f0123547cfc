//! The contract suite that every engine passes, with the cluster as its service.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::garage::Cluster;
use crate::node::REGION;
use crate::process::Process;

const BUCKET: &str = "contract";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_s3_engine_keeps_the_contract_on_the_cluster() {
    let _alone = crate::ALONE.lock().await;
    let cluster = Cluster::start();
    cluster.bucket(BUCKET).create().await;
    // It is part of the program's unit tests. The variables that Cargo has set for this
    // package would look like a change to build scripts.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "OUT_DIR"];
        if package.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
        .args(["test", "--release", "--workspace", "--bin", "coffer"])
        .arg("store::s3::")
        .env("COFFER_TEST_S3_ENDPOINT", cluster.endpoint(0))
        .env("COFFER_TEST_S3_BUCKET", BUCKET)
        .env("COFFER_TEST_S3_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", &cluster.key().id)
        .env("AWS_SECRET_ACCESS_KEY", &cluster.key().secret);
    // Its output is passed on line by line, and shows whether any test ran.
    let mut suite = Process::start(command.stdout(Stdio::piped()));
    let stdout = BufReader::new(suite.child().stdout.take().unwrap());
    let passed = tokio::task::block_in_place(|| {
        let mut passed = 0;
        for line in stdout.lines().map(Result::unwrap) {
            passed += usize::from(line.ends_with(" ... ok"));
            println!("{line}");
        }
        assert!(
            suite.child().wait().unwrap().success(),
            "the suite has failed"
        );
        passed
    });
    assert!(passed > 0, "no test of the suite ran");
}
