//! A process that is killed at any moment: what it had confirmed is there, what was under way is
//! done or not done, and nothing is left over.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Name to content and metadata.
type Files = BTreeMap<String, (Vec<u8>, Metadata)>;

const DIR: &str = "COFFER_TEST_KILLED_DIR";

fn name(n: u64) -> String {
    format!("f{}", n % 5)
}

/// A number that depends on this one and looks random.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn metadata(n: u64) -> Metadata {
    Metadata::new(vec![("change".into(), n.to_string())]).expect("metadata")
}

/// The copies of a change, which may be refused if the source is not there.
fn copies(n: u64) -> Vec<(String, String)> {
    let (from, to) = (name(mixed(n) >> 8), name(mixed(n) >> 16));
    let other = (0..5).map(name).find(|name| *name != from && *name != to);
    let mut copies = vec![(from.clone(), to)];
    copies.extend(other.map(|other| (from.clone(), other)));
    copies.retain(|(from, to)| from != to);
    copies
}

/// What change number `n` makes of these files.
fn expected(files: &mut Files, n: u64) {
    let target = name(mixed(n) >> 8);
    match mixed(n) % 6 {
        0 | 1 => {
            let size = [100, 20_000][(mixed(n) % 2) as usize];
            files.insert(target, (vec![n as u8; size], Metadata::default()));
        }
        2 => drop(files.remove(&target)),
        3 | 4 => {
            let is_move = mixed(n) % 6 == 4;
            for (from, to) in copies(n) {
                if let Some((content, _)) = files.get(&from).cloned() {
                    files.insert(to, (content, metadata(n)));
                    if is_move {
                        files.remove(&from);
                    }
                }
            }
        }
        _ => {
            if let Some((_, described)) = files.get_mut(&target) {
                *described = metadata(n);
            }
        }
    }
}

/// The same on a store.
async fn change(store: &LocalStore, n: u64) {
    let target = name(mixed(n) >> 8);
    match mixed(n) % 6 {
        0 | 1 => {
            let size = [100, 20_000][(mixed(n) % 2) as usize];
            put(store, &target, &vec![n as u8; size]).await;
        }
        2 => drop(store.remove_many(&[key(&target)], &Guard::Any).await),
        3 | 4 => {
            let mut batch = Vec::new();
            for (from, to) in copies(n) {
                let info = store
                    .stat(&key(&from), &Guard::Any, &Conditions::default())
                    .await;
                let copy = copying(&from, &info.map(|info| info.etag).unwrap_or_default(), &to);
                let may_remove = (mixed(n) % 6 == 4).then_some(Guard::Any);
                let options = CreateOptions {
                    metadata: metadata(n),
                    ..freely()
                };
                batch.push(Copy {
                    may_remove,
                    options,
                    ..copy
                });
            }
            store.copy(batch).await;
        }
        _ => {
            let amendment = Amendment {
                content_type: None,
                metadata: Some(metadata(n)),
            };
            let amended = store
                .amend(
                    &key(&target),
                    &Guard::Any,
                    &Conditions::default(),
                    amendment,
                )
                .await;
            drop(amended);
        }
    }
}

/// Changes files until it is killed, and says after each change that it is done. Does nothing as
/// a test.
#[tokio::test]
async fn changes_files_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let store = LocalStore::open(Path::new(&dir)).expect("a store");
    let first = store.index.changes().expect("a number") * 1_000;
    println!("\nfirst {first}");
    for n in first.. {
        change(&store, n).await;
        println!("\ndone {n}");
    }
}

async fn found(store: &LocalStore) -> Files {
    let mut files = Files::new();
    for name in (0..5).map(name) {
        match store
            .stat(&key(&name), &Guard::Any, &Conditions::default())
            .await
        {
            Ok(info) => {
                let content = read(store, &name).await.expect("its bytes");
                files.insert(name, (content, info.metadata));
            }
            Err(Error::NotFound) => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    files
}

#[tokio::test]
async fn a_process_that_is_killed_amid_copies_loses_nothing_and_leaves_nothing_behind() {
    let dir = TempDir::new().expect("a directory");
    let mut files = Files::new();
    for round in 0..8 {
        let test = concat!(module_path!(), "::changes_files_until_it_is_killed");
        let (_, test) = test.split_once("::").expect("a path");
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([test, "--exact", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut told = |word: &str| -> u64 {
            lines
                .by_ref()
                .find_map(|line| {
                    line.expect("a line")
                        .strip_prefix(word)?
                        .trim()
                        .parse()
                        .ok()
                })
                .expect("it is running")
        };
        let first = told("first ");
        let mut done = first;
        for _ in 0..(40 + round * 7) {
            done = told("done ");
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        // It may have gone on before it was killed.
        for line in lines {
            let number = line
                .expect("a line")
                .strip_prefix("done ")
                .and_then(|n| n.parse().ok());
            done = number.unwrap_or(done);
        }
        (first..=done).for_each(|n| expected(&mut files, n));
        let checked = check(dir.path(), |_| ()).expect("checked");
        assert_eq!((checked.damaged, checked.missing), (0, 0), "{checked:?}");

        let store = LocalStore::open(dir.path()).expect("a store");
        let found = found(&store).await;
        if found != files {
            // The change under way was made, too.
            expected(&mut files, done + 1);
            assert!(found == files, "{round}: after {done}");
        }
        store.close().await;
        let mut lines = Vec::new();
        let checked = check(dir.path(), |line| lines.push(line)).expect("checked");
        let whole = Checked {
            files: files.len() as u64,
            ..Checked::default()
        };
        assert_eq!(checked, whole, "{lines:?}");
    }
    let store = LocalStore::open(dir.path()).expect("a store");
    let all: Vec<_> = (0..5).map(|n| key(&name(n))).collect();
    store.remove_many(&all, &Guard::Any).await;
    store.close().await;
    assert!(blobs(&dir).is_empty());
}
