//! The port's functions over a [`Store`], with the port's rules enforced: a violation panics,
//! which traps.

use std::cell::RefCell;
use std::marker::PhantomData;

use coffer_port::{CopyError, Digest, Extent, Key, Size};

use crate::bindings::exports::coffer::storage::blobs::{self as wit, Guest, GuestUpload};
use crate::bindings::wasi::http::types::{IncomingBody, ResponseOutparam};
use crate::{Opened, Source, Staged, Store, body, incoming, outgoing};

/// `coffer:storage` over a store, which an adapter exports.
pub struct Port<S>(PhantomData<S>);

/// A version of a file that the component has open.
pub struct Blob {
    source: Source,
    extent: Extent,
}

/// A file that the component is uploading.
pub struct Upload<S: Store>(RefCell<Receiving<S>>);

struct Receiving<S: Store> {
    key: Key,
    staged: S::Staged,
    size: Size,
    digest: Digest,
    fed: Fed,
    failed: Option<wit::Error>,
}

/// How an upload receives its bytes; the ways are mutually exclusive.
#[derive(PartialEq, Eq)]
enum Fed {
    NotYet,
    ByBody,
    ByWrites,
    /// Complete: no more bytes may follow.
    Wholly,
}

impl<S: Store> Guest for Port<S> {
    type Blob = Blob;
    type Upload = Upload<S>;

    fn open(key: String, options: wit::OpenOptions) -> Result<wit::Opened, wit::Error> {
        let (key, options) = (incoming::key(key), incoming::open_options(options));
        let Opened {
            info,
            extent,
            source,
        } = connect::<S>()?
            .open(&key, &options)
            .map_err(outgoing::error)?;
        Ok(wit::Opened {
            blob: wit::Blob::new(Blob { source, extent }),
            info: outgoing::info(info),
            offset: extent.offset,
            length: extent.length,
            partial: extent.partial,
        })
    }

    fn stat(
        key: String,
        may_read: wit::Guard,
        conditions: wit::Conditions,
    ) -> Result<wit::Info, wit::Error> {
        let (key, may_read) = (incoming::key(key), incoming::guard(may_read));
        let conditions = incoming::conditions(conditions);
        let found = connect::<S>()?.stat(&key, &may_read, &conditions);
        found.map(outgoing::info).map_err(outgoing::error)
    }

    fn create(key: String, options: wit::CreateOptions) -> Result<wit::Upload, wit::Error> {
        let (key, options) = (incoming::key(key), incoming::create_options(options));
        let size = Size::up_to(options.max_size);
        let digest = Digest::expecting(options.sha256);
        let staged = connect::<S>()?
            .create(key.clone(), options)
            .map_err(outgoing::error)?;
        Ok(wit::Upload::new(Upload::<S>(RefCell::new(Receiving {
            key,
            staged,
            size,
            digest,
            fed: Fed::NotYet,
            failed: None,
        }))))
    }

    fn remove(
        key: String,
        may_remove: wit::Guard,
        conditions: wit::Conditions,
    ) -> Result<(), wit::Error> {
        let (key, may_remove) = (incoming::key(key), incoming::guard(may_remove));
        let conditions = incoming::conditions(conditions);
        let removed = connect::<S>()?.remove(&key, &may_remove, &conditions);
        removed.map_err(outgoing::error)
    }

    fn stat_many(keys: Vec<String>, may_read: wit::Guard) -> Vec<Result<wit::Info, wit::Error>> {
        let (keys, may_read) = (incoming::keys(keys), incoming::guard(may_read));
        let found = S::connect().and_then(|store| store.stat_many(&keys, &may_read));
        match found {
            Ok(found) => found
                .into_iter()
                .map(|found| found.map(outgoing::info).map_err(outgoing::error))
                .collect(),
            Err(error) => vec![Err(outgoing::error(error)); keys.len()],
        }
    }

    fn remove_many(keys: Vec<String>, may_remove: wit::Guard) -> Vec<Result<(), wit::Error>> {
        let (keys, may_remove) = (incoming::different_keys(keys), incoming::guard(may_remove));
        let removed = S::connect().and_then(|store| store.remove_many(&keys, &may_remove));
        match removed {
            Ok(removed) => removed
                .into_iter()
                .map(|removed| removed.map_err(outgoing::error))
                .collect(),
            Err(error) => vec![Err(outgoing::error(error)); keys.len()],
        }
    }

    fn copy(copies: Vec<wit::CopyOptions>) -> Vec<Result<wit::Stored, wit::CopyError>> {
        let copies = incoming::copies(copies);
        let copied = S::connect().and_then(|store| store.copy(&copies));
        match copied {
            Ok(copied) => copied
                .into_iter()
                .map(|copied| copied.map(outgoing::stored).map_err(outgoing::copy_error))
                .collect(),
            Err(error) => {
                vec![Err(outgoing::copy_error(CopyError::Target(error))); copies.len()]
            }
        }
    }

    fn amend(
        key: String,
        may_replace: wit::Guard,
        conditions: wit::Conditions,
        amendment: wit::Amendment,
    ) -> Result<wit::Info, wit::Error> {
        let (key, may_replace) = (incoming::key(key), incoming::guard(may_replace));
        let conditions = incoming::conditions(conditions);
        let amendment = incoming::amendment(amendment);
        let amended = connect::<S>()?.amend(&key, &may_replace, &conditions, amendment);
        amended.map(outgoing::info).map_err(outgoing::error)
    }

    fn list(options: wit::ListOptions) -> Result<wit::Listing, wit::Error> {
        let options = incoming::list_options(options);
        let listing = connect::<S>()?.list(&options);
        listing.map(outgoing::listing).map_err(outgoing::error)
    }
}

fn connect<S: Store>() -> Result<S, wit::Error> {
    S::connect().map_err(outgoing::error)
}

impl wit::GuestBlob for Blob {
    fn respond(
        this: wit::Blob,
        out: ResponseOutparam,
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
    ) {
        let Blob { source, extent } = this.into_inner();
        body::respond(&source, extent.length, out, status, headers);
    }
}

impl<S: Store> GuestUpload for Upload<S> {
    /// Waits for the client here and ignores the note: only the platform can end an instance
    /// and start another.
    fn receive(&self, body: IncomingBody, _note: Vec<u8>) -> Result<u64, wit::Error> {
        let mut receiving = self.0.borrow_mut();
        assert!(
            receiving.fed == Fed::NotYet,
            "`receive` on an upload that already has bytes"
        );
        receiving.fed = Fed::ByBody;
        body::receive(&body, |bytes| receiving.append(bytes))
            .map_err(|error| receiving.fail(error))?;
        Ok(receiving.size.get())
    }

    fn received() -> (wit::Upload, Result<u64, wit::Error>) {
        panic!("`received` although nothing was received meanwhile");
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), wit::Error> {
        let mut receiving = self.0.borrow_mut();
        let may = matches!(receiving.fed, Fed::NotYet | Fed::ByWrites);
        assert!(
            may,
            "`write` on an upload that received a body or is complete"
        );
        receiving.fed = Fed::ByWrites;
        receiving.sound()?;
        match bytes.is_empty() {
            true => Ok(()),
            false => receiving
                .append(&bytes)
                .map_err(|error| receiving.fail(error)),
        }
    }

    fn complete(&self) -> Result<(), wit::Error> {
        let mut receiving = self.0.borrow_mut();
        receiving.fed = Fed::Wholly;
        receiving.sound()?;
        let done = receiving.staged.complete();
        done.map_err(|error| receiving.fail(outgoing::error(error)))
    }

    fn finish(uploads: Vec<wit::Upload>) -> Result<Vec<wit::Stored>, wit::Refusal> {
        let batch: Vec<Receiving<S>> = uploads
            .into_iter()
            .map(|upload| upload.into_inner::<Upload<S>>().0.into_inner())
            .collect();
        let mut keys: Vec<&Key> = batch.iter().map(|one| &one.key).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
        assert!(!twice, "two uploads of a batch have the same key");
        let mut staged = Vec::with_capacity(batch.len());
        for (index, one) in (0..).zip(batch) {
            one.sound()
                .and_then(|()| one.digest.verify().map_err(outgoing::error))
                .map_err(|error| wit::Refusal { index, error })?;
            staged.push(one.staged);
        }
        if staged.is_empty() {
            return Ok(Vec::new());
        }
        let store = connect::<S>().map_err(|error| wit::Refusal { index: 0, error })?;
        let stored = store.finish(staged).map_err(outgoing::refusal)?;
        Ok(stored.into_iter().map(outgoing::stored).collect())
    }
}

impl<S: Store> Receiving<S> {
    fn append(&mut self, bytes: &[u8]) -> Result<(), wit::Error> {
        let stored = self.size.add(bytes.len()).and_then(|()| {
            self.digest.update(bytes);
            self.staged.write(bytes)
        });
        stored.map_err(outgoing::error)
    }

    fn sound(&self) -> Result<(), wit::Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: wit::Error) -> wit::Error {
        self.failed = Some(error.clone());
        error
    }
}
