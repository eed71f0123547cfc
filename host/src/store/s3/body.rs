//! The bytes of a download: exactly as many as announced, or an error.
//!
//! After a connection that breaks or stalls, the download is resumed on another one, as long
//! as the version still exists. The checksum of a whole file is verified here, across all
//! connections. The last bytes are held back until then and until the service's response has
//! ended cleanly; so a corrupted file never ends cleanly either.
//!
//! Of a large file, parts are fetched at the same time, in [`ahead`]. The response that the
//! download began with stays open behind them: once the version is replaced, only that one
//! still has its bytes.

mod ahead;
mod pace;
mod response;

use std::sync::Arc;

use bytes::Bytes;
use coffer_port::object::Range;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::bucket;
use super::budget::PART;
use super::checksum::{Checksum, Mismatch, Verifier};
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Error, Info};
use ahead::{Ahead, Ended, Part};
use pace::Pace;
use response::Response;

/// Max consecutive attempts without a byte received.
const FRUITLESS: u32 = 3;
/// After how many bytes of one response the reader's pace decides whether parts are fetched.
const MEASURED: u64 = 4 << 20;

struct Download {
    store: Arc<Shared>,
    info: Info,
    verifier: Option<Verifier>,
    source: Source,
    /// Offset up to which the source is read.
    until: u64,
    ahead: Ahead,
    /// A response that others have overtaken.
    behind: Option<Response>,
    /// Whether only that one still has the version.
    replaced: bool,
    /// Offset of the next byte in the file.
    offset: u64,
    end: u64,
    /// Held back until the response has ended cleanly.
    last: Option<Bytes>,
    fruitless: u32,
    pace: Arc<Pace>,
    /// Where the pace was last judged.
    judged: u64,
}

/// Where the next bytes come from.
enum Source {
    Response(Response),
    Part(Part),
    /// From a request that is still to be made.
    None,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

pub(super) fn stream(
    store: Arc<Shared>,
    got: bucket::Bytes,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let end = got.offset + got.length;
    // In a box, since the stream moves it with each piece.
    let download = Box::new(Download {
        store,
        info: got.object.info.clone(),
        verifier: got.checksum.clone().map(Checksum::verifier),
        until: end,
        ahead: Ahead::default(),
        behind: None,
        replaced: false,
        offset: got.offset,
        end,
        last: None,
        fruitless: 0,
        pace: Arc::default(),
        judged: got.offset,
        source: Source::Response(Response::new(got)),
    });
    stream::try_unfold(download, |mut download| async move {
        download.pace.asked();
        let next = download.next().await?;
        download.pace.answered();
        Ok(next.map(|bytes| (bytes, download)))
    })
    .boxed()
}

impl Download {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let next = match &mut self.source {
                Source::Response(response) => response.next(self.offset).await,
                Source::Part(part) => match part.next().await {
                    Some(Err(Ended::GivenUp)) => {
                        self.stop_reading_ahead();
                        continue;
                    }
                    Some(Err(Ended::Failed(error))) => Some(Err(error)),
                    Some(Ok(bytes)) => Some(Ok(bytes)),
                    None => None,
                },
                Source::None => {
                    self.go_on().await?;
                    continue;
                }
            };
            match next {
                Some(Ok(bytes)) => {
                    if let Some(bytes) = self.accept(bytes)? {
                        return Ok(Some(bytes));
                    }
                }
                None if self.offset == self.end => return self.finish(),
                Some(Err(error)) if self.offset == self.end => return Err(error),
                Some(Err(error)) => self.retry(Box::new(error))?,
                None => self.retry("the response ended early".into())?,
            }
        }
    }

    /// Returns the bytes if they may be passed on.
    fn accept(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>, Error> {
        let room = usize::try_from(self.until - self.offset).unwrap_or(usize::MAX);
        if bytes.len() > room {
            match &mut self.source {
                Source::Response(response) if self.until < self.end => {
                    response.put_back(bytes.split_off(room));
                }
                _ => return Err(Error::unavailable("received more bytes than announced")),
            }
        }
        self.offset += bytes.len() as u64;
        self.fruitless = 0;
        if let Some(verifier) = &mut self.verifier {
            verifier.update(&bytes);
        }
        if self.offset == self.end {
            self.last = Some(bytes);
            return Ok(None);
        }
        if self.offset == self.until {
            self.turn();
        } else if self.until == self.end && self.offset - self.judged >= MEASURED {
            self.judge();
        }
        Ok(Some(bytes))
    }

    /// All bytes have come.
    fn finish(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(verifier) = self.verifier.take()
            && let Err(mismatch) = verifier.verify()
        {
            return Err(self.damaged(mismatch));
        }
        Ok(self.last.take())
    }

    fn damaged(&self, mismatch: Mismatch) -> Error {
        self.store.count_mismatch();
        Error::unavailable(mismatch)
    }

    /// Begins to read ahead of a response if its reader could read faster.
    fn judge(&mut self) {
        let read = self.offset - self.judged;
        self.judged = self.offset;
        let cut = self.offset.next_multiple_of(PART as u64);
        let measured = self.pace.measured();
        let worthwhile = measured.kept_up(read) && measured.was_held_up(read);
        if worthwhile && cut + (PART as u64) < self.end {
            self.read_ahead_from(cut);
        }
        if !self.ahead.is_empty() {
            self.until = cut;
        }
    }

    fn read_ahead_from(&mut self, start: u64) {
        if !self.replaced {
            let rest = (start, self.end);
            self.ahead.fill(&self.store, &self.info, rest, &self.pace);
        }
    }

    /// Leaves the source for the next part.
    fn turn(&mut self) {
        let read = self.offset - self.judged;
        self.judged = self.offset;
        let part = self.ahead.pop();
        self.until = part.as_ref().map_or(self.end, |part| part.end);
        let left = std::mem::replace(&mut self.source, part.map_or(Source::None, Source::Part));
        if let Source::Response(response) = left
            && response.end() == self.end
        {
            self.behind = Some(response);
        }
        if self.pace.measured().kept_up(read) {
            self.read_ahead_from(self.until);
        }
    }

    /// Continues with one response to the end.
    fn stop_reading_ahead(&mut self) {
        self.ahead.clear();
        self.until = self.end;
        self.source = Source::None;
    }

    fn retry(&mut self, cause: Cause) -> Result<(), Error> {
        self.fruitless += 1;
        if self.fruitless > FRUITLESS {
            return Err(Error::Unavailable(cause));
        }
        tracing::debug!(%cause, left = self.end - self.offset, "resuming an interrupted download");
        self.source = Source::None;
        Ok(())
    }

    /// Requests the bytes up to the next part that is being fetched.
    async fn go_on(&mut self) -> Result<(), Error> {
        let range = Range::between(self.offset, self.until);
        let failure = match self.store.bucket.get_version(&self.info, range).await {
            Ok(got) if got.is_of(&self.info, self.offset, self.until) => {
                self.source = Source::Response(Response::new(got));
                return Ok(());
            }
            Ok(_) => Error::unavailable("the version was replaced during the download"),
            Err(failure @ (S3Failure::Precondition | S3Failure::NotFound)) => failure.into(),
            Err(failure) => return Err(failure.into()),
        };
        let Some(response) = self.behind.take() else {
            return Err(failure);
        };
        self.replaced = true;
        self.stop_reading_ahead();
        self.source = Source::Response(response);
        Ok(())
    }
}
