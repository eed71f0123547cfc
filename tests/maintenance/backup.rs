//! What is in a backup, and what is not copied again.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::support::{eventually, fetch, json_of};
use crate::uploads::Tus;

#[tokio::test]
async fn a_backup_of_a_host_that_serves_restores_every_file_as_it_was() {
    let server = open_to_all().start();
    fill(&server).await;
    let link = server.post("/v1/user/urls/a.txt").bearer_auth(user("ann"));
    let link = json_of(link).await["url"].as_str().unwrap().to_owned();
    let before = files(&server).await;
    assert_eq!(before.len(), 24);
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("made/if missing");
    let line = backup(&server.data_dir(), &to).done();
    // Two sizes are not in the index, and a copy shares its bytes.
    let bytes = bytesize::ByteSize::b(4 * (8193 + 300_000));
    let counted = format!("24 files; blobs: 8 copied ({bytes}), 0 unchanged, 0 removed");
    assert_eq!(line, format!("backed up {counted}: {}", to.display()));

    // Nobody else can read it.
    let mut all = files_below(&to);
    all.push((to.clone(), 0));
    for (path, _) in &all {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let checked = run(&["check", "--data-dir", text(&to)]).done();
    assert!(checked.contains("24 files; 0 damaged, 0 missing, 0 orphaned"));

    // What comes after is not in it.
    put(&server, "late", content(9, 20_000)).await;
    let data = restored(&to);
    let checked = run(&["check", "--data-dir", text(&data.path().join("data"))]).done();
    assert!(checked.contains("24 files; 0 damaged, 0 missing, 0 orphaned"));
    let other = open_to_all().data(data).start();
    assert!(files(&other).await == before);
    // Presigned URLs outlive it too: the secret came along.
    let link = link.replace(&server.url, &other.url);
    assert_eq!(fetch(link).await.unwrap().status(), 200);
    put(&other, "more", content(1, 20_000)).await;
    assert_eq!(other.stop(), Some(0));
}

#[tokio::test]
async fn a_second_backup_copies_only_what_is_new_and_removes_what_is_gone() {
    let server = open_to_all().start();
    for number in 0..20 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    put(&server, "small", b"in the index".to_vec()).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let data = server.data_dir();
    let line = backup(&data, &to).done();
    assert!(line.contains("21 files; blobs: 20 copied"), "{line}");
    let before = blobs(&to);

    for number in 0..3 {
        put(
            &server,
            &format!("f{number}"),
            content(100 + number, 10_000),
        )
        .await;
    }
    put(&server, "new", content(7, 10_000)).await;
    for name in ["f10", "f11", "small"] {
        delete(&server, name).await;
    }
    eventually("replaced bytes are gone", || blobs(&data).len() == 19);
    let line = backup(&data, &to).done();
    let bytes = bytesize::ByteSize::b(40_000);
    let counted = format!("19 files; blobs: 4 copied ({bytes}), 15 unchanged, 5 removed");
    assert!(line.contains(&counted), "{line}");
    let after = blobs(&to);
    let kept: Vec<_> = after
        .keys()
        .filter(|name| before.contains_key(*name))
        .collect();
    assert_eq!(kept.len(), 15);
    for name in kept {
        assert_eq!(after[name], before[name], "not written again");
    }
    assert!(after.keys().eq(blobs(&data).keys()));
    let line = backup(&data, &to).done();
    assert!(
        line.contains("0 copied (0 B), 19 unchanged, 0 removed"),
        "{line}"
    );

    // Without a host it is the same.
    let held = server.data();
    let expected = files(&server).await;
    assert_eq!(server.stop(), Some(0));
    let line = backup(&data, &to).done();
    assert!(
        line.contains("0 copied (0 B), 19 unchanged, 0 removed"),
        "{line}"
    );
    let other = open_to_all().data(restored(&to)).start();
    assert!(files(&other).await == expected);
    drop(held);
}

#[tokio::test]
async fn damage_in_a_backup_is_found_and_repaired() {
    let server = open_to_all().start();
    for number in 0..3 {
        put(&server, &format!("f{number}"), content(number, 10_000)).await;
    }
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let data = server.data_dir();
    backup(&data, &to).done();
    let files = files_below(&to.join("blobs"));
    let [(flipped, _), (cut, _), _] = files.as_slice() else {
        panic!("{files:?}");
    };
    let mut bytes = std::fs::read(flipped).unwrap();
    bytes[5_000] ^= 1;
    std::fs::write(flipped, &bytes).unwrap();
    std::fs::write(cut, "x").unwrap();

    let line = restore(&to, &folder.path().join("data")).refused();
    let told = ["the file \"public/f", "bytes"];
    assert!(told.iter().all(|part| line.contains(part)), "{line}");
    let line = run(&["check", "--data-dir", text(&to)]).refused();
    assert!(line.contains("2 damaged"), "{line}");

    // A length is seen at once, a bit only by reading.
    let line = backup(&data, &to).done();
    assert!(line.contains("1 copied (9.8 KiB), 2 unchanged"), "{line}");
    let mut verify = backup_args(&data, &to).to_vec();
    verify.push("--verify");
    let line = run(&verify).done();
    assert!(line.contains("1 copied (9.8 KiB), 2 unchanged"), "{line}");
    restore(&to, &folder.path().join("data")).done();

    // Damage at the source does not become the backup.
    let blob = flipped.strip_prefix(&to).unwrap();
    std::fs::write(flipped, &bytes).unwrap();
    std::fs::write(data.join(blob), &bytes).unwrap();
    let line = run(&verify).refused();
    assert!(line.contains("not those that were stored"), "{line}");
}

#[tokio::test]
async fn an_unfinished_upload_is_not_in_a_backup_and_goes_on() {
    let server = open_to_all().start();
    put(&server, "f", content(1, 10_000)).await;
    let bytes = content(2, 100_000);
    let tus = Tus::new(&server, None);
    let path = tus.create("public", "late", 100_000).await;
    assert_eq!(tus.append(&path, 0, &bytes[..60_000]).await, 60_000);
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let line = backup(&server.data_dir(), &to).done();
    assert!(line.contains("1 files; blobs: 1 copied"), "{line}");
    let checked = run(&["check", "--data-dir", text(&to)]).done();
    assert!(checked.contains("1 files; 0 damaged, 0 missing, 0 orphaned"));
    let other = open_to_all().data(restored(&to)).start();
    assert_eq!(Tus::new(&other, None).offset(&path).await, Err(404));
    assert_eq!(files(&other).await.len(), 1);

    let offset = tus.append(&path, 60_000, &bytes[60_000..]).await;
    assert_eq!(offset, 100_000);
    let line = backup(&server.data_dir(), &to).done();
    let counted = "2 files; blobs: 1 copied (97.7 KiB), 1 unchanged, 0 removed";
    assert!(line.contains(counted), "{line}");
    let other = open_to_all().data(restored(&to)).start();
    assert!(files(&other).await[&(0, "late".to_owned())].1 == bytes);
}
