//! One folder on the way: what is in it, in the order of bytes.

use std::collections::{BTreeMap, VecDeque};

use coffer_port::object::pages::{Answer, Disorder, Found};

use crate::store::s3::list::request::Request;
use crate::store::{Entry, Key, Listed};

/// A folder of which a part may be unread.
pub(super) struct Level {
    /// Of what is wanted.
    prefix: String,
    /// How long the folder's own name is, with its slash.
    length: usize,
    /// The last name that was read, without a slash at its end.
    cursor: Option<String>,
    unread: bool,
    names: VecDeque<Sibling>,
    /// Folders whose turn comes before that of all others here: each begins with the name of
    /// the one before. Without their slashes.
    pending: Vec<String>,
}

/// What comes next.
pub(super) enum Event {
    /// [`Level::request`] is to be sent.
    Unread,
    /// A file.
    File(Listed),
    /// A folder, with its slash. It may be empty, or not exist.
    Folder(String),
    /// Nothing.
    End,
}

/// A name in a folder: a file, a folder, or both.
#[derive(Default)]
struct Sibling {
    name: String,
    file: Option<Listed>,
    is_folder: bool,
}

impl Level {
    /// A folder whose keys have all come. Folded, what a folder in it contains is that folder.
    pub(super) fn whole(prefix: String, answer: Answer, folded: bool) -> Level {
        let length = folder_length(&prefix);
        let mut names = BTreeMap::<String, Sibling>::new();
        for found in answer.files {
            let Found::Entry(Entry::File(listed)) = found else {
                continue;
            };
            let name = listed.key.as_str().to_owned();
            if !name.starts_with(&prefix) {
                continue;
            }
            match name[length..].find('/').filter(|_| folded) {
                Some(slash) => {
                    let folder = name[..length + slash].to_owned();
                    names.entry(folder).or_default().is_folder = true;
                }
                None => names.entry(name).or_default().file = Some(listed),
            }
        }
        Level {
            length,
            cursor: None,
            unread: false,
            names: named(names),
            pending: Vec::new(),
            prefix,
        }
    }

    /// A folder, or what begins with this in it, without names that come before the start.
    pub(super) fn new(prefix: String, start: &[u8]) -> Level {
        let length = folder_length(&prefix);
        let mut level = Level {
            length,
            cursor: None,
            unread: true,
            names: VecDeque::new(),
            pending: Vec::new(),
            prefix,
        };
        if let Some(rest) = start.strip_prefix(&level.prefix.as_bytes()[..length])
            && start > level.prefix.as_bytes()
        {
            level.skip_to(rest);
        }
        level
    }

    /// Starts at what comes next by this rest of a name. Folders whose turn comes only then
    /// although their names sort before have to be asked for: `x`, for `x-z`.
    fn skip_to(&mut self, rest: &[u8]) {
        let slash = rest.iter().position(|byte| *byte == b'/');
        let name = &rest[..slash.unwrap_or(rest.len())];
        // Only the last character can be cut.
        let text = match std::str::from_utf8(name) {
            Ok(text) => text,
            Err(error) => {
                let valid = name.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        let ends = name.iter().enumerate().filter(|(_, byte)| **byte < b'/');
        let shorter = ends.filter_map(|(end, _)| text.get(..end));
        let same = slash.map(|_| text);
        let folders: Vec<String> = shorter
            .chain(same)
            .map(|name| format!("{}{name}", self.folder()))
            .filter(|name| name.starts_with(&self.prefix) && Key::new(name.as_str()).is_ok())
            .collect();
        self.pending.extend(folders);
        let mut before = text.chars();
        if slash.is_none() {
            // The name itself is still to come.
            before.next_back();
        }
        let before = before.as_str();
        if !before.is_empty() {
            self.cursor = Some(format!("{}{before}", self.folder()));
        }
    }

    fn folder(&self) -> &str {
        &self.prefix[..self.length]
    }

    /// What comes next.
    pub(super) fn event(&mut self) -> Event {
        loop {
            if self.names.is_empty() && self.unread {
                return Event::Unread;
            }
            let next = self.names.front().map(|sibling| sibling.name.as_str());
            if let Some(last) = self.pending.last() {
                let folder = format!("{last}/");
                if next.is_none_or(|next| next > folder.as_str()) {
                    self.pending.pop();
                    return Event::Folder(folder);
                }
            }
            let Some(Sibling {
                name,
                file,
                is_folder,
            }) = self.names.pop_front()
            else {
                return Event::End;
            };
            if is_folder {
                self.pending.push(name);
            }
            if let Some(listed) = file {
                return Event::File(listed);
            }
        }
    }

    /// For the next names.
    pub(super) fn request(&self, limit: usize) -> Request<'_> {
        Request {
            delimiter: Some("/"),
            start_after: self.cursor.as_deref(),
            ..Request::new(&self.prefix, limit)
        }
    }

    /// The answer to that.
    pub(super) fn read(&mut self, answer: Answer) -> Result<(), Disorder> {
        let cursor = self.cursor.take();
        let is_new = |name: &str| cursor.as_deref().is_none_or(|cursor| name > cursor);
        let mut names = BTreeMap::<String, Sibling>::new();
        for found in [answer.files, answer.folders] {
            let mut last = String::new();
            for found in found {
                let Ok(name) = std::str::from_utf8(found.name()) else {
                    continue;
                };
                let name = name.strip_suffix('/').unwrap_or(name).to_owned();
                if !name.starts_with(&self.prefix) || !is_new(&name) {
                    continue;
                }
                if name < last {
                    return Err(Disorder::OutOfOrder);
                }
                last.clone_from(&name);
                let sibling = names.entry(name).or_default();
                match found {
                    Found::Entry(Entry::File(listed)) => sibling.file = Some(listed),
                    Found::Entry(Entry::Folder(_)) => sibling.is_folder = true,
                    Found::Other(_) => {}
                }
            }
        }
        self.unread = answer.token.is_some();
        if self.unread && names.is_empty() {
            return Err(Disorder::NothingNew);
        }
        self.cursor = names.last_key_value().map(|(name, _)| name.clone());
        let length = self.length;
        // A name with a slash is not one of this folder.
        names.retain(|name, _| !name[length..].contains('/'));
        self.names = named(names);
        Ok(())
    }
}

/// How long the name of the folder is that a prefix lies in, with its slash.
fn folder_length(prefix: &str) -> usize {
    prefix.rfind('/').map_or(0, |slash| slash + 1)
}

fn named(names: BTreeMap<String, Sibling>) -> VecDeque<Sibling> {
    let names = names.into_iter();
    names
        .map(|(name, sibling)| Sibling { name, ..sibling })
        .collect()
}
