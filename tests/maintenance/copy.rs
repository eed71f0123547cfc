//! Copies between directories of the local engine: whole, repeated, killed, refused.

use super::*;

/// A copy, with the record of what was copied in this folder.
struct Copying {
    folder: TempDir,
}

impl Copying {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder }
    }

    fn command(&self, from: &str, to: &str, more: &[&str]) -> Command {
        let home = (
            "XDG_STATE_HOME".to_owned(),
            text(self.folder.path()).to_owned(),
        );
        let args = ["copy", "--from", from, "--to", to];
        command(&[&args[..], more].concat(), &[home])
    }

    fn run(&self, from: &Path, to: &Path, more: &[&str]) -> Ended {
        let child = self.command(text(from), text(to), more).spawn();
        ended(child.unwrap())
    }
}

/// A backup of a server with files of all kinds, and those.
async fn filled() -> (TempDir, Files) {
    let server = open_to_all().start();
    fill(&server).await;
    let folder = TempDir::new().unwrap();
    backup(&server.data_dir(), folder.path()).done();
    let files = stored_by_users(files(&server).await);
    (folder, files)
}

#[tokio::test]
async fn a_copy_of_a_backup_or_a_stopped_directory_has_every_file() {
    let (from, expected) = filled().await;
    let copying = Copying::new();
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let to = one.path().join("data");
    let line = copying.run(from.path(), &to, &[]).done();
    assert!(line.starts_with("copied 24 files ("), "{line}");
    assert!(line.ends_with("), 0 unchanged, 0 gone, 0 failed"), "{line}");
    let line = copying.run(from.path(), &to, &[]).done();
    assert_eq!(line, "copied 0 files (0 B), 24 unchanged, 0 gone, 0 failed");
    let again = two.path().join("data");
    let line = copying
        .run(&to, &again, &["--parallel", "1", "--no-read-back"])
        .done();
    assert!(line.starts_with("copied 24 files ("), "{line}");
    for folder in [one, two] {
        let server = open_to_all().data(Arc::new(folder)).start();
        assert!(stored_by_users(files(&server).await) == expected);
        // Who stored a file is kept too: it decides about replacing it.
        assert_eq!(server.stop(), Some(0));
    }
}

#[tokio::test]
async fn who_stored_a_file_comes_along() {
    let server = Setup::default().start();
    let put = |server: &Server, name: &str| {
        let put = server.put(&format!("/v1/public/files/{name}"), "bytes");
        put.bearer_auth(user(name))
    };
    for name in ["ann", "bob"] {
        assert_eq!(put(&server, name).send().await.unwrap().status(), 201);
    }
    let folder = TempDir::new().unwrap();
    backup(&server.data_dir(), folder.path()).done();
    let to = TempDir::new().unwrap();
    let copying = Copying::new();
    copying
        .run(folder.path(), &to.path().join("data"), &[])
        .done();
    let server = Setup::default().data(Arc::new(to)).start();
    let others = server.put("/v1/public/files/ann", "bytes");
    let others = others.bearer_auth(user("bob")).send().await.unwrap();
    assert_eq!(others.status(), 403);
    assert_eq!(put(&server, "ann").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn only_what_changed_is_copied_again_and_nothing_of_others_is_replaced() {
    let server = open_to_all().start();
    for number in 0..10 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let (held, data) = (server.data(), server.data_dir());
    let copying = Copying::new();
    let to = TempDir::new().unwrap();
    let target = to.path().join("data");
    let line = copying.run(&data, &target, &[]).refused();
    assert!(
        line.contains("is in use: stop the host, or make a backup"),
        "{line}"
    );
    assert!(!target.exists());
    assert_eq!(server.stop(), Some(0));
    copying.run(&data, &target, &[]).done();

    let server = open_to_all().data(held).start();
    put(&server, "f1", content(21, 10_000)).await;
    put(&server, "f2", content(22, 10_000)).await;
    put(&server, "f3", content(3, 10_000)).await;
    put(&server, "new", content(7, 10_000)).await;
    delete(&server, "f4").await;
    let patch = server.request(Method::PATCH, "/v1/public/info/f5");
    let patch = patch.json(&serde_json::json!({ "metadata": { "a": "b" } }));
    assert_eq!(patch.send().await.unwrap().status(), 200);
    let expected = stored_by_users(files(&server).await);
    let held = server.data();
    assert_eq!(server.stop(), Some(0));
    // The target has a file of its own where the source has another.
    let other = open_to_all().data(Arc::new(to)).start();
    put(&other, "f2", content(99, 10_000)).await;
    put(&other, "own", content(98, 10_000)).await;
    let to = other.data();
    assert_eq!(other.stop(), Some(0));

    let ended = copying.run(&data, &target, &[]);
    let counted = "copied 4 files (39.1 KiB), 5 unchanged, 0 gone, 1 failed\n";
    assert_eq!(ended.stdout, counted);
    let line = ended.refused();
    let conflict = "\"public/f2\": the target has another file of this name: --replace replaces it";
    assert_eq!(line.lines().next().unwrap(), format!("coffer: {conflict}"));
    assert!(line.contains("1 files were not copied"), "{line}");
    let line = copying.run(&data, &target, &["--replace"]).done();
    assert_eq!(
        line,
        "copied 1 files (9.8 KiB), 9 unchanged, 0 gone, 0 failed"
    );

    // Without the record, files are compared.
    let forgetful = Copying::new();
    let line = forgetful.run(&data, &target, &[]).done();
    assert_eq!(line, "copied 0 files (0 B), 10 unchanged, 0 gone, 0 failed");
    let server = open_to_all().data(to).start();
    let mut found = stored_by_users(files(&server).await);
    assert!(found.remove(&(0, "own".to_owned())).is_some());
    assert!(
        found.remove(&(0, "f4".to_owned())).is_some(),
        "deletions are not copied"
    );
    assert!(found == expected);
    drop(held);
}

#[tokio::test]
async fn a_copy_that_is_killed_is_repeated() {
    let server = open_to_all().start();
    for number in 0..300 {
        put(&server, &format!("f{number:03}"), content(number, 20_000)).await;
    }
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let expected = stored_by_users(files(&server).await);
    let to = TempDir::new().unwrap();
    let target = to.path().join("data");
    let copying = Copying::new();
    let mut kills = 0;
    for after in [1, 50, 120, 250] {
        let child = copying
            .command(text(from.path()), text(&target), &[])
            .spawn();
        let mut child = child.unwrap();
        while child.try_wait().unwrap().is_none() {
            if target.join("blobs/ff").is_dir() && blobs(&target).len() >= after {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                break;
            }
            std::thread::yield_now();
        }
    }
    assert!(kills >= 3, "{kills} of 4 were killed in time");
    let line = copying.run(from.path(), &target, &[]).done();
    let unchanged = line.split(" unchanged").next().unwrap();
    let unchanged: usize = unchanged.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(unchanged >= 250 - 16, "{line}");
    let line = copying.run(from.path(), &target, &[]).done();
    assert!(
        line.starts_with("copied 0 files (0 B), 300 unchanged"),
        "{line}"
    );
    let server = open_to_all().data(Arc::new(to)).start();
    assert!(stored_by_users(files(&server).await) == expected);
    assert_eq!(blobs(&server.data_dir()).len(), 300);
}

#[tokio::test]
async fn damage_at_the_source_is_not_copied_and_the_rest_is() {
    let server = open_to_all().start();
    for number in 0..5 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let from = TempDir::new().unwrap();
    backup(&server.data_dir(), from.path()).done();
    let blob = &files_below(&from.path().join("blobs"))[2].0;
    let mut bytes = std::fs::read(blob).unwrap();
    bytes[1] ^= 1;
    std::fs::write(blob, bytes).unwrap();
    let to = TempDir::new().unwrap();
    let ended = Copying::new().run(from.path(), &to.path().join("data"), &[]);
    assert!(ended.stdout.contains("copied 4 files"), "{ended:?}");
    assert!(ended.stdout.contains("1 failed"), "{ended:?}");
    let line = ended.refused();
    assert!(
        line.contains("its bytes are not those that were backed up"),
        "{line}"
    );
    let server = open_to_all().data(Arc::new(to)).start();
    assert_eq!(files(&server).await.len(), 4);
}

#[tokio::test]
async fn the_record_is_private_and_one_that_is_damaged_can_be_removed() {
    use std::os::unix::fs::PermissionsExt;

    let (from, _) = filled().await;
    let (copying, folder) = (Copying::new(), TempDir::new().unwrap());
    let (to, state) = (folder.path().join("data"), folder.path().join("state"));
    let run = || copying.run(from.path(), &to, &["--state", text(&state)]);
    run().done();
    let mode = state.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
    std::fs::write(&state, content(1, 10_000)).unwrap();
    let line = run().refused();
    assert!(line.contains(text(&state)), "{line}");
    assert!(
        line.contains("remove this file; files will then be compared again"),
        "{line}"
    );
    std::fs::remove_file(&state).unwrap();
    let line = run().done();
    assert!(
        line.starts_with("copied 0 files (0 B), 24 unchanged"),
        "{line}"
    );
}

#[test]
fn ends_that_make_no_sense_are_refused() {
    let folder = TempDir::new().unwrap();
    let (here, there) = (folder.path(), folder.path().join("there"));
    let (here, there) = (text(here), text(&there));
    let copying = Copying::new();
    for (from, to, more, code, expected) in [
        (here, here, &[][..], 1, "are the same place"),
        ("s3://b/a", "s3://b/a/c", &[], 1, "one is inside the other"),
        ("s3://b", "s3://b/c", &[], 1, "one is inside the other"),
        (
            here,
            there,
            &["--from-s3-region", "eu-central-1"],
            1,
            "need --from s3://",
        ),
        (here, there, &[], 1, "not a data directory"),
        (
            "https://b/a",
            there,
            &[],
            2,
            "expected a directory or s3://BUCKET/PREFIX",
        ),
        (
            here,
            "s3://",
            &[],
            2,
            "expected a directory or s3://BUCKET/PREFIX",
        ),
        (
            here,
            "s3:/b/a",
            &[],
            2,
            "expected a directory or s3://BUCKET/PREFIX",
        ),
        (here, there, &["--parallel", "0"], 2, "at least 1"),
        (here, "s3://b//", &[], 1, "--s3-prefix"),
    ] {
        let ended = ended(copying.command(from, to, more).spawn().unwrap());
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.stderr.contains(expected), "{ended:?}");
    }
    assert!(!Path::new(there).exists());
}
