//! Walks over both stores side by side: each file of the source, with what the target has under
//! its key.

use std::vec;

use futures_util::stream::{self, Stream};

use super::Store;
use crate::maintenance::error::MaintenanceError;
use crate::store::{Entry, Error, ListOptions, Listed};

/// How many files are listed at once.
const PAGE: usize = 1000;

/// All files of a store, in order.
struct Walk {
    store: Store,
    page: vec::IntoIter<Entry>,
    after: Option<String>,
    more: bool,
}

impl Walk {
    fn new(store: &Store) -> Walk {
        Walk {
            store: store.clone(),
            page: Vec::new().into_iter(),
            after: None,
            more: true,
        }
    }

    async fn next(&mut self) -> Result<Option<Listed>, Error> {
        loop {
            match self.page.next() {
                Some(Entry::File(listed)) => return Ok(Some(listed)),
                Some(Entry::Folder(_)) => continue,
                None if !self.more => return Ok(None),
                None => {}
            }
            let options = ListOptions {
                prefix: String::new(),
                delimiter: None,
                after: self.after.take(),
                limit: PAGE,
            };
            let page = self.store.list(options).await?;
            if page.more && page.entries.is_empty() {
                // The next page would be the first one again.
                return Err(Error::unavailable("the list goes on without a name"));
            }
            self.after = page.entries.last().map(|last| last.name().to_owned());
            self.more = page.more;
            self.page = page.entries.into_iter();
        }
    }
}

/// A file of the source, and the file that the target has under its key.
type Pair = (Listed, Option<Listed>);

struct Both {
    from: Walk,
    to: Walk,
    /// The target's next file, if it is known.
    next: Option<Listed>,
    ended: bool,
}

impl Both {
    async fn next(&mut self) -> Result<Option<Pair>, MaintenanceError> {
        let listed = self
            .from
            .next()
            .await
            .map_err(MaintenanceError::SourceList)?;
        let Some(listed) = listed else {
            return Ok(None);
        };
        while !self.ended && self.next.as_ref().is_none_or(|next| next.key < listed.key) {
            self.next = self.to.next().await.map_err(MaintenanceError::TargetList)?;
            self.ended = self.next.is_none();
        }
        let there = self.next.take_if(|next| next.key == listed.key);
        Ok(Some((listed, there)))
    }
}

/// Each file of the source; ends after an error.
pub(super) fn pairs(
    from: &Store,
    to: &Store,
) -> impl Stream<Item = Result<Pair, MaintenanceError>> {
    let both = Both {
        from: Walk::new(from),
        to: Walk::new(to),
        next: None,
        ended: false,
    };
    stream::try_unfold(both, |mut both| async {
        let pair = both.next().await?;
        Ok(pair.map(|pair| (pair, both)))
    })
}
