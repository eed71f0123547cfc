//! Lists: [`Pages`] decides what to request where the service lists in the order of bytes,
//! [`folders`] where it lists folder by folder.

mod folders;
mod probe;
mod request;

use coffer_port::object::Pages;
use coffer_port::object::pages::Step;

use super::bucket::Bucket;
use crate::store::{Error, ListOptions, Listing};
use request::Request;

pub(super) use probe::probe;
pub(super) use request::decoded;

/// How the service's lists have to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lists {
    /// What names are sorted by.
    pub(super) order: Order,
    /// Whether to ask for percent-encoded names.
    pub(super) encoded: bool,
}

/// What a service sorts names by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Their bytes.
    Bytes,
    /// Folder by folder: `x/y` comes before `x-z`.
    Folders,
    /// Something else, or its pages do not join. Lists that show it fail.
    Unknown,
}

impl Default for Lists {
    fn default() -> Lists {
        Lists {
            order: Order::Bytes,
            encoded: true,
        }
    }
}

impl Lists {
    /// What an operator should know, as one line.
    pub(super) fn notice(self) -> Option<&'static str> {
        match self.order {
            Order::Bytes => None,
            Order::Folders => Some(
                "the S3 service lists folder by folder rather than in the order of names: lists \
                 are put in order here and take more requests",
            ),
            Order::Unknown => Some(
                "the S3 service lists names out of order or loses some between pages: lists that \
                 show it fail, and others may lack names",
            ),
        }
    }
}

/// One page, in one request unless it is long.
pub(super) async fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    page_as(bucket, bucket.lists, options).await
}

async fn page_as(bucket: &Bucket, lists: Lists, options: &ListOptions) -> Result<Listing, Error> {
    if lists.order == Order::Folders {
        return folders::page(bucket, options).await;
    }
    let mut pages = Pages::new(options);
    loop {
        match pages.step() {
            Step::Done => return Ok(pages.into_listing()),
            Step::Probe {
                prefix,
                after,
                limit,
            } => {
                let request = Request {
                    start_after: Some(after),
                    ..Request::new(prefix, limit)
                };
                let answer = request.send(bucket, lists.encoded).await?;
                pages.probed(&answer);
            }
            Step::Page {
                prefix,
                start_after,
                token,
                limit,
            } => {
                let request = Request {
                    delimiter: options.delimiter.as_deref(),
                    start_after,
                    token,
                    ..Request::new(prefix, limit)
                };
                let answer = request.send(bucket, lists.encoded).await?;
                pages.found(answer)?;
            }
        }
    }
}
