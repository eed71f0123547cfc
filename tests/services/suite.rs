//! Tests of other programs of this package, run and understood.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::Process;
use crate::report::Finding;
use crate::service::{REGION, Service};

/// A suite that takes longer does not end: it is ended. Swift takes a quarter of an hour.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Tests of one program.
pub struct Suite {
    /// As Cargo is told: `--bin coffer`.
    pub program: [&'static str; 2],
    /// Which tests, by the beginnings of their names.
    pub tests: &'static [&'static str],
    /// Which of them not.
    pub but: &'static [&'static str],
}

impl Suite {
    /// Runs it on a bucket of the service; what it says goes to `NAME.log`.
    pub async fn run(&self, service: &Service, name: &str) -> Finding {
        let mut finding = Finding::default();
        let bucket = format!("{name}-suite");
        if let Err(error) = service.bucket(&bucket).create().await {
            finding.fail(format!("no bucket: {error}"));
            return finding;
        }
        let log = service.folder.join(format!("{name}.log"));
        let outcome = tokio::task::block_in_place(|| {
            let program = build(self.program)?;
            let wanted = self.list(&program)?;
            let mut command = self.command(&program);
            command
                .env("COFFER_TEST_ENGINE", "s3")
                .env("COFFER_TEST_S3_ENDPOINT", service.proxy.endpoint())
                .env("COFFER_TEST_S3_BUCKET", &bucket)
                .env("COFFER_TEST_S3_REGION", REGION)
                .env("AWS_ACCESS_KEY_ID", &service.key.id)
                .env("AWS_SECRET_ACCESS_KEY", &service.key.secret);
            let ended = run(&mut command, &log);
            Ok::<_, String>((wanted, ended))
        });
        match outcome {
            Ok((wanted, ended)) => {
                if !ended {
                    finding.fail(format!("ended after {} s", PATIENCE.as_secs()));
                }
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                read(&said, &wanted, &mut finding);
                finding.note(format!("all of it: {}", log.display()));
            }
            Err(error) => finding.fail(error),
        }
        finding
    }

    fn list(&self, program: &Path) -> Result<Vec<String>, String> {
        let mut command = self.command(program);
        command.args(["--list", "--format", "terse"]);
        let output = command.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout);
        let names = said.lines().filter_map(|line| line.strip_suffix(": test"));
        let names: Vec<String> = names.map(str::to_owned).collect();
        match names.is_empty() {
            true => Err("there are no such tests".to_owned()),
            false => Ok(names),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // As under Cargo.
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(self.tests);
        command.args(self.but.iter().flat_map(|name| ["--skip", name]));
        command
    }
}

/// Builds a program of tests and returns where it is.
fn build(program: [&str; 2]) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What Cargo has told this program of its own package would look like a change to
    // build scripts.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "OUT_DIR"];
        if package.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["test", "--release", "--workspace", "--no-run"])
        .args(program)
        .arg("--message-format=json")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let built = said.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let test = message["profile"]["test"] == true;
        let named = message["target"]["name"] == "coffer";
        (test && named).then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    built.ok_or_else(|| format!("there is no program of {}", program.join(" ")))
}

/// Whether it came to its end.
fn run(command: &mut Command, log: &Path) -> bool {
    let file = File::create(log).unwrap();
    let second = file.try_clone().unwrap();
    let mut process = Process::start(command.stdout(file).stderr(second));
    let deadline = Instant::now() + PATIENCE;
    while process.runs() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

/// Which of the tests passed, and why not.
fn read(said: &str, wanted: &[String], finding: &mut Finding) {
    let passed = |name: &&String| said.contains(&format!("test {name} ... ok\n"));
    let good = wanted.iter().filter(passed).count();
    finding.note(format!("{good} of {} tests passed", wanted.len()));
    for name in wanted.iter().filter(|name| !passed(name)) {
        let section = format!("---- {name} stdout ----\n");
        let reason = match said.split_once(&section) {
            Some((_, section)) => {
                let lines = section
                    .lines()
                    .skip_while(|line| !line.contains("panicked at"));
                let lines = lines.take_while(|line| !line.starts_with("----"));
                let lines: Vec<&str> = lines.take(4).collect();
                lines.join(" ")
            }
            None => "did not come to its end".to_owned(),
        };
        finding.fail(format!("{name}: {reason}"));
    }
}
