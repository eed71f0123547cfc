//! The contract of a [`BlobStore`](super::BlobStore) as tests that any engine can run.
//!
//! An engine's own tests call `contract!(crate::path::to::make)`, where
//! `async fn make() -> (Arc<dyn BlobStore>, impl Send)` returns an empty store and
//! whatever must outlive it, and get one named test for each behaviour. One with resumable
//! uploads calls `resumable_contract!` too.

pub(crate) mod amendments;
pub(crate) mod conditions;
pub(crate) mod copies;
pub(crate) mod copy_guards;
pub(crate) mod copy_races;
pub(crate) mod finishing;
pub(crate) mod guards;
pub(crate) mod lists;
pub(crate) mod many;
pub(crate) mod metadata;
pub(crate) mod moves;
pub(crate) mod races;
pub(crate) mod resumable;
pub(crate) mod turns;
pub(crate) mod unfinished;
pub(crate) mod uploads;
pub(crate) mod versions;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;

use super::{
    BlobStore, Conditions, Copy, CopyError, CreateOptions, Error, Guard, Info, Key, Metadata,
    OpenOptions, Opened, Span, Stored, Upload,
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
            metadata:
                metadata_is_kept_as_given,
                a_new_version_has_only_its_own_metadata;
            amendments:
                an_amendment_changes_what_it_names_and_no_byte,
                guards_and_conditions_hold_for_an_amendment,
                an_amended_file_and_its_copies_do_not_share_their_description;
            copies:
                a_copy_has_the_bytes_of_its_source_and_a_description_of_its_own,
                a_target_with_the_same_bytes_counts_as_the_copy_if_that_is_wanted,
                a_source_and_its_copies_outlive_each_other;
            copy_guards:
                a_copy_is_of_the_very_version_that_was_named,
                guards_and_conditions_hold_for_the_target_of_a_copy,
                the_source_is_judged_before_the_target;
            moves:
                a_move_leaves_the_file_under_its_new_name_alone,
                a_move_that_is_refused_changes_nothing,
                a_move_is_completed_where_the_target_is_already_the_same;
            copy_races:
                copies_of_a_file_that_others_remove_are_whole_or_refused,
                of_two_moves_of_one_file_one_wins_and_no_bytes_are_lost;
            many:
                files_are_described_each_by_itself,
                files_are_removed_each_by_itself,
                files_are_copied_each_by_itself,
                a_thousand_files_are_copied_described_and_removed_in_a_call_each;
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

/// The same for every behaviour of a [`Resumable`](super::Resumable).
macro_rules! resumable_contract {
    ($make:path) => {
        $crate::store::contract::contract! { $make =>
            resumable:
                what_it_began_with_is_known,
                it_is_known_how_far_it_is,
                nothing_is_visible_before_it_is_finished,
                uploads_of_one_key_do_not_touch_each_other,
                an_id_that_nobody_gave_is_not_found;
            turns:
                an_upload_in_several_turns_is_byte_for_byte,
                many_short_turns_of_many_short_writes_are_byte_for_byte,
                a_turn_excludes_others_until_it_ends,
                of_many_turns_at_once_exactly_one_goes_on,
                of_many_appends_at_once_none_is_mixed_with_another,
                a_dropped_turn_keeps_nothing,
                a_turn_that_was_sent_too_much_keeps_what_came_before,
                the_largest_size_of_all_turns_is_exact,
                a_length_may_be_said_late,
                a_turn_is_held_to_its_digest;
            finishing:
                a_finished_upload_is_a_file_as_after_a_put,
                a_finished_upload_is_remembered_and_takes_no_more_turns,
                what_is_refused_already_is_refused_at_the_beginning,
                guards_and_conditions_are_weighed_anew_at_the_end,
                a_version_is_replaced_only_while_it_is_there,
                of_many_uploads_of_a_new_file_exactly_one_wins;
            unfinished:
                a_discarded_upload_is_gone,
                a_turn_of_a_discarded_upload_fails,
                discarding_a_finished_upload_leaves_its_file,
                an_upload_that_is_discarded_while_it_ends_is_a_whole_file_or_none,
                an_owner_has_only_so_many_unfinished_uploads,
                an_expired_upload_is_gone_and_does_not_count,
                a_turn_that_outlives_its_upload_keeps_nothing,
                a_finished_upload_expires_and_its_file_stays;
        }
    };
}
pub(crate) use resumable_contract;

type Store = Arc<dyn BlobStore>;

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

/// Options that allow everything.
pub(crate) fn freely() -> CreateOptions {
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

/// What is stored beside the bytes of a file that exists.
async fn describe(store: &Store, name: &str) -> Info {
    let described = store
        .stat(&key(name), &Guard::Any, &Conditions::default())
        .await;
    described.expect("a file")
}

/// A copy of this version that everything allows.
pub(crate) fn copying(from: &str, etag: &str, to: &str) -> Copy {
    Copy {
        from: key(from),
        etag: etag.into(),
        may_read: Guard::Any,
        may_remove: None,
        to: key(to),
        options: freely(),
        or_same: false,
    }
}

/// The same as a move.
fn moving(from: &str, etag: &str, to: &str) -> Copy {
    Copy {
        may_remove: Some(Guard::Any),
        ..copying(from, etag, to)
    }
}

async fn copy(store: &Store, copy: Copy) -> Result<Stored, CopyError> {
    let mut outcomes = store.copy(vec![copy]).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// The outcome of a copy, for tables.
fn copied<T>(result: Result<T, CopyError>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(CopyError::Source(error)) => format!("source {error:?}"),
        Err(CopyError::Target(error)) => format!("target {error:?}"),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Metadata {
    let owned = pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Metadata::new(owned.collect()).expect("metadata")
}

/// Options that allow everything, for a file of this uploader.
fn by(uploader: &str) -> CreateOptions {
    CreateOptions {
        uploader: Some(uploader.into()),
        ..freely()
    }
}

/// The files of this uploader.
fn of(uploader: &str) -> Guard {
    Guard::Uploader(uploader.into())
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
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
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
