//! Copies to buckets, from buckets and between them, and what goes wrong there.

use super::*;
use crate::support::s3_service::{ACCESS_KEY, Fault, S3Service, SECRET_KEY};
use crate::support::{BUCKET, eventually};

/// Copies on this service, with the record of what was copied in this folder.
struct Copying<'a> {
    service: &'a S3Service,
    state: TempDir,
}

impl<'a> Copying<'a> {
    fn on(service: &'a S3Service) -> Self {
        let state = TempDir::new().unwrap();
        Self { service, state }
    }

    fn command(&self, from: &str, to: &str, more: &[&str]) -> Command {
        let (url, state) = (self.service.url(), text(self.state.path()));
        let env = [
            ("COFFER_S3_ENDPOINT", url.as_str()),
            ("COFFER_S3_PATH_STYLE", "true"),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
            ("XDG_STATE_HOME", state),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        command(
            &[&["copy", "--from", from, "--to", to], more].concat(),
            &env,
        )
    }

    fn run(&self, from: &str, to: &str, more: &[&str]) -> Ended {
        ended(self.command(from, to, more).spawn().unwrap())
    }
}

/// How many of these requests store something.
fn stored(service: &S3Service) -> usize {
    let requests = service.requests();
    let files = requests.iter().filter(|line| !line.contains(".coffer"));
    files
        .filter(|line| line.starts_with("PUT ") || line.starts_with("POST "))
        .count()
}

fn url(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

#[tokio::test]
async fn a_team_moves_to_a_bucket_and_back_and_nothing_is_lost() {
    let server = open_to_all().start();
    fill(&server).await;
    put(&server, "large", content(5, 9 << 20)).await;
    let expected = stored_by_users(files(&server).await);
    let (held, data) = (server.data(), server.data_dir());
    assert_eq!(server.stop(), Some(0));

    let service = Arc::new(S3Service::start());
    let copying = Copying::on(&service);
    let line = copying.run(text(&data), &url("moved"), &[]).done();
    assert!(line.starts_with("copied 25 files ("), "{line}");
    assert_eq!(service.objects(BUCKET).len(), 25);
    assert_eq!(service.unfinished(), 0);
    let moved = open_to_all()
        .s3(&service)
        .args(&["--s3-prefix", "moved"])
        .start();
    assert!(stored_by_users(files(&moved).await) == expected);

    // Nothing is stored again, whether the record is there or not.
    service.requests();
    let line = copying.run(text(&data), &url("moved"), &[]).done();
    assert_eq!(line, "copied 0 files (0 B), 25 unchanged, 0 gone, 0 failed");
    let requests = service.requests();
    let about_files = requests
        .iter()
        .filter(|line| line.contains(" /coffer/moved/") && !line.contains("/.coffer/"));
    assert_eq!(about_files.count(), 0);
    let line = Copying::on(&service)
        .run(text(&data), &url("moved"), &[])
        .done();
    assert_eq!(line, "copied 0 files (0 B), 25 unchanged, 0 gone, 0 failed");
    assert_eq!(stored(&service), 0);

    // To another prefix, and from there to a directory.
    let line = copying
        .run(&url("moved"), &url("again/and-again"), &[])
        .done();
    assert!(line.starts_with("copied 25 files ("), "{line}");
    let back = TempDir::new().unwrap();
    let to = back.path().join("data");
    let line = copying.run(&url("again/and-again/"), text(&to), &[]).done();
    assert!(line.starts_with("copied 25 files ("), "{line}");
    let server = open_to_all().data(Arc::new(back)).start();
    assert!(stored_by_users(files(&server).await) == expected);
    drop(held);
}

#[tokio::test]
async fn the_source_can_be_at_another_service_where_nothing_is_written() {
    let (one, other) = (Arc::new(S3Service::start()), S3Service::start());
    let server = open_to_all().s3(&one).start();
    for number in 0..3 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    // With a key that may only read.
    one.fail("PUT ", usize::MAX, Fault::Status(403, "AccessDenied"));
    one.fail("POST ", usize::MAX, Fault::Status(403, "AccessDenied"));
    one.fail("DELETE ", usize::MAX, Fault::Status(403, "AccessDenied"));
    let copying = Copying::on(&other);
    let there = one.url();
    let more = ["--from-s3-endpoint", &there, "--from-s3-path-style"];
    let line = copying.run(&url(""), &url("here"), &more).done();
    assert!(line.starts_with("copied 3 files (29.3 KiB)"), "{line}");
    assert_eq!(
        other.objects(BUCKET),
        ["here/public/f0", "here/public/f1", "here/public/f2"]
    );
    let line = copying.run("s3://missing/", &url("here"), &more).refused();
    assert!(line.contains("missing"), "{line}");
}

#[tokio::test]
async fn a_source_that_changes_is_copied_as_it_then_is() {
    let service = Arc::new(S3Service::start());
    let server = open_to_all().s3(&service).start();
    for number in 0..6 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let copying = Copying::on(&service);
    let to = TempDir::new().unwrap();
    let data = to.path().join("data");
    // The service says that the version which was listed is gone, is slow, breaks off.
    let object = |name: &str| format!("GET /coffer/public/{name}");
    service.fail(&object("f1"), 1, Fault::Status(412, "PreconditionFailed"));
    service.fail(&object("f2"), 2, Fault::Status(503, "SlowDown"));
    service.fail(&object("f3"), 1, Fault::Torn(1_000));
    let line = copying.run(&url(""), text(&data), &[]).done();
    assert!(line.starts_with("copied 6 files (58.6 KiB)"), "{line}");

    // What is gone before it is read is not an error.
    put(&server, "f4", content(44, 10_000)).await;
    put(&server, "f5", content(55, 10_000)).await;
    delete(&server, "f0").await;
    let gone = Fault::Status(404, "NoSuchKey");
    service.fail(&object("f4"), usize::MAX, gone.clone());
    service.fail("HEAD /coffer/public/f4", usize::MAX, gone);
    let line = copying.run(&url(""), text(&data), &[]).done();
    assert_eq!(
        line,
        "copied 1 files (9.8 KiB), 3 unchanged, 1 gone, 0 failed"
    );
    service.recover();
    let line = copying.run(&url(""), text(&data), &[]).done();
    assert_eq!(
        line,
        "copied 1 files (9.8 KiB), 4 unchanged, 0 gone, 0 failed"
    );
    let server = open_to_all().data(Arc::new(to)).start();
    let found = files(&server).await;
    for (name, seed) in [("f0", 0), ("f1", 1), ("f4", 44), ("f5", 55)] {
        assert!(
            found[&(0, name.to_owned())].1 == content(seed, 10_000),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_file_that_the_target_has_or_that_comes_meanwhile_is_not_replaced() {
    let server = open_to_all().start();
    for number in 0..3 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let service = Arc::new(S3Service::start());
    let copying = Copying::on(&service);
    let target = open_to_all().s3(&service).start();
    put(&target, "f1", content(11, 10_000)).await;
    // The target was listed before a file is first sent.
    let sent = "PUT /coffer/public/f2";
    service.fail(sent, usize::MAX, Fault::Status(503, "SlowDown"));
    service.requests();
    let command = copying
        .command(text(from.path()), &url(""), &[])
        .spawn()
        .unwrap();
    let mut requests = Vec::new();
    eventually("the file is sent", || {
        requests.extend(service.requests());
        requests.iter().any(|line| line.starts_with(sent))
    });
    let pid = rustix::process::Pid::from_child(&command);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    service.recover();
    put(&target, "f2", content(22, 10_000)).await;
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    let line = ended(command).refused();
    for name in ["f1", "f2"] {
        let conflict = format!("\"public/{name}\": the target has another file");
        assert!(line.contains(&conflict), "{line}");
    }
    let found = files(&target).await;
    for (name, seed) in [("f0", 0), ("f1", 11), ("f2", 22)] {
        let (_, bytes) = &found[&(0, name.to_owned())];
        assert!(*bytes == content(seed, 10_000), "{name}");
    }
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn a_bucket_that_is_full_or_down_ends_a_copy_and_repeating_goes_on() {
    let server = open_to_all().start();
    for number in 0..40 {
        put(&server, &format!("f{number:02}"), content(number, 10_000)).await;
    }
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let expected = stored_by_users(files(&server).await);
    let service = Arc::new(S3Service::start());
    let copying = Copying::on(&service);
    service.fail(
        "PUT /coffer/public/f2",
        usize::MAX,
        Fault::Status(403, "QuotaExceeded"),
    );
    let full = copying.run(text(from.path()), &url(""), &[]).refused();
    assert!(full.contains("no space left"), "{full}");
    assert!(full.contains("run the command again to resume"), "{full}");
    let there = service.objects(BUCKET).len();
    assert!((10..40).contains(&there), "{there} before it was full");
    service.recover();

    // A store that fails some files does not keep others from being copied.
    service.fail(
        "PUT /coffer/public/f33",
        usize::MAX,
        Fault::Status(500, "InternalError"),
    );
    let ended = copying.run(text(from.path()), &url(""), &[]);
    assert!(ended.stdout.contains(", 0 gone, 1 failed"), "{ended:?}");
    assert!(ended.refused().contains("\"public/f33\": cannot be stored"));
    assert_eq!(service.objects(BUCKET).len(), 39);
    service.recover();
    let line = copying.run(text(from.path()), &url(""), &[]).done();
    assert_eq!(
        line,
        "copied 1 files (9.8 KiB), 39 unchanged, 0 gone, 0 failed"
    );
    let target = open_to_all().s3(&service).start();
    assert!(stored_by_users(files(&target).await) == expected);
}

#[tokio::test]
async fn answers_that_are_lost_and_bytes_that_change_on_the_way_are_noticed() {
    let server = open_to_all().start();
    for number in 0..4 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let expected = stored_by_users(files(&server).await);
    let service = Arc::new(S3Service::start());
    let copying = Copying::on(&service);
    service.fail("PUT /coffer/public/f1", 1, Fault::Lost);
    // Read back, a bit is another, which no checksum of the service tells.
    service.fail("GET /coffer/public/f2", usize::MAX, Fault::Unnoticed(7));
    let ended = copying.run(text(from.path()), &url(""), &[]);
    assert!(ended.stdout.contains("copied 3 files"), "{ended:?}");
    let line = ended.refused();
    let mismatch = "\"public/f2\": the bytes read back are not those that were written";
    assert!(line.contains(mismatch), "{line}");
    let there = service.objects(BUCKET);
    let there = there.iter().filter(|name| name.starts_with("public/"));
    assert!(there.eq(["public/f0", "public/f1", "public/f3"]));
    service.recover();
    copying.run(text(from.path()), &url(""), &[]).done();
    let target = open_to_all().s3(&service).start();
    assert!(stored_by_users(files(&target).await) == expected);
}

#[tokio::test]
async fn a_copy_to_a_bucket_that_is_killed_or_interrupted_is_repeated() {
    let server = open_to_all().start();
    for number in 0..200 {
        put(&server, &format!("f{number:03}"), content(number, 10_000)).await;
    }
    put(&server, "large", content(1, 30 << 20)).await;
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let expected = stored_by_users(files(&server).await);
    let service = Arc::new(S3Service::start());
    service.make_bucket(BUCKET);
    let copying = Copying::on(&service);
    let files_there = || {
        let all = service.objects(BUCKET).into_iter();
        all.filter(|name| name.starts_with("public/")).count()
    };
    for (after, signal) in [
        (1, rustix::process::Signal::KILL),
        (60, rustix::process::Signal::KILL),
        (120, rustix::process::Signal::TERM),
    ] {
        let child = copying
            .command(text(from.path()), &url(""), &[])
            .spawn()
            .unwrap();
        eventually("some files are copied", || files_there() >= after);
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        let ended = ended(child);
        if signal == rustix::process::Signal::TERM {
            assert!(
                ended
                    .refused()
                    .contains("interrupted; run the command again")
            );
            assert_eq!(service.unfinished(), 0, "what was under way is aborted");
        }
        assert!(files_there() < 201, "it was killed in time");
    }
    let line = copying.run(text(from.path()), &url(""), &[]).done();
    assert!(line.ends_with("0 gone, 0 failed"), "{line}");
    let line = copying.run(text(from.path()), &url(""), &[]).done();
    assert!(
        line.starts_with("copied 0 files (0 B), 201 unchanged"),
        "{line}"
    );
    let target = open_to_all().s3(&service).start();
    assert!(stored_by_users(files(&target).await) == expected);
}
