//! A disk that is full: a small file system in memory, which only the test's processes see.

use super::*;

/// Runs a script where `$DISK` is an empty file system of this many bytes. Needs root, or a system
/// where every user may have namespaces.
fn on_disk(bytes: usize, script: &str, env: &[(&str, &Path)]) -> String {
    let folder = TempDir::new().unwrap();
    let root = rustix::process::geteuid().is_root();
    let unshare: &[&str] = match root {
        true => &["--mount"],
        false => &["--mount", "--map-root-user"],
    };
    let mount = format!(
        "set -eu; mount -t tmpfs -o size={bytes} coffer-test \"$DISK\"; \
         fails() {{ if \"$@\"; then echo \"it succeeds: $*\"; exit 9; fi; }}; {script}"
    );
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-c", &mount])
        .env("DISK", folder.path())
        .env("COFFER", COFFER)
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    said
}

#[tokio::test]
async fn a_full_disk_leaves_the_backup_before_and_repeating_goes_on() {
    let server = open_to_all().start();
    for number in 0..10 {
        put(&server, &format!("f{number}"), content(number, 1 << 20)).await;
    }
    let before = files(&server).await;
    let folder = TempDir::new().unwrap();
    let (data, first) = (server.data_dir(), folder.path().join("first"));
    backup(&data, &first).done();
    for number in 10..30 {
        put(&server, &format!("f{number}"), content(number, 1 << 20)).await;
    }
    let after = files(&server).await;
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // Room for 20 of the 30.
    let said = on_disk(
        24 << 20,
        "
        mkdir $DISK/to; cp -a $FIRST/. $DISK/to/
        fails $COFFER backup --data-dir $DATA --to $DISK/to
        $COFFER restore --from $DISK/to --data-dir $ONE/data
        fails $COFFER backup --data-dir $DATA --to $DISK/to
        $COFFER check --data-dir $DISK/to
        mount -o remount,size=200m coffer-test $DISK
        $COFFER backup --data-dir $DATA --to $DISK/to
        $COFFER restore --from $DISK/to --data-dir $TWO/data
        ",
        &[
            ("FIRST", &first),
            ("DATA", &data),
            ("ONE", one.path()),
            ("TWO", two.path()),
        ],
    );
    let full = "no space left: make room and repeat the command";
    assert_eq!(said.matches(full).count(), 2, "{said}");
    for (folder, expected) in [(one, &before), (two, &after)] {
        let other = open_to_all().data(Arc::new(folder)).start();
        assert!(files(&other).await == *expected);
    }
}

#[tokio::test]
async fn what_a_backup_that_never_finished_left_makes_room_for_the_next() {
    let server = open_to_all().start();
    for number in 0..10 {
        put(&server, &format!("f{number}"), content(number, 1 << 20)).await;
    }
    let folder = TempDir::new().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    backup(&server.data_dir(), &one).done();
    for number in 0..10 {
        delete(&server, &format!("f{number}")).await;
    }
    for number in 0..5 {
        put(
            &server,
            &format!("g{number}"),
            content(90 + number, 1 << 20),
        )
        .await;
    }
    backup(&server.data_dir(), &two).done();
    let restored = TempDir::new().unwrap();
    // Room for most of the ten or for the five.
    on_disk(
        10 << 20,
        "
        $COFFER restore --from $ONE --data-dir $DATA/one
        $COFFER restore --from $TWO --data-dir $DATA/two
        fails $COFFER backup --data-dir $DATA/one --to $DISK/to
        $COFFER backup --data-dir $DATA/two --to $DISK/to
        $COFFER check --data-dir $DISK/to
        ",
        &[("ONE", &one), ("TWO", &two), ("DATA", restored.path())],
    );
}

#[tokio::test]
async fn a_restore_and_a_copy_go_on_once_there_is_room() {
    let server = open_to_all().start();
    for number in 0..10 {
        put(&server, &format!("f{number}"), content(number, 1 << 20)).await;
    }
    let expected = files(&server).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // The local engine keeps 8 MiB free.
    let said = on_disk(
        15 << 20,
        "
        fails $COFFER copy --from $FROM --to $DISK/copy --state $ONE/state
        mount -o remount,size=25m coffer-test $DISK
        $COFFER copy --from $FROM --to $DISK/copy --state $ONE/state
        cp -a $DISK/copy $ONE/data; rm -r $DISK/copy
        mount -o remount,size=6m coffer-test $DISK
        fails $COFFER restore --from $FROM --data-dir $DISK/data
        mount -o remount,size=25m coffer-test $DISK
        $COFFER restore --from $FROM --data-dir $DISK/data
        cp -a $DISK/data $TWO/data
        ",
        &[("FROM", &to), ("ONE", one.path()), ("TWO", two.path())],
    );
    assert!(said.contains("no space left"), "{said}");
    assert!(said.contains("run the command again to resume"), "{said}");
    let other = open_to_all().data(Arc::new(one)).start();
    assert!(stored_by_users(files(&other).await) == stored_by_users(expected.clone()));
    let other = open_to_all().data(Arc::new(two)).start();
    assert!(files(&other).await == expected);
}
