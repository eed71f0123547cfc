//! Verifying a copy at the target.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::store::Amendment;
use crate::store::contract::{freely, key};
use crate::store::local::LocalStore;

/// A copier whose target has just stored a file.
struct Copying {
    copier: Copier,
    wrote: Info,
    digest: [u8; 32],
    _dirs: [TempDir; 3],
}

impl Copying {
    async fn of(content: &'static [u8], read_back: bool) -> Copying {
        let dirs = [(); 3].map(|()| TempDir::new().expect("a directory"));
        let [source, target, state] = &dirs;
        let open =
            |dir: &TempDir| -> Store { Arc::new(LocalStore::open(dir.path()).expect("a store")) };
        let stores = ["a".to_owned(), "b".to_owned()];
        let ledger = Ledger::open(Some(&state.path().join("copied")), stores);
        let ledger = ledger.expect("a ledger");
        let copier = Copier {
            source: open(source),
            target: open(target),
            ledger,
            replace: false,
            read_back,
        };
        let upload = copier.target.create(key("a"), freely()).await;
        let mut upload = upload.expect("an upload");
        let bytes = Bytes::from_static(content);
        upload.write(bytes).await.expect("written");
        let stored = copier.target.finish(vec![upload]).await.expect("stored");
        Copying {
            copier,
            wrote: stored[0].info.clone(),
            digest: Sha256::digest(content).into(),
            _dirs: dirs,
        }
    }

    async fn verify(&self, wrote: &Info) -> Result<Info, Ended> {
        self.copier.verify(wrote, &self.wrote, &self.digest).await
    }

    async fn there(&self) -> Option<Listed> {
        let there = stat(&self.copier.target, &self.wrote.key).await;
        there.expect("a target")
    }
}

#[tokio::test]
async fn what_was_written_is_what_is_there() {
    for read_back in [false, true] {
        let copying = Copying::of(b"abc", read_back).await;
        let found = copying.verify(&copying.wrote).await.ok();
        assert_eq!(found, Some(copying.wrote.clone()));
    }
}

#[tokio::test]
async fn a_file_that_a_client_has_described_since_stays() {
    for read_back in [false, true] {
        let copying = Copying::of(b"abc", read_back).await;
        let amendment = Amendment {
            content_type: Some("text/csv".to_owned()),
            metadata: None,
        };
        let (key, unconditional) = (&copying.wrote.key, Conditions::default());
        let target = &copying.copier.target;
        let amended = target.amend(key, &Guard::Any, &unconditional, amendment);
        amended.await.expect("amended");

        let ended = copying.verify(&copying.wrote).await;
        assert!(matches!(ended, Err(Ended::TargetChanged)), "{read_back}");
        assert!(copying.there().await.is_some(), "{read_back}");
    }
}

#[tokio::test]
async fn a_file_that_the_target_has_stored_differently_is_removed() {
    let copying = Copying::of(b"abc", false).await;
    let wrote = Info {
        content_type: "text/csv".to_owned(),
        ..copying.wrote.clone()
    };
    let ended = copying.verify(&wrote).await;
    assert!(matches!(
        ended,
        Err(Ended::Failed(FileError::Described("type")))
    ));
    assert_eq!(copying.there().await, None);
}

#[tokio::test]
async fn a_file_whose_bytes_are_others_is_removed() {
    let mut copying = Copying::of(b"abc", true).await;
    copying.digest = Sha256::digest(b"abd").into();
    let ended = copying.verify(&copying.wrote).await;
    assert!(matches!(ended, Err(Ended::Failed(FileError::Mismatch))));
    assert_eq!(copying.there().await, None);
}
