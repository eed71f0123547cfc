//! A listing of a bucket, with common prefixes and pages as in S3.

use s3s::dto::{CommonPrefix, EncodingType, ListObjectsV2Input, ListObjectsV2Output};

use super::objects::Bucket;

pub(super) fn list(bucket: &Bucket, asked: &ListObjectsV2Input) -> ListObjectsV2Output {
    let prefix = asked.prefix.clone().unwrap_or_default();
    let after = asked
        .continuation_token
        .as_ref()
        .or(asked.start_after.as_ref());
    let after = after.cloned().unwrap_or_default();
    let limit = asked.max_keys.unwrap_or(1000).clamp(0, 1000) as usize;
    let (mut contents, mut folders) = (Vec::new(), Vec::<CommonPrefix>::new());
    let (mut last, mut folder, mut more) = (String::new(), None, false);
    for (key, object) in &bucket.objects {
        let in_last = folder
            .as_deref()
            .is_some_and(|folder: &str| key.starts_with(folder));
        if in_last {
            last.clone_from(key);
            continue;
        }
        if *key <= after || !key.starts_with(&prefix) {
            continue;
        }
        if contents.len() + folders.len() == limit {
            more = true;
            break;
        }
        last.clone_from(key);
        let rest = &key[prefix.len()..];
        let fold = asked
            .delimiter
            .as_deref()
            .and_then(|d| Some(rest.find(d)? + d.len()));
        if let Some(end) = fold {
            let name = &key[..prefix.len() + end];
            folder = Some(name.to_owned());
            let prefix = Some(url_encoded(name));
            folders.push(CommonPrefix { prefix });
        } else {
            contents.push(s3s::dto::Object {
                key: Some(url_encoded(key)),
                size: Some(object.bytes.len() as i64),
                e_tag: Some(object.etag()),
                last_modified: Some(object.last_modified()),
                ..Default::default()
            });
        }
    }
    ListObjectsV2Output {
        contents: Some(contents),
        common_prefixes: Some(folders),
        encoding_type: Some(EncodingType::from_static(EncodingType::URL)),
        is_truncated: Some(more),
        next_continuation_token: more.then_some(last),
        ..Default::default()
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
