//! What operators deploy: settings and metrics that it names exist, and its policy is valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::s3_service::{Fault, S3Service};
use crate::support::{COFFER, Guest, Server, Setup, files_below, iam, raw, user};

/// Below the repository.
const PACKAGING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging");

/// Every file that operators deploy, with its text.
fn deployed() -> Vec<(PathBuf, String)> {
    let files = files_below(Path::new(PACKAGING));
    let files = files.into_iter().map(|(file, _)| {
        let text = fs::read_to_string(&file).unwrap();
        (file, text)
    });
    files.collect()
}

fn text_of(name: &str) -> String {
    fs::read_to_string(Path::new(PACKAGING).join(name)).unwrap()
}

/// The words of a text that begin like this.
fn words<'t>(text: &'t str, prefix: &str) -> BTreeSet<&'t str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with(prefix)).collect()
}

fn printed(args: &[&str]) -> String {
    let output = Command::new(COFFER).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_setting_is_one_of_the_program() {
    let help = printed(&["serve", "--help"]);
    let known = words(&help, "COFFER_");
    assert!(known.len() > 40, "{known:?}");
    // Read when the program is built, and named by policies.
    let others = ["COFFER_COMMIT", "COFFER_SECRET_"];
    let mut found = 0;
    for (file, text) in deployed() {
        for name in words(&text, "COFFER_") {
            let is_known =
                known.contains(name) || others.iter().any(|other| name.starts_with(other));
            assert!(is_known, "{name} in {}", file.display());
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn the_policy_of_the_manifests_is_valid() {
    let manifest = text_of("kubernetes/policy.yaml");
    let (_, policy) = manifest.split_once("policy.toml: |\n").unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    printed(&["check", file.to_str().unwrap()]);
}

#[test]
fn every_alert_has_its_section_in_the_runbook() {
    let rules = text_of("monitoring/alerts.yml");
    let pages = text_of("../ALERTS.md");
    let named = |prefix: &'static str, text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix(prefix));
        lines.map(str::to_owned).collect()
    };
    let alerts = named("- alert: ", &rules);
    assert!(alerts.len() > 10, "{alerts:?}");
    assert_eq!(alerts, named("## ", &pages));
    let runbooks = alerts
        .iter()
        .map(|alert| format!("\"host/ALERTS.md#{}\"", alert.to_lowercase()));
    assert_eq!(named("runbook: ", &rules), runbooks.collect::<Vec<_>>());
}

/// The samples of a host's metrics: their names, and the labels that each has.
async fn samples(server: &Server) -> BTreeMap<String, BTreeSet<String>> {
    let url = format!("{}/metrics", server.operations);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let mut samples = BTreeMap::<_, BTreeSet<String>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split(',');
        let labels = labels.filter_map(|label| label.split_once('='));
        let labels = labels.map(|(name, _)| name.to_owned());
        samples.entry(name.to_owned()).or_default().extend(labels);
    }
    samples
}

#[tokio::test]
async fn every_metric_of_the_rules_and_the_dashboard_is_exported() {
    // One host with something of everything, but for a component that fails.
    let service = Arc::new(S3Service::start());
    let folder = TempDir::new().unwrap();
    let shadow = folder.path().join("shadow.toml");
    fs::write(&shadow, iam() + "[user]\nread = \"nobody\"\n").unwrap();
    let server = Setup::default()
        .s3(&service)
        .args(&["--shadow-policy", shadow.to_str().unwrap()])
        .start();
    service.fail("GET /coffer/user", 1, Fault::Closed);
    let get = server.get("/v1/user/files/a").bearer_auth(user("ann"));
    assert_eq!(get.send().await.unwrap().status(), 404);
    let failing = Setup::public_only()
        .component(&Guest::new("unreachable").build())
        .start();
    let request =
        b"GET /v1/public/files/evil HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(failing.address(), request).0, 500);
    let mut exported = samples(&failing).await;
    // Decisions are compared after the response.
    for _ in 0..3000 {
        exported.extend(samples(&server).await);
        if exported.contains_key("coffer_shadow_decisions_total") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    for file in [
        "monitoring/alerts.yml",
        "monitoring/alerts.test.yml",
        "monitoring/dashboard.json",
    ] {
        let text = text_of(file);
        let used = words(&text, "coffer_");
        assert!(used.len() > 10, "{used:?}");
        for name in used {
            assert!(
                exported.contains_key(name),
                "{name} of {file} in {exported:?}"
            );
        }
    }
    // Each series of the rules' tests has the labels of a real one, besides those of Prometheus.
    let tests = text_of("monitoring/alerts.test.yml");
    let series = tests
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- { series: '"));
    let mut checked = 0;
    for series in series.filter(|series| series.starts_with("coffer_")) {
        let (name, labels) = series.split_once('{').unwrap();
        let (labels, _) = labels.split_once('}').unwrap();
        let labels = labels.split(", ").filter_map(|label| label.split_once('='));
        let own = labels.map(|(label, _)| label.to_owned());
        let own = own.filter(|label| label != "job" && label != "instance");
        assert_eq!(own.collect::<BTreeSet<_>>(), exported[name], "{name}");
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}
