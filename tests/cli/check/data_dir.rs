//! `--data-dir`: what is damaged, missing or orphaned.

use super::*;
use crate::support::{Setup, files_below};

#[tokio::test]
async fn check_verifies_a_data_directory_and_lists_what_is_wrong() {
    let server = Setup::public_only().start();
    for name in ["a", "b"] {
        let put = server.put(&format!("/v1/public/files/{name}"), vec![b'x'; 10_000]);
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let dir = server.data_dir();
    let path = dir.to_str().unwrap();
    let in_use = run(&["check", "--data-dir", path], &[]);
    assert_eq!((in_use.code, in_use.stdout.as_str()), (Some(1), ""));
    assert!(in_use.stderr.contains("in use"), "{}", in_use.stderr);
    let _data = server.data();
    assert_eq!(server.stop(), Some(0));

    let whole = run(&["check", "--data-dir", path], &[]);
    assert_eq!((whole.code, whole.stderr.as_str()), (Some(0), ""));
    let found = "2 files; 0 damaged, 0 missing, 0 orphaned";
    assert_eq!(whole.stdout, format!("{path} is intact: {found}\n"));

    let blobs = files_below(&dir.join("blobs"));
    let [(cut, _), (moved, _)] = blobs.as_slice() else {
        panic!("{blobs:?}");
    };
    std::fs::write(cut, "x").unwrap();
    let name = moved.file_name().unwrap().to_str().unwrap().to_owned();
    let other = name.replacen(
        &name[..2],
        if name.starts_with("00") { "01" } else { "00" },
        1,
    );
    let orphan = format!("{}/{other}", &other[..2]);
    std::fs::rename(moved, dir.join("blobs").join(&orphan)).unwrap();
    let before = files_below(&dir);
    let ended = run(&["check", "--data-dir", path], &[]);
    assert_eq!(ended.code, Some(1));
    let mut lines: Vec<_> = ended.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("damaged: ") && lines[0].ends_with("expected 10000 bytes, found 1")
    );
    assert!(lines[1].starts_with("missing: ") && lines[1].contains(&name));
    assert_eq!(lines[2], format!("orphaned: blobs/{orphan}"));
    let found = "2 files; 1 damaged, 1 missing, 1 orphaned";
    assert_eq!(
        ended.stderr,
        format!("coffer: {path} is damaged: {found}\n")
    );
    assert_eq!(files_below(&dir), before, "a check changes nothing");

    let nothing = TempDir::new().unwrap();
    let ended = run(
        &["check", "--data-dir", nothing.path().to_str().unwrap()],
        &[],
    );
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("is not a data directory"),
        "{}",
        ended.stderr
    );
    for args in [&["check"][..], &["check", "a.toml", "--data-dir", path]] {
        assert_eq!(run(args, &[]).code, Some(2), "{args:?}");
    }
}
