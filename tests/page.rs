//! The page at `/`: to whom the host gives it, and in Chromium what people do with it.

mod served;
mod token;

use std::process::Command;

use serde_json::{Value, json};

use crate::browser::run;
use crate::support::{COFFER, Claims, Server, Setup, iam, sign, token};

/// A server in development mode, and a token of alice's for it.
fn development() -> (Server, Value) {
    let server = Setup::public_only().args(&["--dev"]).start();
    let args = ["token", "--user", "alice", "--org", "acme", "--data-dir"];
    let mut made = Command::new(COFFER);
    made.args(args).arg(server.data_dir());
    let alice = String::from_utf8(made.output().unwrap().stdout).unwrap();
    let place = json!({ "url": server.url, "alice": alice.trim() });
    (server, place)
}

#[test]
fn people_find_see_and_share_files() {
    run(
        &[
            "page/signing_in",
            "page/listing",
            "page/viewing",
            "page/links",
            "page/access",
        ],
        |_| development(),
    );
}

#[test]
fn people_change_many_files_and_see_what_failed() {
    run(&["page/changing"], |_| development());
}

#[test]
fn ten_thousand_files_are_scrolled_through() {
    run(&["page/many"], |_| development());
}

#[test]
fn people_upload_over_bad_lines() {
    run(&["page/uploading", "page/large"], |_| development());
}

#[test]
fn a_token_that_runs_out_is_asked_for_again() {
    run(&["page/running_out"], |_| {
        let server = Setup::policy(&iam()).args(&["--page"]).start();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        // Valid for half a minute more, since clocks may differ by one.
        let ending = Claims::new()
            .with("sub", "alice")
            .with("org_id", "acme")
            .with("exp", now.as_secs() - 30);
        let alice = token(Some("alice"), Some("acme"), &[]);
        let place = json!({ "url": server.url, "alice": alice, "ending": sign(&ending) });
        (server, place)
    });
}
