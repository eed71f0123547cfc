use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use bytes::Bytes;
use fastrand::Rng;
use tempfile::TempDir;

use super::super::{Index, size};
use super::*;
use crate::store::Metadata;

/// What each key refers to, and whether that has its bytes in the index.
type Model = BTreeMap<u64, (Id, bool)>;

fn info(name: u64, random: &mut Rng) -> Info {
    let pairs = (0..random.u64(..3)).map(|n| (format!("name-{n}"), "é".repeat(n as usize)));
    Info {
        key: Key::new(format!("key/{name}")).expect("a key"),
        size: 3,
        etag: String::new(),
        modified: SystemTime::now(),
        content_type: "t".repeat(random.u64(..5) as usize),
        uploader: random.bool().then(|| "ann".into()),
        metadata: Metadata::new(pairs.collect()).expect("metadata"),
    }
}

fn references(model: &Model) -> HashMap<Id, u64> {
    let mut counts = HashMap::new();
    for (id, _) in model.values() {
        *counts.entry(*id).or_default() += 1;
    }
    counts
}

/// One change at random; the id of the file that it must free, as the model says.
fn step(draft: &mut Draft<'_>, model: &mut Model, random: &mut Rng) -> Result<(), redb::Error> {
    let (name, other) = (random.u64(..6), random.u64(..6));
    let new = info(name, random);
    let kind = random.u64(..6);
    let before = model.clone();
    let freed = match (kind, model.get(&name).copied(), model.get(&other).copied()) {
        (0 | 1, ..) => {
            let (id, in_index) = (Id::fresh(), kind == 0);
            let content = in_index.then_some(Bytes::from_static(b"123"));
            model.insert(name, (id, in_index));
            draft.insert(id, &new, content.as_ref())?.1
        }
        (2, _, Some(source)) if name != other => {
            model.insert(name, source);
            let (replaced, freed) = draft.copy(source.0, &new)?;
            assert_eq!(replaced, before.contains_key(&name));
            freed
        }
        (3, _, Some(source)) if name != other => {
            model.remove(&other);
            model.insert(name, source);
            let from = info(other, random).key;
            let (replaced, freed) = draft.rename(&from, source.0, &new)?;
            assert_eq!(replaced, before.contains_key(&name));
            freed
        }
        (4, Some(current), _) => {
            draft.amend(current.0, &new)?;
            None
        }
        (5, ..) => {
            model.remove(&name);
            draft.remove(&new.key)?
        }
        _ => None,
    };
    let after = references(model);
    let gone = before.values().find(|(id, _)| !after.contains_key(id));
    let file = gone.filter(|(_, in_index)| !in_index);
    assert_eq!(
        freed,
        file.map(|(id, _)| *id),
        "{kind} {before:?} {model:?}"
    );
    if let Some(found) = draft.get(&new.key)? {
        assert_eq!(Some(found.id), model.get(&name).map(|(id, _)| *id));
        if matches!(kind, 0 | 1 | 4) {
            assert_eq!(found.info.metadata, new.metadata);
        }
    }
    Ok(())
}

#[test]
fn bytes_stay_as_long_as_any_row_refers_to_them_and_everything_is_counted() {
    let dir = TempDir::new().expect("a directory");
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    let empty = size::count(&index.snapshot().expect("a snapshot")).expect("a number");
    let (mut model, mut random) = (Model::new(), Rng::with_seed(7));
    for round in 0..60 {
        let changed = index.update(|draft| {
            for _ in 0..20 {
                step(draft, &mut model, &mut random)?;
            }
            Ok(Some(()))
        });
        assert!(changed.is_ok(), "{round}");
        let snapshot = index.snapshot().expect("a snapshot");
        let mut expected = references(&model);
        let contents = model.values().filter(|(_, in_index)| *in_index);
        let contents: HashMap<_, _> = contents.copied().collect();
        expected.retain(|_, count| *count > 1);
        assert_eq!(snapshot.references().expect("counts"), expected);
        let count = snapshot.contents_count().expect("a number");
        assert_eq!(count, contents.len() as u64);
        let bytes = size::count(&snapshot).expect("a number");
        assert_eq!(
            index.bytes.load(std::sync::atomic::Ordering::Relaxed),
            bytes
        );
    }
    let emptied = index.update(|draft| {
        for name in 0..6 {
            draft.remove(&info(name, &mut random).key)?;
        }
        Ok(Some(()))
    });
    assert!(emptied.is_ok());
    let snapshot = index.snapshot().expect("a snapshot");
    assert_eq!(size::count(&snapshot).expect("a number"), empty);
    assert_eq!(empty, 0);
    assert_eq!(snapshot.contents_count().expect("a number"), 0);
}
