//! Lists: [`Pages`] decides what to request, the requests are made here.

use coffer_port::object::pages::{Answer, Found, Step};
use coffer_port::object::{Pages, quoted, xml};
use coffer_port::{Entry, Error, Key, ListOptions, Listed, Listing};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::actions::list_objects_v2::ListObjectsContent;

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::object::timestamp;

/// One page, in one request unless it is long.
pub async fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let mut pages = Pages::new(options);
    loop {
        match pages.step() {
            Step::Done => return Ok(pages.into_listing()),
            Step::Probe {
                prefix,
                after,
                limit,
            } => {
                let answer = request(bucket, prefix, limit, |asked| {
                    asked.with_start_after(bucket.object(after));
                })
                .await?;
                pages.probed(&answer);
            }
            Step::Page {
                prefix,
                start_after,
                token,
                limit,
            } => {
                let answer = request(bucket, prefix, limit, |asked| {
                    if let Some(delimiter) = &options.delimiter {
                        asked.with_delimiter(delimiter.clone());
                    }
                    if let Some(token) = token {
                        asked.with_continuation_token(token.to_owned());
                    }
                    if let Some(start) = start_after {
                        asked.with_start_after(bucket.object(start));
                    }
                })
                .await?;
                pages.found(answer)?;
            }
        }
    }
}

async fn request(
    bucket: &Bucket,
    prefix: &str,
    most: usize,
    refine: impl FnOnce(&mut ListObjectsV2<'_>),
) -> Result<Answer, Failure> {
    let mut asked = ListObjectsV2::new(&bucket.0.address, Some(&bucket.0.credentials));
    asked.with_prefix(bucket.object(prefix));
    asked.with_max_keys(most);
    refine(&mut asked);
    let text = xml::Lenient::document(&Bucket::send(asked, vec![], &[]).await?.text()?);
    let answer = ListObjectsV2::parse_response(&text)
        .map_err(|error| Failure::Broken(format!("a malformed list: {error}")))?;
    let files = answer.contents.iter().filter_map(|found| {
        let name = xml::restored(&found.key);
        Some(file(found, name.strip_prefix(bucket.0.prefix.as_str())?))
    });
    let folders = answer.common_prefixes.iter().filter_map(|found| {
        let name = xml::restored(&found.prefix);
        Some(folder(name.strip_prefix(bucket.0.prefix.as_str())?))
    });
    let token = answer.next_continuation_token;
    Ok(Answer {
        files: files.collect(),
        folders: folders.collect(),
        token: token.map(|token| xml::restored(&token).into_owned()),
    })
}

fn file(object: &ListObjectsContent, name: &str) -> Found {
    let Ok(key) = Key::new(name) else {
        return Found::Other(name.as_bytes().to_vec());
    };
    Found::Entry(Entry::File(Listed {
        key,
        size: object.size.unwrap_or(0),
        etag: quoted(object.etag.as_deref().unwrap_or_default()),
        modified: timestamp(object.last_modified.as_deref()),
    }))
}

fn folder(name: &str) -> Found {
    match Key::can_start_with(name) {
        true => Found::Entry(Entry::Folder(name.to_owned())),
        false => Found::Other(name.as_bytes().to_vec()),
    }
}
