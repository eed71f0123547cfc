//! Lists of a service that lists folder by folder, as SeaweedFS does: `x`, `x/y`, `x-z`,
//! although `-` sorts before `/`, and pages that begin behind `x` lack `x/y`.
//!
//! What a single folder contains does come in the order of names, page by page. So folders
//! are listed one by one, and each is held back until the names beside it sort behind it. A
//! folder that fits in one answer is one request. Memory is bounded: the deeper a level, the
//! less of it is read at once.

mod level;

use std::collections::HashSet;

use coffer_port::list::behind_all;
use coffer_port::object::pages::{Answer, Disorder};

use super::request::Request;
use crate::store::s3::bucket::Bucket;
use crate::store::{Entry, Error, Key, ListOptions, Listing};
use level::{Event, Level};

/// The most entries in one answer of a service.
const MOST: usize = 1000;
/// The most requests for one page.
const MOST_REQUESTS: usize = 10_000;

/// One page.
pub(super) async fn page(bucket: &Bucket, options: &ListOptions) -> Result<Listing, Error> {
    let folded = options.delimiter.as_deref() == Some("/");
    let mut walk = Walk::new(bucket, &options.prefix, options.start(), folded);
    let mut entries = Vec::new();
    while entries.len() <= options.limit
        && let Some(entry) = walk.next().await?
    {
        let folder = match &entry {
            Entry::File(listed) => options.folder_of(listed.key.as_str()),
            Entry::Folder(_) => None,
        };
        let folder = folder.map(str::to_owned);
        entries.push(match folder {
            None => entry,
            // By another delimiter.
            Some(folder) => {
                walk.go_to(behind_all(&folder));
                Entry::Folder(folder)
            }
        });
    }
    let more = entries.len() > options.limit;
    entries.truncate(options.limit);
    Ok(Listing { entries, more })
}

/// A way through the keys with a prefix, in the order of their bytes.
struct Walk<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    /// The least bytes that a key can have.
    start: Vec<u8>,
    /// Whether the folders behind the prefix are entries, rather than what they contain.
    folded: bool,
    begun: bool,
    /// The folders that are being listed, each within the one before.
    levels: Vec<Level>,
    /// Folders behind the prefix that are not empty.
    seen: HashSet<String>,
    requests: usize,
}

impl<'a> Walk<'a> {
    fn new(bucket: &'a Bucket, prefix: &'a str, start: Vec<u8>, folded: bool) -> Walk<'a> {
        Walk {
            bucket,
            prefix,
            start,
            folded,
            begun: false,
            levels: Vec::new(),
            seen: HashSet::new(),
            requests: 0,
        }
    }

    /// Goes on with the least key that is not below these bytes.
    fn go_to(&mut self, start: Vec<u8>) {
        self.start = start;
        self.levels.clear();
        self.begun = false;
    }

    async fn next(&mut self) -> Result<Option<Entry>, Error> {
        if !self.begun {
            self.begun = true;
            if Key::can_start_with(self.prefix) && !self.is_past(self.prefix) {
                self.enter(self.prefix.to_owned()).await?;
            }
        }
        loop {
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            match level.event() {
                Event::Unread => self.read_on().await?,
                Event::End => {
                    self.levels.pop();
                }
                Event::File(listed) => {
                    if listed.key.as_str().as_bytes() >= self.start.as_slice() {
                        return Ok(Some(Entry::File(listed)));
                    }
                }
                Event::Folder(folder) if self.is_past(&folder) => {}
                Event::Folder(folder) if !self.folded => self.enter(folder).await?,
                Event::Folder(folder) => {
                    if self.has_any(&folder).await? {
                        return Ok(Some(Entry::Folder(folder)));
                    }
                }
            }
        }
    }

    /// Whether all keys with this prefix are below the start.
    fn is_past(&self, prefix: &str) -> bool {
        !prefix.is_empty() && behind_all(prefix) <= self.start
    }

    /// Begins with the keys of this prefix: with all of them if they fit in one answer.
    async fn enter(&mut self, prefix: String) -> Result<(), Error> {
        let answer = self.send(Request::new(&prefix, MOST)).await?;
        if self.folded {
            let seen = answer.files.iter().filter_map(|found| {
                let name = std::str::from_utf8(found.name()).ok()?;
                let rest = name.strip_prefix(&prefix)?;
                Some(name[..=prefix.len() + rest.find('/')?].to_owned())
            });
            self.seen = seen.collect();
        }
        let level = match answer.token {
            None => Level::whole(prefix, answer, self.folded),
            Some(_) => Level::new(prefix, &self.start),
        };
        self.levels.push(level);
        Ok(())
    }

    async fn read_on(&mut self) -> Result<(), Error> {
        let depth = u32::try_from(self.levels.len()).unwrap_or(u32::MAX);
        let Some(mut level) = self.levels.pop() else {
            return Ok(());
        };
        let limit = MOST.checked_shr(depth - 1).unwrap_or(0).max(1);
        let answer = self.send(level.request(limit)).await?;
        level.read(answer)?;
        self.levels.push(level);
        Ok(())
    }

    /// Whether a folder has a key that is not below the start. The service keeps empty folders
    /// for some time.
    async fn has_any(&mut self, folder: &str) -> Result<bool, Error> {
        if self.start.as_slice() <= folder.as_bytes() && self.seen.contains(folder) {
            return Ok(true);
        }
        if self.start.as_slice() > folder.as_bytes() {
            let mut inside = Walk::new(self.bucket, folder, self.start.clone(), false);
            return Ok(Box::pin(inside.next()).await?.is_some());
        }
        let answer = self.send(Request::new(folder, 1)).await?;
        let mut names = answer.files.iter();
        Ok(names.any(|name| name.name().starts_with(folder.as_bytes())))
    }

    async fn send(&mut self, request: Request<'_>) -> Result<Answer, Error> {
        self.requests += 1;
        if self.requests > MOST_REQUESTS {
            return Err(Disorder::TooLong(MOST_REQUESTS).into());
        }
        Ok(request.send(self.bucket, true).await?)
    }
}
