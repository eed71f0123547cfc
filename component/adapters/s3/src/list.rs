//! Lists, which S3 gives in the order of the names' UTF-8 bytes.

use coffer_port::key::{folder, is_key};
use coffer_port::{Entry, Error, ListOptions, Listed, Listing};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::actions::list_objects_v2::{ListObjectsContent, ListObjectsV2Response};

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::object::{quoted, timestamp};

/// One page, in one request unless it is a long one.
pub fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let limit = options.limit as usize;
    let (prefix, delimiter) = (options.prefix.as_str(), options.delimiter.as_deref());
    let after = options.after.as_deref().unwrap_or_default();
    let mut entries = Vec::new();
    if after > prefix && !after.starts_with(prefix) {
        return Ok(Listing {
            entries,
            more: false,
        });
    }
    let begun = folder(after, prefix, delimiter);
    // Services differ in whether a folder that is begun with still counts.
    if let Some(begun) = begun
        && begun != after
        && has_more(bucket, begun, after)?
    {
        entries.push(Entry::Folder(begun.to_owned()));
    }
    let start = match begun {
        // U+10FFFF is the last character.
        Some(begun) => format!("{begun}\u{10ffff}"),
        None if after.starts_with(prefix) => after.to_owned(),
        None => String::new(),
    };
    let mut token = None;
    loop {
        let answer = request(
            bucket,
            prefix,
            limit.saturating_sub(entries.len()).max(1),
            |asked| {
                if let Some(delimiter) = delimiter {
                    asked.with_delimiter(delimiter.to_owned());
                }
                match &token {
                    Some(token) => asked.with_continuation_token(String::clone(token)),
                    None if start.is_empty() => {}
                    None => asked.with_start_after(bucket.object(&start)),
                }
            },
        )?;
        let files = answer
            .contents
            .iter()
            .filter_map(|found| file(bucket, found));
        let folders = answer.common_prefixes.iter().filter_map(|found| {
            let name = found.prefix.strip_prefix(bucket.0.prefix.as_str())?;
            Some(Entry::Folder(name.to_owned()))
        });
        // For services that start a little too early.
        let seen = |name: &str| begun.is_some_and(|begun| name.starts_with(begun));
        let mut found: Vec<Entry> = files.chain(folders).collect();
        found.retain(|entry| name(entry) > after && !seen(name(entry)));
        found.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        entries.append(&mut found);
        token = answer.next_continuation_token;
        if entries.len() >= limit || token.is_none() {
            let more = token.is_some() || entries.len() > limit;
            entries.truncate(limit);
            return Ok(Listing { entries, more });
        }
    }
}

/// Whether there is a key in this folder behind one in it.
fn has_more(bucket: &Bucket, folder: &str, after: &str) -> Result<bool, Failure> {
    let answer = request(bucket, folder, 1, |asked| {
        asked.with_start_after(bucket.object(after));
    })?;
    Ok(!answer.contents.is_empty())
}

fn request(
    bucket: &Bucket,
    prefix: &str,
    most: usize,
    refine: impl FnOnce(&mut ListObjectsV2<'_>),
) -> Result<ListObjectsV2Response, Failure> {
    let mut asked = ListObjectsV2::new(&bucket.0.address, Some(&bucket.0.credentials));
    asked.with_prefix(bucket.object(prefix));
    asked.with_max_keys(most.min(1000));
    refine(&mut asked);
    let text = Bucket::send(asked, vec![], &[])?.text()?;
    ListObjectsV2::parse_response(&text)
        .map_err(|error| Failure::Broken(format!("an unreadable list: {error}")))
}

/// None for objects that others put there under names that are no keys.
fn file(bucket: &Bucket, object: &ListObjectsContent) -> Option<Entry> {
    let key = object.key.strip_prefix(bucket.0.prefix.as_str())?;
    is_key(key).then(|| {
        Entry::File(Listed {
            key: key.to_owned(),
            size: object.size.unwrap_or(0),
            etag: quoted(object.etag.as_deref().unwrap_or_default()),
            modified: timestamp(object.last_modified.as_deref()),
        })
    })
}

fn name(entry: &Entry) -> &str {
    match entry {
        Entry::File(listed) => &listed.key,
        Entry::Folder(folder) => folder,
    }
}
