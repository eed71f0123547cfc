//! A form's parts, one after another, from a body that is read in chunks
//! (multipart/form-data: RFC 7578; RFC 2046, 5.1).
//!
//! No crate is used, because those that exist keep only one of two header lines with the
//! same name, so that two readers of a form could disagree about it.
//! Memory holds at most one chunk of the body and one part's header.

mod disposition;
mod header;

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use memchr::{memmem, memrchr};

use crate::problem::Problem;
pub(crate) use disposition::{Filename, FormData};
use header::PartHeader;

/// How many bytes may precede the first part.
const PREAMBLE: usize = 64 * 1024;

/// How many bytes a part's header may have, including the rest of the delimiter's line.
const HEADER: usize = 16 * 1024;

/// How many bytes an unread part may have.
const UNREAD: usize = 1024 * 1024;

/// How many parts a form may have, files or not.
const PARTS: usize = 1000;

const LINE_END: &[u8] = b"\r\n";
const HEADER_END: &[u8] = b"\r\n\r\n";

/// The source of a form's body: its next chunk, `None` at its end, or the problem that
/// ended it.
type Chunks<'b> = dyn FnMut() -> Result<Option<Bytes>, Problem> + 'b;

/// A form that is being received. Everything that is wrong with the form itself is a
/// [`Problem::InvalidMultipart`]; a problem of the source is passed on.
pub(crate) struct Form<'b> {
    source: Box<Chunks<'b>>,
    /// The preceding line break, two hyphens and the boundary.
    delimiter: Vec<u8>,
    /// Received but not yet passed on.
    buffer: BytesMut,
    place: Position,
    count: usize,
}

/// What the buffer starts with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// A part's content, or the preamble before the first delimiter.
    Content,
    /// What follows a delimiter.
    Delimited,
    /// What follows the closing delimiter.
    Epilogue,
}

impl<'b> Form<'b> {
    /// A form in a body with this `Content-Type`. Reads nothing yet.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] for a type other than
    /// `multipart/form-data`.
    pub(crate) fn new(
        content_type: &[u8],
        source: impl FnMut() -> Result<Option<Bytes>, Problem> + 'b,
    ) -> Result<Self, Problem> {
        let boundary = header::boundary(content_type)?;
        Ok(Self {
            source: Box::new(source),
            delimiter: [LINE_END, b"--", boundary.as_bytes()].concat(),
            // So that a delimiter on the first line follows a line break too.
            buffer: BytesMut::from(LINE_END),
            place: Position::Content,
            count: 0,
        })
    }

    /// The next part; the unread rest of the last one is skipped. `None` means that the
    /// closing delimiter was read, so every part is complete.
    pub(crate) fn next_part(&mut self) -> Result<Option<Part<'_, 'b>>, Problem> {
        let most = if self.count == 0 { PREAMBLE } else { UNREAD };
        let mut passed = 0_usize;
        while let Some(chunk) = self.next_chunk()? {
            passed = passed.saturating_add(chunk.len());
            if passed > most {
                return Err(Problem::malformed_form(
                    "it has too many bytes outside of files",
                ));
            }
        }
        let Some(lines) = self.header()? else {
            return Ok(None);
        };
        self.count += 1;
        if self.count > PARTS {
            return Err(Problem::malformed_form("it has too many parts"));
        }
        let PartHeader {
            disposition,
            content_type,
        } = PartHeader::parse(&lines)?;
        Ok(Some(Part {
            form: self,
            disposition,
            content_type,
        }))
    }

    /// The next bytes of the current content, never an empty chunk; `None` at its
    /// delimiter.
    fn next_chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        while self.place == Position::Content {
            let end = memmem::find(&self.buffer, &self.delimiter);
            let ready = end.unwrap_or_else(|| self.certain());
            let content = self.buffer.split_to(ready).freeze();
            if end.is_some() {
                self.buffer.advance(self.delimiter.len());
                self.place = Position::Delimited;
            } else if content.is_empty() {
                self.pull()?;
            }
            if !content.is_empty() {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    /// How many bytes of the buffer cannot be part of a delimiter that is not complete yet.
    /// Only the first byte of a delimiter is a CR.
    fn certain(&self) -> usize {
        match memrchr(b'\r', &self.buffer) {
            Some(at) if self.delimiter.starts_with(&self.buffer[at..]) => at,
            _ => self.buffer.len(),
        }
    }

    /// The header lines after a delimiter; `None` after the closing one.
    fn header(&mut self) -> Result<Option<HeaderMap>, Problem> {
        while self.place == Position::Delimited && self.buffer.len() < 2 {
            self.pull()?;
        }
        if self.place == Position::Epilogue || self.buffer.starts_with(b"--") {
            self.place = Position::Epilogue;
            return Ok(None);
        }
        let end = loop {
            let end = memmem::find(&self.buffer, HEADER_END);
            if end.unwrap_or(self.buffer.len()) > HEADER {
                return Err(Problem::malformed_form("a part's header is too long"));
            }
            match end {
                Some(end) => break end + HEADER_END.len(),
                None => self.pull()?,
            }
        };
        let block = self.buffer.split_to(end).freeze();
        let line_end = memmem::find(&block, LINE_END).unwrap_or_default();
        let (padding, lines) = block.split_at(line_end);
        if !padding.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            return Err(Problem::malformed_form("a delimiter is malformed"));
        }
        self.place = Position::Content;
        header::lines(&lines[LINE_END.len()..]).map(Some)
    }

    /// Reads the next chunk into the buffer.
    fn pull(&mut self) -> Result<(), Problem> {
        let chunk = (self.source)()?;
        let chunk =
            chunk.ok_or_else(|| Problem::malformed_form("it ends before its closing delimiter"))?;
        self.buffer.extend_from_slice(&chunk);
        Ok(())
    }
}

/// One part of a form, at the start of its content.
pub(crate) struct Part<'f, 'b> {
    form: &'f mut Form<'b>,
    /// Its parsed Content-Disposition.
    pub(crate) disposition: FormData,
    /// Its Content-Type, if it has one.
    pub(crate) content_type: Option<Vec<u8>>,
}

impl Part<'_, '_> {
    /// The next bytes of its content, never an empty chunk; `None` at its end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        self.form.next_chunk()
    }

    /// The whole content of a text field of at most `limit` bytes; a longer one,
    /// or one that is not UTF-8, is refused.
    pub(crate) fn text(&mut self, limit: usize) -> Result<String, Problem> {
        let mut text = Vec::new();
        while let Some(chunk) = self.next_chunk()? {
            if chunk.len() > limit.saturating_sub(text.len()) {
                return Err(Problem::malformed_form("a text field is too long"));
            }
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| Problem::malformed_form("a text field is not UTF-8"))
    }
}

#[cfg(test)]
mod tests;
