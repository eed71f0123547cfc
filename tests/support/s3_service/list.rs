//! A listing of a bucket, with common prefixes and pages as in S3, or as services differ.

use std::cmp::Ordering;

use s3s::dto::{CommonPrefix, EncodingType, ListObjectsV2Input, ListObjectsV2Output};
use s3s::{S3Result, s3_error};

use super::knows::{Lists, Sorting};
use super::objects::Bucket;

pub(super) fn list(
    bucket: &Bucket,
    asked: &ListObjectsV2Input,
    lists: Lists,
) -> S3Result<ListObjectsV2Output> {
    let mut prefix = asked.prefix.clone().unwrap_or_default();
    if lists.last_prefix_fails && prefix.ends_with('\u{10ffff}') {
        return Err(s3_error!(ServiceUnavailable));
    }
    if lists.order == Sorting::Folders {
        prefix = prefix.replace("//", "/");
    }
    let encoded = asked.encoding_type.is_some();
    let start = Start::new(asked, &prefix, lists, encoded);
    let limit = asked.max_keys.unwrap_or(1000).clamp(0, 1000) as usize;
    let mut keys: Vec<&String> = bucket.objects.keys().collect();
    keys.sort_by(|a, b| lists.order.compare(a, b));
    let (mut contents, mut folders) = (Vec::new(), Vec::<CommonPrefix>::new());
    let (mut last, mut folder, mut next) = (String::new(), None::<&str>, None);
    let mut siblings = Siblings::new(lists);
    for key in keys {
        if folder.is_some_and(|folder| key.starts_with(folder)) {
            last.clone_from(key);
            continue;
        }
        if start.is_before(key) || !key.starts_with(&prefix) {
            continue;
        }
        let rest = &key[prefix.len()..];
        let delimiter = asked.delimiter.as_deref();
        let fold = delimiter.and_then(|d| Some(prefix.len() + rest.find(d)? + d.len()));
        let name = &key[..fold.unwrap_or(key.len())];
        if !siblings.count(name, limit) {
            next = Some(key);
            break;
        }
        last.clone_from(key);
        if fold.is_some() {
            folder = Some(name);
            let prefix = Some(written(name, encoded));
            folders.push(CommonPrefix { prefix });
        } else if let Some(object) = bucket.objects.get(key) {
            contents.push(s3s::dto::Object {
                key: Some(written(key, encoded)),
                size: Some(object.bytes.len() as i64),
                e_tag: Some(object.etag()),
                last_modified: Some(object.last_modified()),
                ..Default::default()
            });
        }
    }
    let token = |next: &String| match (lists.compares_encoded, folder) {
        (true, _) => next.clone(),
        (false, Some(folder)) if lists.order == Sorting::Folders => folder.to_owned(),
        (false, _) => last.clone(),
    };
    Ok(ListObjectsV2Output {
        contents: Some(contents),
        common_prefixes: Some(folders),
        encoding_type: encoded.then(|| EncodingType::from_static(EncodingType::URL)),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next.map(token),
        start_after: asked.start_after.clone(),
        ..Default::default()
    })
}

/// Where an answer begins.
struct Start<'a> {
    after: Option<&'a str>,
    /// The folder that goes with it, where the order is that of folders.
    folder: &'a str,
    /// Whether what it begins at is its first name.
    inclusive: bool,
    encoded: bool,
    order: Sorting,
}

impl<'a> Start<'a> {
    fn new(asked: &'a ListObjectsV2Input, prefix: &str, lists: Lists, encoded: bool) -> Start<'a> {
        let token = asked.continuation_token.as_deref();
        let after = token.or(asked.start_after.as_deref());
        let mut folder = after.unwrap_or_default();
        if asked.delimiter.is_some() {
            // The name beside the others.
            let from = prefix.rfind('/').map_or(0, |slash| slash + 1);
            let rest = folder.get(from..).and_then(|rest| rest.find('/'));
            folder = &folder[..rest.map_or(folder.len(), |length| from + length)];
        }
        Start {
            after,
            folder: folder.trim_end_matches('/'),
            inclusive: lists.compares_encoded && token.is_some(),
            encoded: lists.compares_encoded && encoded,
            order: lists.order,
        }
    }

    fn is_before(&self, key: &str) -> bool {
        let Some(after) = self.after else {
            return false;
        };
        let compared = match self.encoded {
            true => url_encoded(key).as_str().cmp(after),
            false => self.order.compare(key, after),
        };
        let before = match self.inclusive {
            true => compared == Ordering::Less,
            false => compared != Ordering::Greater,
        };
        let inside = || key.strip_prefix(self.folder)?.strip_prefix('/');
        before || (self.order == Sorting::Folders && inside().is_some())
    }
}

/// Entries of an answer, of which a file and a folder of one name may count as one.
struct Siblings {
    together: bool,
    count: usize,
    last: String,
}

impl Siblings {
    fn new(lists: Lists) -> Siblings {
        Siblings {
            together: lists.order == Sorting::Folders,
            count: 0,
            last: String::new(),
        }
    }

    /// Counts one more, if there is room.
    fn count(&mut self, name: &str, limit: usize) -> bool {
        let name = name.trim_end_matches('/');
        if self.together && self.count > 0 && self.last == name {
            return true;
        }
        name.clone_into(&mut self.last);
        self.count += 1;
        self.count <= limit
    }
}

impl Sorting {
    fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Sorting::Bytes => a.cmp(b),
            Sorting::Backwards => b.cmp(a),
            Sorting::Folders => a.split('/').cmp(b.split('/')),
        }
    }
}

/// A name as an answer has it.
pub(super) fn written(name: &str, encoded: bool) -> String {
    match encoded {
        true => url_encoded(name),
        false => name.to_owned(),
    }
}

fn url_encoded(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
