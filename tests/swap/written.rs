//! Every way to write a file: a change takes effect once it is complete, and not before.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

/// Atomically, as most editors and tools do.
fn by_rename(file: &Path, content: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, content).unwrap();
    fs::rename(beside, file).unwrap();
}

/// As the others do.
fn in_place(file: &Path, content: &str) {
    fs::write(file, content).unwrap();
}

#[test]
fn a_change_of_the_policy_takes_effect_however_it_is_written() {
    type Write = fn(&Path, &str);
    for (what, write) in [("rename", by_rename as Write), ("in place", in_place)] {
        let server = Setup::policy(OPEN)
            .args(&["--watch-interval", "20ms"])
            .start();
        assert_eq!(store(&server, "before"), 201);
        for (policy, status) in [(CLOSED, 403), (OPEN, 201)] {
            write(&server.policy_file(), policy);
            eventually_in_force(&server, what, policy);
            assert_eq!(store(&server, &format!("after-{status}")), status, "{what}");
        }
        assert_eq!(component(&server)["swaps"], 2, "{what}");
        assert_logged(&server, &[" INFO ", "swapped", &digest(CLOSED)]);
    }
}

/// A mounted ConfigMap: `policy.toml` links to `..data/policy.toml`, and `..data` to a
/// folder that is replaced by another.
#[test]
fn a_switched_symbolic_link_is_a_change_as_kubernetes_makes_it() {
    let folder = TempDir::new().unwrap();
    let version = |name: &str, policy: &str| {
        let version = folder.path().join(name);
        fs::create_dir(&version).unwrap();
        fs::write(version.join("policy.toml"), policy).unwrap();
        let beside = folder.path().join("..data_tmp");
        symlink(name, &beside).unwrap();
        fs::rename(beside, folder.path().join("..data")).unwrap();
    };
    version("..1", OPEN);
    let file = folder.path().join("policy.toml");
    symlink("..data/policy.toml", &file).unwrap();
    let policy = [
        "--watch-interval",
        "20ms",
        "--policy",
        file.to_str().unwrap(),
    ];
    let server = Setup::public_only().args(&policy).start();
    assert_eq!(store(&server, "before"), 201);
    version("..2", CLOSED);
    fs::remove_dir_all(folder.path().join("..1")).unwrap();
    eventually_in_force(&server, "symbolic link", CLOSED);
    assert_eq!(store(&server, "after"), 403);
}

#[test]
fn a_file_takes_effect_only_once_it_is_fully_written() {
    const LOOK: Duration = Duration::from_secs(1);
    // Every part of it written so far is a policy too, and lets anybody store.
    let mut lines = vec!["[public]\n".to_owned()];
    lines.extend((0..120).map(|number| format!("# Line {number}\n")));
    lines.push("create = \"nobody\"\n".to_owned());
    let whole = lines.concat();
    loop {
        let server = Setup::policy(OPEN)
            .args(&["--watch-interval", "1s"])
            .start();
        let mut file = File::create(server.policy_file()).unwrap();
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        let mut seen = Vec::new();
        for line in &lines {
            file.write_all(line.as_bytes()).unwrap();
            longest = longest.max(last.elapsed());
            last = Instant::now();
            seen.push(component(&server)["policy"].clone());
            // The writer's pace: the whole takes several polls of the watch.
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(file);
        // A writer that pauses between two polls of the watch cannot be told from one that
        // is done, so this is not a failure of the host.
        if longest >= LOOK / 2 {
            continue;
        }
        eventually_in_force(&server, "written in pieces", &whole);
        assert!(
            seen.iter().all(|policy| *policy == digest(OPEN)),
            "{seen:?}"
        );
        assert_eq!(component(&server)["swaps"], 1);
        assert_eq!(store(&server, "after"), 403);
        break;
    }
}

#[test]
fn a_sighup_reloads_the_files() {
    let server = Setup::policy(OPEN)
        .args(&["--watch-interval", "0s"])
        .start();
    in_place(&server.policy_file(), CLOSED);
    assert_eq!(store(&server, "before"), 201);
    server.hang_up();
    eventually_in_force(&server, "SIGHUP", CLOSED);
    assert_eq!(store(&server, "after"), 403);
    assert_logged(&server, &["swapped", "SIGHUP"]);
}

/// `--policy <(…)`: a second read would find it empty.
#[test]
fn a_pipe_is_read_once_and_stays_in_force() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, CLOSED).unwrap()
    });
    let server = Setup::public_only()
        .args(&[
            "--watch-interval",
            "20ms",
            "--policy",
            pipe.to_str().unwrap(),
        ])
        .start();
    writer.join().unwrap();
    assert_eq!(component(&server)["policy"], digest(CLOSED));
    let said = [" WARN ", pipe.to_str().unwrap(), "not a regular file"];
    let times = || {
        let log = server.log();
        let is_said = |line: &&str| said.iter().all(|word| line.contains(word));
        log.lines().filter(is_said).count()
    };
    eventually("it is logged", || times() == 1);
    let (status, answer) = reload(&server);
    assert_eq!((status, &answer["policy"]), (200, &digest(CLOSED).into()));
    server.hang_up();
    eventually("it is logged each time", || times() == 3);
    assert_eq!(store(&server, "after"), 403);
    assert_eq!(component(&server)["swaps"], 0);
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let server = Setup::policy(CLOSED)
        .args(&["--watch-interval", "0s"])
        .start();
    let file = server.policy_file();
    fs::remove_file(&file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file).status();
    assert!(made.unwrap().success());
    let (status, problem) = reload(&server);
    assert_eq!(status, 422, "{problem}");
    let reason = problem["detail"].as_str().unwrap();
    assert!(reason.contains("not a regular file"), "{reason}");
    assert_eq!(store(&server, "after"), 403);
}
