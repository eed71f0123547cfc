//! One request for a list, and its answer in the port's terms.

use aws_sdk_s3::types::{EncodingType, Object};
use coffer_port::object::pages::{Answer, Disorder, Found};
use coffer_port::object::{quoted, xml};
use percent_encoding::percent_decode_str;

use crate::store::s3::bucket::{Bucket, seconds};
use crate::store::s3::failure::S3Failure;
use crate::store::s3::xml::LenientXml;
use crate::store::{Entry, Key, Listed};

/// Below this the engine has objects of its own, which are nobody's files.
const OWN: &[u8] = b".coffer/";

/// What to list.
pub(super) struct Request<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    pub(super) start_after: Option<&'a str>,
    pub(super) token: Option<&'a str>,
    pub(super) limit: usize,
}

impl<'a> Request<'a> {
    /// From the first name with this prefix.
    pub(super) fn new(prefix: &'a str, limit: usize) -> Request<'a> {
        Request {
            prefix,
            delimiter: None,
            start_after: None,
            token: None,
            limit,
        }
    }

    /// Sends it. Names outside the store's prefix are left out. The engine's own count as those of
    /// others, unless just these are asked for.
    pub(super) async fn send(self, bucket: &Bucket, encoded: bool) -> Result<Answer, S3Failure> {
        let object = |name: &str| bucket.prefix.object(name);
        let answer = bucket
            .client
            .list_objects_v2()
            .bucket(&bucket.name)
            .prefix(object(self.prefix))
            .set_delimiter(self.delimiter.map(str::to_owned))
            .set_start_after(self.start_after.map(object))
            .set_continuation_token(self.token.map(str::to_owned))
            .set_encoding_type(encoded.then_some(EncodingType::Url))
            .max_keys(i32::try_from(self.limit).unwrap_or(i32::MAX))
            .customize()
            .interceptor(LenientXml)
            .send()
            .await?;
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let token = answer.next_continuation_token();
        let token = token.filter(|token| !token.is_empty());
        if answer.is_truncated == Some(true) && token.is_none() {
            return Err(S3Failure::Other(Disorder::NoToken.into()));
        }
        let own = |name: Option<&str>| {
            let name = decoded(name.unwrap_or_default(), encoded);
            bucket.prefix.strip(&name).map(<[u8]>::to_vec)
        };
        let hides_own = !self.prefix.as_bytes().starts_with(OWN);
        let visible = |name: Vec<u8>, found: &dyn Fn(Vec<u8>) -> Found| match hides_own
            && name.starts_with(OWN)
        {
            true => Found::Other(name),
            false => found(name),
        };
        let files = answer.contents().iter().filter_map(|object| {
            let name = own(object.key())?;
            Some(visible(name, &|name| file(object, name)))
        });
        let folders = answer.common_prefixes().iter();
        let folders = folders.filter_map(|folder| Some(visible(own(folder.prefix())?, &folder_of)));
        Ok(Answer {
            files: files.collect(),
            folders: folders.collect(),
            token: match answer.is_truncated {
                Some(true) => token.map(|token| xml::restored(token).into_owned()),
                _ => None,
            },
        })
    }
}

fn file(object: &Object, name: Vec<u8>) -> Found {
    let text = std::str::from_utf8(&name).ok();
    let Some(Ok(key)) = text.map(Key::new) else {
        return Found::Other(name);
    };
    let size = object.size().and_then(|size| u64::try_from(size).ok());
    Found::Entry(Entry::File(Listed {
        key,
        size: size.unwrap_or(0),
        etag: quoted(object.e_tag().unwrap_or_default()),
        modified: seconds(object.last_modified()),
    }))
}

fn folder_of(name: Vec<u8>) -> Found {
    match String::from_utf8(name) {
        Ok(name) if Key::can_start_with(&name) => Found::Entry(Entry::Folder(name)),
        Ok(name) => Found::Other(name.into_bytes()),
        Err(error) => Found::Other(error.into_bytes()),
    }
}

/// A name's bytes. Names are percent-encoded where the service can be asked for it; some
/// services write a space as `+`, and all of them write a plus as `%2B`.
pub(in crate::store::s3) fn decoded(name: &str, encoded: bool) -> Vec<u8> {
    let name = xml::restored(name);
    match encoded {
        true => {
            let name = name.replace('+', " ");
            percent_decode_str(&name).collect()
        }
        false => name.into_owned().into_bytes(),
    }
}
