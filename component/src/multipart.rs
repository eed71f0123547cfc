//! A form's parts, one after the other, out of a body that is pulled in chunks
//! (multipart/form-data: RFC 7578; RFC 2046, 5.1).
//!
//! multer finds the parts. It is made for streams that arrive by themselves and
//! keeps whatever is there, so this module rations what it gets: a chunk only when
//! it cannot go on without, and only so many bytes until something comes out.

mod header;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::stream;
use futures_util::stream::StreamExt;
use multer::{Field, Multipart};

use crate::disposition::FormData;
use crate::problem::Problem;
use header::Header;

/// How many bytes may stand before the first part, its header included.
const PREAMBLE: usize = 64 * 1024;

/// How many bytes a part's header may have.
const HEADER: usize = 16 * 1024;

/// How many bytes a part may have that nobody reads.
const UNREAD: usize = 1024 * 1024;

/// How many parts a form may have, files or not.
const PARTS: usize = 1000;

/// A form on its way in. Everything that is wrong with the form itself is a
/// [`Problem::InvalidMultipart`].
pub(crate) struct Form<'b> {
    parts: Multipart<'b>,
    /// The part that was opened last.
    open: Option<Field<'b>>,
    count: usize,
    ration: Arc<Ration>,
}

/// What multer may take of the body. Shared with the stream that it reads, which
/// has to be `Send`.
struct Ration {
    /// Whether it has said that it cannot go on with what it has.
    wanted: AtomicBool,
    /// How many bytes may still come before something has to come out; the chunk
    /// that uses it up may be longer.
    left: AtomicUsize,
}

impl<'b> Form<'b> {
    /// A form in a body of this `Content-Type`. Reads nothing yet.
    ///
    /// `source` gives the body's next chunk, `None` at its end, or the problem
    /// for which there is no more; the form passes that problem on.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] for another type than
    /// `multipart/form-data`.
    pub(crate) fn new(
        content_type: &[u8],
        mut source: impl FnMut() -> Result<Option<Bytes>, Problem> + Send + 'b,
    ) -> Result<Self, Problem> {
        let boundary = header::boundary(content_type)?;
        let ration = Arc::new(Ration {
            wanted: AtomicBool::new(false),
            left: AtomicUsize::new(PREAMBLE),
        });
        let granted = Arc::clone(&ration);
        let chunks = stream::poll_fn(move |_| {
            if !granted.wanted.swap(false, Relaxed) {
                return Poll::Pending;
            }
            let left = granted.left.load(Relaxed);
            if left == 0 {
                return Poll::Ready(Some(Err(malformed("too much of it belongs to no file"))));
            }
            let chunk = source();
            if let Ok(Some(chunk)) = &chunk {
                granted
                    .left
                    .store(left.saturating_sub(chunk.len()), Relaxed);
            }
            Poll::Ready(chunk.transpose())
        });
        let parts = Multipart::new(chunks, boundary);
        Ok(Self {
            parts,
            open: None,
            count: 0,
            ration,
        })
    }

    /// The next part; what was left of the last one is passed over. `None` says
    /// that the closing delimiter has come, and with it every part whole.
    pub(crate) fn next_part(&mut self) -> Result<Option<Part<'_, 'b>>, Problem> {
        if self.count > 0 {
            self.ration.grant(UNREAD);
            let mut passed = 0_usize;
            while let Some(chunk) = self.next_chunk()? {
                passed = passed.saturating_add(chunk.len());
                if passed > UNREAD {
                    return Err(malformed("too much of it belongs to no file"));
                }
            }
            self.ration.grant(HEADER);
        }
        self.open = None;
        let Some(field) = self
            .ration
            .drive(self.parts.next_field())
            .map_err(meaning)?
        else {
            return Ok(None);
        };
        self.count += 1;
        if self.count > PARTS {
            return Err(malformed("it has too many parts"));
        }
        let lines = field.headers().iter();
        let length: usize = lines
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if length > HEADER {
            return Err(malformed("a part's header is too long"));
        }
        let Header {
            disposition,
            content_type,
        } = Header::parse(field.headers())?;
        self.open = Some(field);
        Ok(Some(Part {
            form: self,
            disposition,
            content_type,
        }))
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(field) = &mut self.open else {
            return Ok(None);
        };
        // multer may say that a part goes on with nothing.
        while let Some(chunk) = self.ration.drive(field.next()) {
            let chunk = chunk.map_err(meaning)?;
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

impl Ration {
    fn grant(&self, bytes: usize) {
        self.left.store(bytes, Relaxed);
    }

    /// Runs a future of multer's, with a chunk whenever it waits for one.
    fn drive<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            self.wanted.store(true, Relaxed);
        }
    }
}

/// One part of a form, at the start of its content.
pub(crate) struct Part<'f, 'b> {
    form: &'f mut Form<'b>,
    /// What its Content-Disposition says.
    pub(crate) disposition: FormData,
    /// Its Content-Type, where it has one.
    pub(crate) content_type: Option<Vec<u8>>,
}

impl Part<'_, '_> {
    /// The next bytes of its content, never an empty chunk; `None` at its end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        self.form.ration.grant(usize::MAX);
        self.form.next_chunk()
    }

    /// The whole content of a text field of at most `limit` bytes; a longer one,
    /// or one that is not UTF-8, is refused.
    pub(crate) fn text(&mut self, limit: usize) -> Result<String, Problem> {
        let mut text = Vec::new();
        while let Some(chunk) = self.next_chunk()? {
            if chunk.len() > limit.saturating_sub(text.len()) {
                return Err(malformed("a text field is too long"));
            }
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| malformed("a text field is not UTF-8"))
    }
}

fn meaning(error: multer::Error) -> Problem {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Problem>() {
            Ok(problem) => *problem,
            Err(_) => malformed("it cannot be read"),
        },
        multer::Error::IncompleteStream | multer::Error::IncompleteFieldData { .. } => {
            malformed("it ends before its closing delimiter, or a delimiter is not one")
        }
        _ => malformed("a part's header cannot be read"),
    }
}

fn malformed(reason: &str) -> Problem {
    Problem::InvalidMultipart(format!("the form is malformed: {reason}"))
}

#[cfg(test)]
mod tests;
