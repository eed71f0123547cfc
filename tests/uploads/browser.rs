//! Clients that others wrote, in Chromium on pages of another origin.

use serde_json::json;

use super::clients::installed;
use super::demo::Demo;
use crate::browser::{policy, run};
use crate::support::{Setup, user};

#[test]
fn uppy_continues_after_cuts_and_a_reload() {
    installed();
    run(&["uppy"], |origin| {
        let server = Setup::policy(&policy(origin)).start();
        let place = json!({ "url": server.url, "alice": user("alice") });
        (server, place)
    });
}

#[test]
fn the_specs_of_tus_js_client_pass_in_chromium() {
    installed();
    run(&["specs"], |origin| {
        let demo = Demo::start(&policy(origin));
        let place = json!({ "demo": demo.port });
        (demo, place)
    });
}
