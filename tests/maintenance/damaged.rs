//! Backups of which something is lost or damaged: that is found, nothing takes their place, and
//! what is whole is not lost with it.

use std::fs;
use std::path::PathBuf;

use super::*;

fn check(dir: &Path) -> Ended {
    run(&["check", "--data-dir", text(dir)])
}

fn copy(from: &Path, to: &Path) -> Ended {
    let state = to.with_extension("state");
    let (to, state) = (text(to), text(&state));
    run(&["copy", "--from", text(from), "--to", to, "--state", state])
}

/// A server with three large files.
async fn filled() -> Server {
    let server = open_to_all().start();
    for number in 0..3 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    server
}

/// The paths of all blobs, in order.
fn paths(dir: &Path) -> Vec<PathBuf> {
    let found = files_below(&dir.join("blobs")).into_iter();
    let mut paths: Vec<_> = found.map(|(path, _)| path).collect();
    paths.sort();
    paths
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[5_000] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_backup_without_its_digests_or_its_index_counts_as_damaged_and_is_not_replaced() {
    let (server, other) = (filled().await, open_to_all().start());
    put(&other, "other", content(9, 10_000)).await;
    for (file, text, expected) in [
        ("digests.redb", None, "digests.redb"),
        ("digests.redb", Some(""), "digests.redb"),
        ("index.redb", None, "its index is missing"),
        ("index.redb", Some(""), "its index is empty"),
    ] {
        let folder = TempDir::new().unwrap();
        let to = folder.path().join("backup");
        backup(&server.data_dir(), &to).done();
        let path = to.join(file);
        match text {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let before = blobs(&to);
        for ended in [
            backup(&server.data_dir(), &to),
            restore(&to, &folder.path().join("restored")),
            copy(&to, &folder.path().join("copied")),
        ] {
            let line = ended.refused();
            assert!(line.contains(expected), "{file} {text:?}: {line}");
        }
        backup(&other.data_dir(), &to).refused();
        let checked = check(&to);
        assert!(checked.stdout.contains(expected), "{checked:?}");
        assert!(checked.refused().contains("damaged"));
        assert_eq!(blobs(&to), before);
        let length = path.metadata().ok().map(|about| about.len());
        assert_eq!(length, text.map(|_| 0), "{file} is as it was");
    }
}

#[tokio::test]
async fn a_file_whose_digest_is_lost_counts_as_damaged_until_it_is_backed_up_again() {
    let server = filled().await;
    let (folder, data) = (TempDir::new().unwrap(), server.data_dir());
    let to = folder.path().join("backup");
    backup(&data, &to).done();
    let digests = fs::read(to.join("digests.redb")).unwrap();
    put(&server, "late", content(7, 10_000)).await;
    backup(&data, &to).done();
    fs::write(to.join("digests.redb"), digests).unwrap();

    let lost = "the backup has no digest of the bytes";
    let checked = check(&to);
    assert!(checked.stdout.contains(lost), "{checked:?}");
    assert!(checked.refused().contains("1 damaged"));
    let line = restore(&to, &folder.path().join("data")).refused();
    assert!(line.contains("the file \"public/late\""), "{line}");
    let copied = copy(&to, &folder.path().join("copied"));
    assert!(copied.stdout.contains("copied 3 files"), "{copied:?}");
    assert!(copied.refused().contains(lost));

    // What the backup has is not replaced by anything else.
    let blob = paths(&data).into_iter();
    let blob = blob.map(|path| (fs::read(&path).unwrap(), path));
    let late = content(7, 10_000);
    let (bytes, blob) = blob.into_iter().find(|(bytes, _)| *bytes == late).unwrap();
    flip(&blob);
    let line = backup(&data, &to).refused();
    assert!(line.contains("not those that were stored"), "{line}");
    fs::write(&blob, bytes).unwrap();
    let line = backup(&data, &to).done();
    assert!(line.contains("1 copied (9.8 KiB), 3 unchanged"), "{line}");
    check(&to).done();
    restore(&to, &folder.path().join("data")).done();
}

#[tokio::test]
async fn all_damaged_files_are_named_at_once_and_the_others_can_be_had() {
    let server = filled().await;
    put(&server, "whole", content(8, 10_000)).await;
    put(&server, "small", b"in the index".to_vec()).await;
    let (folder, data) = (TempDir::new().unwrap(), server.data_dir());
    let to = folder.path().join("backup");
    backup(&data, &to).done();
    let whole = content(8, 10_000);
    let damage = |dir: &Path| {
        let blobs = paths(dir).into_iter();
        let blobs: Vec<_> = blobs
            .filter(|path| fs::read(path).unwrap() != whole)
            .collect();
        flip(&blobs[0]);
        fs::write(&blobs[1], "cut").unwrap();
        fs::remove_file(&blobs[2]).unwrap();
    };
    damage(&to);
    let line = restore(&to, &folder.path().join("restored")).refused();
    for name in ["f0", "f1", "f2"] {
        assert!(
            line.contains(&format!("the file \"public/{name}\"")),
            "{line}"
        );
    }
    assert!(!line.contains("whole"), "{line}");
    let way_out = format!("3 files in the backup {}", to.display());
    assert!(line.contains(&way_out), "{line}");
    assert!(line.contains("coffer copy --from"), "{line}");
    assert!(line.contains("not the one of this restore"), "{line}");
    // The directory of the restore is not complete; another one gets what is whole.
    let line = copy(&to, &folder.path().join("restored")).refused();
    assert!(line.contains("or remove the directory"), "{line}");
    let rescued = TempDir::new().unwrap();
    let copied = copy(&to, &rescued.path().join("data"));
    assert!(copied.stdout.contains("copied 2 files"), "{copied:?}");
    let rescued = open_to_all().data(Arc::new(rescued)).start();
    assert_eq!(files(&rescued).await.len(), 2);

    // At the source, it keeps neither others from being copied nor a backup from being there.
    let to = folder.path().join("second");
    backup(&data, &to).done();
    put(&server, "late", content(9, 10_000)).await;
    let late = content(9, 10_000);
    let healthy = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        bytes == whole || bytes == late
    };
    let blobs = paths(&data).into_iter();
    let blobs: Vec<_> = blobs.filter(|path| !healthy(path)).collect();
    for blob in &blobs {
        fs::remove_file(blob).unwrap();
        // Nor does the backup have it, so that it is needed.
        fs::remove_file(to.join(blob.strip_prefix(&data).unwrap())).unwrap();
    }
    let line = backup(&data, &to).refused();
    for name in ["f0", "f1", "f2"] {
        assert!(
            line.contains(&format!("the file \"public/{name}\"")),
            "{line}"
        );
    }
    assert!(line.contains("3 files in "), "{line}");
    for name in ["f0", "f1", "f2"] {
        delete(&server, name).await;
    }
    let line = backup(&data, &to).done();
    assert!(line.contains("3 files; blobs: 0 copied"), "{line}");
    restore(&to, &folder.path().join("data")).done();
}

#[tokio::test]
async fn damage_to_more_files_than_may_fail_does_not_end_a_copy() {
    let server = open_to_all().start();
    for number in 0..120 {
        put(&server, &format!("f{number:03}"), content(number, 10_000)).await;
    }
    // The last of all.
    let whole = content(200, 10_000);
    put(&server, "whole", whole.clone()).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    let blobs = paths(&to).into_iter();
    let blobs = blobs.filter(|path| fs::read(path).unwrap() != whole);
    for (number, blob) in blobs.enumerate() {
        let blob = &blob;
        match number % 3 {
            0 => flip(blob),
            1 => fs::write(blob, "cut").unwrap(),
            _ => fs::remove_file(blob).unwrap(),
        }
    }
    let copied = copy(&to, &folder.path().join("copied"));
    assert!(copied.stdout.contains("copied 1 files"), "{copied:?}");
    assert!(copied.stdout.contains("120 failed"), "{copied:?}");
    assert!(copied.refused().contains("120 files were not copied"));
}

#[tokio::test]
async fn an_index_that_is_damaged_is_reported_with_the_reason() {
    let server = filled().await;
    let folder = TempDir::new().unwrap();
    let (to, data) = (folder.path().join("backup"), folder.path().join("data"));
    backup(&server.data_dir(), &to).done();
    let path = to.join("index.redb");
    let mut bytes = fs::read(&path).unwrap();
    // The first of those that say what kind of file it is.
    bytes[0] ^= 1;
    fs::write(&path, bytes).unwrap();
    for ended in [backup(&server.data_dir(), &to), restore(&to, &data)] {
        let line = ended.refused();
        assert!(line.contains("is damaged"), "{line}");
        assert!(line.contains("magic number mismatch"), "{line}");
    }
    assert!(check(&to).stdout.contains("magic number mismatch"));
}

#[tokio::test]
async fn a_backup_that_has_lost_its_marker_is_not_taken_for_a_data_directory() {
    let server = filled().await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    fs::remove_file(to.join("backup")).unwrap();
    let target = folder.path().join("target");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "off"];
    let serve = [&serve[..], &["--log", "error", "--data-dir", text(&to)]].concat();
    for ended in [
        run(&serve),
        check(&to),
        backup(&to, &target),
        restore(&to, &target),
        copy(&to, &target),
    ] {
        let line = ended.refused();
        assert!(line.contains("its marker is missing"), "{line}");
    }
    // The last resort.
    fs::remove_file(to.join("digests.redb")).unwrap();
    check(&to).done();
}

#[tokio::test]
async fn a_restore_has_no_secret_of_the_backup_that_was_restored_before() {
    let server = filled().await;
    let folder = TempDir::new().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let data = folder.path().join("data");
    backup(&server.data_dir(), &one).done();
    fs::remove_file(server.data_dir().join("link-secret")).unwrap();
    backup(&server.data_dir(), &two).done();
    restore(&one, &data).done();
    assert!(data.join("link-secret").exists());
    // As if it had been killed at its end.
    let marker = "`coffer restore` has not finished here: repeat it.\n";
    fs::write(data.join("restoring"), marker).unwrap();
    let restored = restore(&two, &data);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.stderr.contains("has no link-secret"));
    assert!(!data.join("link-secret").exists());
}

#[tokio::test]
async fn the_secret_of_presigned_urls_is_neither_lost_nor_changed_unnoticed() {
    let server = filled().await;
    let (folder, data) = (TempDir::new().unwrap(), server.data_dir());
    let to = folder.path().join("backup");
    backup(&data, &to).done();
    let (there, kept) = (data.join("link-secret"), to.join("link-secret"));
    let secret = fs::read(&there).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), secret);

    // What a data directory has lost, its backup has still.
    fs::remove_file(&there).unwrap();
    backup(&data, &to).done();
    assert_eq!(fs::read(&kept).unwrap(), secret);
    // Removed from both, it is not missed any longer.
    fs::remove_file(&kept).unwrap();
    assert!(check(&to).stdout.contains("missing: link-secret"));
    backup(&data, &to).done();
    check(&to).done();
    fs::write(&there, &secret).unwrap();
    backup(&data, &to).done();
    for unusable in ["", "short", &"long".repeat(20_000)] {
        fs::write(&there, unusable).unwrap();
        let line = backup(&data, &to).refused();
        assert!(line.contains("link-secret"), "{line}");
        assert_eq!(fs::read(&kept).unwrap(), secret);
    }
    fs::write(&there, &secret).unwrap();

    // Another one of the right form is not the one that was backed up.
    fs::write(&kept, "another secret of more than 32 bytes\n").unwrap();
    let line = restore(&to, &folder.path().join("changed")).refused();
    assert!(line.contains("not those that were stored"), "{line}");
    let checked = check(&to);
    assert!(
        checked.stdout.contains("damaged: link-secret"),
        "{checked:?}"
    );
    assert!(checked.refused().contains("1 damaged"));
    fs::remove_file(&kept).unwrap();
    assert!(check(&to).stdout.contains("missing: link-secret"));
    let restored = restore(&to, &folder.path().join("without"));
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(
        restored.stderr.contains("has no link-secret"),
        "{restored:?}"
    );
    backup(&data, &to).done();
    check(&to).done();

    // A new secret takes the place of the one before.
    fs::write(&there, "a new secret of at least 32 bytes, for all\n").unwrap();
    backup(&data, &to).done();
    let new = folder.path().join("new");
    restore(&to, &new).done();
    let found = fs::read_to_string(new.join("link-secret")).unwrap();
    assert_eq!(found, "a new secret of at least 32 bytes, for all\n");
    fs::write(&kept, secret).unwrap();
    let line = restore(&to, &folder.path().join("old")).refused();
    assert!(line.contains("not those that were stored"), "{line}");
}
