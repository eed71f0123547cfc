//! Lists: [`Pages`] decides what to request, the requests are made here.

use std::borrow::Cow;

use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::types::{EncodingType, Object};
use coffer_port::object::pages::Step;
use coffer_port::object::{Pages, quoted};
use percent_encoding::percent_decode_str;

use super::bucket::{Bucket, seconds};
use super::failure::S3Failure;
use crate::store::{Entry, Error, Key, ListOptions, Listed, Listing};

/// One page, in one request unless it is long.
pub(super) async fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let mut pages = Pages::new(options);
    loop {
        match pages.step() {
            Step::Done => return Ok(pages.into_listing()),
            Step::Probe { prefix, after } => {
                let answer = request(bucket, prefix, 1)
                    .start_after(bucket.prefix.object(after))
                    .send()
                    .await
                    .map_err(S3Failure::from)?;
                pages.probed(!answer.contents().is_empty());
            }
            Step::Page {
                start_after,
                token,
                limit,
            } => {
                let answer = request(bucket, &options.prefix, limit)
                    .set_delimiter(options.delimiter.clone())
                    .set_start_after(start_after.map(|start| bucket.prefix.object(start)))
                    .set_continuation_token(token.map(str::to_owned))
                    .encoding_type(EncodingType::Url)
                    .send()
                    .await
                    .map_err(S3Failure::from)?;
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
                let more = answer.is_truncated == Some(true);
                pages.found(found, answer.next_continuation_token.filter(|_| more));
            }
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

/// None for objects that others put there under names that are not keys.
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

/// Names are percent-encoded, because XML cannot carry all of them; some services write a
/// space as `+`, and all of them write a plus as `%2B`.
fn decoded(name: &str, encoded: bool) -> Result<Cow<'_, str>, Error> {
    if !encoded {
        return Ok(Cow::Borrowed(name));
    }
    let name = name.replace('+', " ");
    let text = percent_decode_str(&name).decode_utf8();
    text.map(|text| Cow::Owned(text.into_owned()))
        .map_err(|error| Error::Unavailable(Box::new(error)))
}
