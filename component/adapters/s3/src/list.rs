//! Lists: [`Pages`] decides what to request, the requests are made here.

use coffer_port::object::pages::Step;
use coffer_port::object::{Pages, quoted};
use coffer_port::{Entry, Error, Key, ListOptions, Listed, Listing};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::actions::list_objects_v2::{ListObjectsContent, ListObjectsV2Response};

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::object::timestamp;

/// One page, in one request unless it is long.
pub fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let mut pages = Pages::new(options);
    loop {
        match pages.step() {
            Step::Done => return Ok(pages.into_listing()),
            Step::Probe { prefix, after } => {
                let answer = request(bucket, prefix, 1, |asked| {
                    asked.with_start_after(bucket.object(after));
                })?;
                pages.probed(!answer.contents.is_empty());
            }
            Step::Page {
                start_after,
                token,
                limit,
            } => {
                let answer = request(bucket, &options.prefix, limit, |asked| {
                    if let Some(delimiter) = &options.delimiter {
                        asked.with_delimiter(delimiter.clone());
                    }
                    if let Some(token) = token {
                        asked.with_continuation_token(token.to_owned());
                    }
                    if let Some(start) = start_after {
                        asked.with_start_after(bucket.object(start));
                    }
                })?;
                let files = answer.contents.iter();
                let files = files.filter_map(|found| file(bucket, found));
                let folders = answer.common_prefixes.iter().filter_map(|found| {
                    let name = found.prefix.strip_prefix(bucket.0.prefix.as_str())?;
                    Some(Entry::Folder(name.to_owned()))
                });
                let found = files.chain(folders).collect();
                pages.found(found, answer.next_continuation_token);
            }
        }
    }
}

fn request(
    bucket: &Bucket,
    prefix: &str,
    most: usize,
    refine: impl FnOnce(&mut ListObjectsV2<'_>),
) -> Result<ListObjectsV2Response, Failure> {
    let mut asked = ListObjectsV2::new(&bucket.0.address, Some(&bucket.0.credentials));
    asked.with_prefix(bucket.object(prefix));
    asked.with_max_keys(most);
    refine(&mut asked);
    let text = Bucket::send(asked, vec![], &[])?.text()?;
    ListObjectsV2::parse_response(&text)
        .map_err(|error| Failure::Broken(format!("a malformed list: {error}")))
}

/// None for objects that others put there under names that are not keys.
fn file(bucket: &Bucket, object: &ListObjectsContent) -> Option<Entry> {
    let key = object.key.strip_prefix(bucket.0.prefix.as_str())?;
    Some(Entry::File(Listed {
        key: Key::new(key).ok()?,
        size: object.size.unwrap_or(0),
        etag: quoted(object.etag.as_deref().unwrap_or_default()),
        modified: timestamp(object.last_modified.as_deref()),
    }))
}
