//! Backups and restores that are killed at several points: what was there is there, and repeating
//! converges.

use super::*;

/// Waits until something has happened or the process has ended, and kills it. Returns whether it
/// was killed.
fn kill_once(mut child: Child, happened: impl Fn() -> bool) -> bool {
    loop {
        if let Some(code) = child.try_wait().unwrap() {
            assert!(code.success());
            return false;
        }
        if happened() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        std::thread::yield_now();
    }
}

/// Every file below a directory that is neither a blob nor a file of the layout.
fn leftovers(dir: &Path) -> Vec<String> {
    let found = files_below(dir).into_iter();
    let names = found.map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned());
    names
        .filter(|name| name.contains('.') && !name.ends_with(".redb"))
        .collect()
}

async fn fill_with(server: &Server, first: u64) {
    for number in first..first + 300 {
        put(
            server,
            &format!("f{:03}", number % 400),
            content(number, 20_000),
        )
        .await;
    }
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_the_one_before_and_is_repeated() {
    let server = open_to_all().start();
    let folder = TempDir::new().unwrap();
    let (data, to) = (server.data_dir(), folder.path().join("backup"));
    let mut kills = 0;
    let mut last: Option<Files> = None;
    for (round, after) in [0, 1, 40, 290, 1, 150].into_iter().enumerate() {
        fill_with(&server, round as u64 * 300).await;
        let now = files(&server).await;
        let there = blobs(&to_or_empty(&to)).len();
        let child = command(&backup_args(&data, &to), &[]).spawn().unwrap();
        let killed = kill_once(child, || match after {
            0 => to.join("backup").exists(),
            after => blobs(&to_or_empty(&to)).len() >= there + after,
        });
        kills += usize::from(killed);
        // The index of now may have taken effect before the kill.
        match &last {
            Some(before) => {
                let other = open_to_all().data(restored(&to)).start();
                let found = files(&other).await;
                assert!(found == *before || found == now, "round {round}");
            }
            None if killed => {
                let line = restore(&to, &folder.path().join("data")).refused();
                assert!(line.contains("no complete backup"), "{line}");
            }
            None => {}
        }
        let copied = blobs(&to_or_empty(&to));
        backup(&data, &to).done();
        assert_eq!(leftovers(&to), Vec::<String>::new());
        let other = open_to_all().data(restored(&to)).start();
        assert!(files(&other).await == now, "round {round}");
        assert!(blobs(&to).keys().eq(blobs(&data).keys()), "round {round}");
        if after >= 290 {
            // 100 were there, and of those that came the first group is not copied again.
            let after = blobs(&to);
            let kept = copied
                .iter()
                .filter(|(name, about)| after.get(*name) == Some(*about));
            assert!(kept.count() >= 100 + 150, "round {round}");
        }
        last = Some(now);
    }
    assert!(kills >= 4, "{kills} of 6 were killed in time");
}

/// The directory, or one without blobs while there is none.
fn to_or_empty(to: &Path) -> std::path::PathBuf {
    match to.join("blobs").is_dir() {
        true => to.to_owned(),
        false => {
            static EMPTY: std::sync::OnceLock<TempDir> = std::sync::OnceLock::new();
            let empty = EMPTY.get_or_init(|| {
                let empty = TempDir::new().unwrap();
                std::fs::create_dir(empty.path().join("blobs")).unwrap();
                empty
            });
            empty.path().to_owned()
        }
    }
}

#[tokio::test]
async fn a_restore_that_is_killed_is_not_served_and_is_repeated() {
    let server = open_to_all().start();
    fill_with(&server, 0).await;
    let expected = files(&server).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    backup(&server.data_dir(), &to).done();
    let mut kills = 0;
    for after in [0, 1, 100, 280] {
        let restored = TempDir::new().unwrap();
        let data = restored.path().join("data");
        let args = ["restore", "--from", text(&to), "--data-dir", text(&data)];
        let child = command(&args, &[]).spawn().unwrap();
        let killed = kill_once(child, || match after {
            0 => data.join("restoring").exists(),
            after => data.join("blobs").is_dir() && blobs(&data).len() >= after,
        });
        if killed && data.join("restoring").exists() {
            kills += 1;
            let serve = ["serve", "--listen", "127.0.0.1:0", "--ops-listen", "off"];
            let serve = [&serve[..], &["--log", "error", "--data-dir", text(&data)]].concat();
            let line = run(&serve).refused();
            assert!(line.contains("run `coffer restore` again"), "{line}");
            let line = run(&["check", "--data-dir", text(&data)]).refused();
            assert!(line.contains("run `coffer restore` again"), "{line}");
            let there = blobs(&to_or_empty(&data)).len();
            let line = restore(&to, &data).done();
            let unchanged = line.split(" unchanged").next().unwrap();
            let unchanged: usize = unchanged.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(
                unchanged <= there && there <= unchanged + 8,
                "{line}, {there}"
            );
        }
        assert_eq!(leftovers(&data), Vec::<String>::new());
        let other = open_to_all().data(Arc::new(restored)).start();
        assert!(files(&other).await == expected, "after {after}");
    }
    assert!(kills >= 3, "{kills} of 4 were killed in time");
}
