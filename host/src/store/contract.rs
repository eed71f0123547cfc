//! The contract of a [`BlobStore`](super::BlobStore) as tests that any engine can run.
//!
//! An engine's own tests call `contract!(crate::path::to::make)`, where
//! `async fn make() -> (Arc<dyn BlobStore>, impl Send)` returns an empty store and
//! whatever must outlive it, and get one named test for each behaviour.

pub(crate) mod conditions;
pub(crate) mod guards;
pub(crate) mod lists;
pub(crate) mod races;
pub(crate) mod uploads;
pub(crate) mod versions;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{
    BlobStore, Conditions, CreateOptions, Error, Guard, Key, Metadata, OpenOptions, Opened, Span,
    Stored, Upload,
};

/// Generates a test for every behaviour; one that is not listed here is dead code.
macro_rules! contract {
    ($make:path) => {
        $crate::store::contract::contract! { $make =>
            versions:
                a_file_of_any_size_is_read_back_byte_for_byte,
                nothing_is_visible_before_finish,
                a_dropped_upload_leaves_what_was_there,
                a_reader_keeps_the_version_it_opened,
                readers_see_whole_versions_while_others_write,
                other_bytes_have_another_tag_and_never_an_earlier_time,
                content_type_and_uploader_are_kept,
                a_removed_file_is_gone,
                every_name_is_its_own_file,
                a_span_gives_exactly_its_bytes;
            uploads:
                the_largest_size_is_exact,
                a_digest_is_verified_before_anything_is_visible,
                a_batch_is_published_whole_or_not_at_all,
                a_batch_of_many_files_is_published,
                an_empty_batch_stores_nothing;
            guards:
                guards_say_who_may_store_and_remove,
                a_read_guard_hides_everything_but_that_a_file_exists;
            conditions:
                conditions_hold_for_every_operation,
                conditions_come_before_the_span_and_after_the_guard;
            races:
                changes_since_create_count,
                of_many_creators_exactly_one_wins,
                of_many_replacers_of_one_version_exactly_one_wins;
            lists:
                a_page_is_what_a_linear_scan_finds,
                pages_of_many_keys_join_without_gap_or_repetition,
                a_walk_reports_every_lasting_key_once_while_others_come_and_go;
        }
    };
    ($make:path => $($module:ident: $($behaviour:ident),+;)+) => {
        $(mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let (store, _keep) = $make().await;
                    $crate::store::contract::$module::$behaviour(store).await;
                }
            )+
        })+
    };
}
pub(crate) use contract;

type Store = Arc<dyn BlobStore>;

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

/// Options that allow everything.
fn freely() -> CreateOptions {
    CreateOptions {
        content_type: "application/octet-stream".into(),
        uploader: None,
        metadata: Metadata::default(),
        may_create: true,
        may_replace: Guard::Any,
        conditions: Conditions::default(),
        max_size: u64::MAX,
        announced: None,
        sha256: None,
    }
}

/// An upload that has received these bytes.
async fn upload(
    store: &Store,
    name: &str,
    options: CreateOptions,
    content: &[u8],
) -> Result<Box<dyn Upload>, Error> {
    let mut upload = store.create(key(name), options).await?;
    upload.write(Bytes::copy_from_slice(content)).await?;
    Ok(upload)
}

async fn put_with(
    store: &Store,
    name: &str,
    options: CreateOptions,
    content: &[u8],
) -> Result<Stored, Error> {
    let upload = upload(store, name, options, content).await?;
    let mut stored = store.finish(vec![upload]).await.map_err(|r| r.error)?;
    assert_eq!(stored.len(), 1);
    Ok(stored.remove(0))
}

async fn put(store: &Store, name: &str, content: &[u8]) -> Stored {
    put_with(store, name, freely(), content)
        .await
        .expect("stored")
}

async fn remove(store: &Store, name: &str) -> Result<(), Error> {
    store
        .remove(&key(name), &Guard::Any, &Conditions::default())
        .await
}

async fn open(store: &Store, name: &str, span: Span) -> Result<Opened, Error> {
    let options = OpenOptions {
        span,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    store.open(&key(name), options).await
}

/// The whole body, which must be as long as announced.
async fn content(opened: Opened) -> Vec<u8> {
    let chunks: Vec<Bytes> = opened
        .body
        .here()
        .try_collect()
        .await
        .expect("a whole body");
    let content = chunks.concat();
    assert_eq!(content.len() as u64, opened.length);
    content
}

/// What is stored under a name, if anything is.
async fn read(store: &Store, name: &str) -> Option<Vec<u8>> {
    match open(store, name, Span::All).await {
        Ok(opened) => Some(content(opened).await),
        Err(Error::NotFound) => None,
        Err(error) => panic!("{name}: {error:?}"),
    }
}

/// The verdict of a failed precondition.
const FAILED: &str = "PreconditionFailed";

/// The outcome of a call, for tables.
fn verdict<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(Error::NotModified(_)) => "NotModified".into(),
        Err(error) => format!("{error:?}"),
    }
}

/// Pseudorandom bytes without repeating stretches, the same for the same seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        // Xorshift, by Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
