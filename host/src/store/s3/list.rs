//! Lists, which S3 gives in the order of the names' UTF-8 bytes.

use std::borrow::Cow;

use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::types::{EncodingType, Object};
use percent_encoding::percent_decode_str;

use super::bucket::{Bucket, quoted, seconds};
use super::failure::Failure;
use crate::store::{Entry, Error, Key, ListOptions, Listed, Listing};

/// The most entries in one answer of the service.
const MOST: usize = 1000;

/// One page, in one request unless it is a long one.
pub(super) async fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let mut entries = Vec::new();
    let after = options.after.as_deref().unwrap_or_default();
    let folder = folder_of(options, after);
    if after > options.prefix.as_str() && !after.starts_with(&options.prefix) {
        return Ok(Listing {
            entries,
            more: false,
        });
    }
    // Services differ in whether a folder that is begun with still counts.
    if let Some(folder) = folder
        && folder != after
        && has_more(bucket, folder, after).await?
    {
        entries.push(Entry::Folder(folder.to_owned()));
    }
    let start = match folder {
        // U+10FFFF is the last character.
        Some(folder) => Some(format!("{folder}\u{10ffff}")),
        None if after.starts_with(&options.prefix) => Some(after.to_owned()),
        None => None,
    };
    let start = start.filter(|start| !start.is_empty());
    let mut token = None;
    loop {
        let wanted = options.limit.saturating_sub(entries.len()).clamp(1, MOST);
        let answer = request(bucket, &options.prefix, wanted)
            .set_delimiter(options.delimiter.clone())
            .set_start_after(match token {
                None => start.as_deref().map(|start| bucket.prefix.object(start)),
                Some(_) => None,
            })
            .set_continuation_token(token)
            .encoding_type(EncodingType::Url)
            .send()
            .await
            .map_err(Failure::from)?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let mut found = Vec::new();
        for object in answer.contents() {
            found.extend(file(bucket, object, encoded)?);
        }
        for folder in answer.common_prefixes() {
            let name = decoded(folder.prefix().unwrap_or_default(), encoded)?;
            let name = bucket.prefix.strip(&name);
            found.extend(name.map(|name| Entry::Folder(name.to_owned())));
        }
        // For services that start a little too early.
        let seen = |name: &str| folder.is_some_and(|folder| name.starts_with(folder));
        found.retain(|entry| name(entry) > after && !seen(name(entry)));
        found.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        entries.append(&mut found);
        token = answer.next_continuation_token;
        let more = answer.is_truncated == Some(true) && token.is_some();
        if entries.len() >= options.limit || !more {
            let more = more || entries.len() > options.limit;
            entries.truncate(options.limit);
            return Ok(Listing { entries, more });
        }
    }
}

fn request(bucket: &Bucket, prefix: &str, most: usize) -> ListObjectsV2FluentBuilder {
    bucket
        .client
        .list_objects_v2()
        .bucket(&bucket.name)
        .prefix(bucket.prefix.object(prefix))
        .max_keys(i32::try_from(most).unwrap_or(i32::MAX))
}

/// Whether there is a key in this folder behind one in it.
async fn has_more(bucket: &Bucket, folder: &str, after: &str) -> Result<bool, Error> {
    let answer = request(bucket, folder, 1)
        .start_after(bucket.prefix.object(after))
        .send()
        .await
        .map_err(Failure::from)?;
    Ok(!answer.contents().is_empty())
}

/// The folder of the list that a name lies in, or is.
fn folder_of<'a>(options: &ListOptions, name: &'a str) -> Option<&'a str> {
    let rest = name.strip_prefix(options.prefix.as_str())?;
    let delimiter = options.delimiter.as_deref()?;
    name.get(..options.prefix.len() + rest.find(delimiter)? + delimiter.len())
}

fn name(entry: &Entry) -> &str {
    match entry {
        Entry::File(listed) => listed.key.as_str(),
        Entry::Folder(folder) => folder,
    }
}

/// None for objects that others put there under names that are no keys.
fn file(bucket: &Bucket, object: &Object, encoded: bool) -> Result<Option<Entry>, Error> {
    let name = decoded(object.key().unwrap_or_default(), encoded)?;
    let Some(Ok(key)) = bucket.prefix.strip(&name).map(Key::new) else {
        return Ok(None);
    };
    let size = object.size().and_then(|size| u64::try_from(size).ok());
    Ok(Some(Entry::File(Listed {
        key,
        size: size.unwrap_or(0),
        etag: quoted(object.e_tag().unwrap_or_default()),
        modified: seconds(object.last_modified()),
    })))
}

/// Names come percent-encoded, because XML cannot carry all of them; some services
/// write a space as `+`, all of them a plus as `%2B`.
fn decoded(name: &str, encoded: bool) -> Result<Cow<'_, str>, Error> {
    if !encoded {
        return Ok(Cow::Borrowed(name));
    }
    let name = name.replace('+', " ");
    let text = percent_decode_str(&name).decode_utf8();
    text.map(|text| Cow::Owned(text.into_owned()))
        .map_err(|error| Error::Unavailable(Box::new(error)))
}
