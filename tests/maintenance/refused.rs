//! What is not a backup, or not the backup of this data directory, is left alone.

use super::*;

/// All that is in a directory.
fn all(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let found = files_below(dir).into_iter();
    let mut all: Vec<_> = found
        .filter(|(path, _)| path.file_name().unwrap() != "backup.sock")
        .map(|(path, _)| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_directory_with_something_else_is_no_place_for_a_backup() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let data = server.data_dir();
    let folder = TempDir::new().unwrap();
    let photos = folder.path().join("photos");
    std::fs::create_dir(&photos).unwrap();
    std::fs::write(photos.join("a.jpg"), "a photo").unwrap();
    let file = photos.join("a.jpg");
    let other = open_to_all().start();
    put(&other, "g", content(2, 10_000)).await;
    let inside = data.join("backup-of-it");
    let above = server.data();
    for (to, expected) in [
        (photos.as_path(), "is neither empty nor a backup"),
        (file.as_path(), "cannot create"),
        (other.data_dir().as_path(), "is neither empty nor a backup"),
        (inside.as_path(), "contains the other"),
        (data.as_path(), "contains the other"),
        (above.path(), "contains the other"),
    ] {
        let before = all(&photos);
        let line = backup(&data, to).refused();
        assert!(line.contains(expected), "{line}");
        assert_eq!(line.trim().lines().count(), 1, "{line}");
        assert!(all(&photos) == before);
    }
    assert!(!inside.exists());

    let to = folder.path().join("backup");
    backup(&data, &to).done();
    let before = all(&to);
    for (from, data_dir, expected) in [
        (to.as_path(), photos.as_path(), "is neither empty nor"),
        (to.as_path(), data.as_path(), "is neither empty nor"),
        (to.as_path(), to.as_path(), "contains the other"),
        (photos.as_path(), inside.as_path(), "not a data directory"),
        (data.as_path(), inside.as_path(), "in use"),
    ] {
        let line = restore(from, data_dir).refused();
        assert!(line.contains(expected), "{line}");
        assert!(all(&to) == before);
    }
    let held = server.data();
    assert_eq!(server.stop(), Some(0));
    let line = restore(&data, &folder.path().join("new")).refused();
    assert!(line.contains("it is not a backup"), "{line}");
    let missing = folder.path().join("missing");
    let line = backup(&missing, &to).refused();
    assert!(line.contains("not a data directory"), "{line}");
    assert!(all(&to) == before);
    drop(held);
}

#[tokio::test]
async fn a_backup_is_renewed_only_by_a_later_state_of_its_own_files() {
    let (server, other) = (open_to_all().start(), open_to_all().start());
    for (server, seed) in [(&server, 1), (&other, 2)] {
        put(server, "f", content(seed, 10_000)).await;
    }
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let older = folder.path().join("older");
    backup(&server.data_dir(), &older).done();
    put(&server, "f", content(3, 10_000)).await;
    let expected = files(&server).await;
    backup(&server.data_dir(), &to).done();
    let before = all(&to);

    let line = backup(&other.data_dir(), &to).refused();
    assert!(line.contains("of another data directory"), "{line}");
    // An empty directory in place of a lost one is another one, too.
    let empty = open_to_all().start();
    let line = backup(&empty.data_dir(), &to).refused();
    assert!(line.contains("of another data directory"), "{line}");
    let back = restored(&older);
    let line = backup(&back.path().join("data"), &to).refused();
    assert!(line.contains("of a later state"), "{line}");
    // A draft is all that is new.
    let without = |all: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
        let kept = all
            .into_iter()
            .filter(|(path, _)| !path.ends_with("index.new"));
        kept.collect()
    };
    assert!(without(all(&to)) == before);

    // What was restored from it goes on.
    let other = open_to_all().data(restored(&to)).start();
    assert!(files(&other).await == expected);
    put(&other, "g", content(4, 10_000)).await;
    let line = backup(&other.data_dir(), &to).done();
    assert!(line.contains("2 files; blobs: 1 copied"), "{line}");
}

#[tokio::test]
async fn a_backup_is_never_served_and_two_are_not_made_at_once() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "off"];
    let serve = [&serve[..], &["--log", "error", "--data-dir", text(&to)]].concat();
    let line = run(&serve).refused();
    assert!(line.contains("coffer restore --from"), "{line}");

    let lock = std::fs::File::open(to.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let line = backup(&server.data_dir(), &to).refused();
    assert!(line.contains("in use by another process"), "{line}");
    let line = restore(&to, &folder.path().join("data")).refused();
    assert!(line.contains("in use by another process"), "{line}");
    drop(lock);

    // A process other than a host cannot make a backup.
    let stopped = TempDir::new().unwrap();
    let data = stopped.path().join("data");
    restore(&to, &data).done();
    let lock = std::fs::File::open(data.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let line = backup(&data, &to).refused();
    assert!(
        line.contains("a process that cannot make a backup"),
        "{line}"
    );
}

#[tokio::test]
async fn a_folder_with_the_name_of_a_marker_is_none() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let disk = TempDir::new().unwrap();
    for name in ["backup", "restoring"] {
        std::fs::create_dir(disk.path().join(name)).unwrap();
    }
    std::fs::write(disk.path().join("backup/a.jpg"), "a photo").unwrap();
    let data = server.data_dir();
    let line = backup(&data, disk.path()).refused();
    assert!(line.contains("is neither empty nor a backup"), "{line}");
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&data, &to).done();
    let line = restore(&to, disk.path()).refused();
    assert!(line.contains("is neither empty nor"), "{line}");
    assert_eq!(files_below(disk.path()).len(), 1);

    // A data directory with such folders is served, and backed up.
    for name in ["backup", "restoring"] {
        std::fs::create_dir(data.join(name)).unwrap();
    }
    let held = server.data();
    assert_eq!(server.stop(), Some(0));
    backup(&data, &to).done();
    let server = open_to_all().data(held).start();
    assert_eq!(files(&server).await.len(), 1);
    // A file that says something else may be a marker that is damaged.
    let held = server.data();
    assert_eq!(server.stop(), Some(0));
    std::fs::remove_dir(data.join("backup")).unwrap();
    std::fs::write(data.join("backup"), "A backup").unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "off"];
    let serve = [&serve[..], &["--log", "error", "--data-dir", text(&data)]].concat();
    let line = run(&serve).refused();
    assert!(
        line.contains("is not the one that `coffer` writes"),
        "{line}"
    );
    drop(held);
}

#[tokio::test]
async fn what_is_left_of_a_command_that_was_killed_at_its_beginning_is_no_obstacle() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let folder = TempDir::new().unwrap();
    let (to, data) = (folder.path().join("backup"), folder.path().join("data"));
    for (dir, draft) in [(&to, "backup.part"), (&data, "restoring.part")] {
        std::fs::create_dir(dir).unwrap();
        std::fs::write(dir.join("lock"), "").unwrap();
        std::fs::write(dir.join(draft), "A back").unwrap();
    }
    backup(&server.data_dir(), &to).done();
    restore(&to, &data).done();
    for (dir, draft) in [(&to, "backup.part"), (&data, "restoring.part")] {
        assert!(!dir.join(draft).exists());
    }
}

#[tokio::test]
async fn a_backup_is_not_backed_up() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    let line = backup(&to, &folder.path().join("again")).refused();
    assert!(line.contains("is a backup itself"), "{line}");
}
