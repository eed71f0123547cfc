//! The port's functions over a [`Store`], with the port's rules checked: what breaks
//! them panics, which traps.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::bindings::exports::coffer::storage::blobs::{self as wit, Guest, GuestUpload};
use crate::bindings::wasi::http::types::{IncomingBody, ResponseOutparam};
use crate::key::is_key;
use crate::measure::Measure;
use crate::span::Extent;
use crate::{
    Conditions, CreateOptions, Error, Info, ListOptions, Listing, OpenOptions, Opened, Refusal,
    Source, Span, Staged, Store, Stored, Whose, body,
};

/// `coffer:storage` over a store: what an adapter exports.
pub struct Port<S>(PhantomData<S>);

/// A version of a file that the component holds open.
pub struct Blob {
    source: Source,
    extent: Extent,
}

/// A file on its way in, on behalf of the component.
pub struct Upload<S: Store>(RefCell<Receiving<S>>);

struct Receiving<S: Store> {
    key: String,
    staged: S::Staged,
    measure: Measure,
    fed: Fed,
    failed: Option<Error>,
}

/// How an upload gets its bytes; one way excludes the other.
#[derive(PartialEq, Eq)]
enum Fed {
    NotYet,
    ByBody,
    ByWrites,
    /// Nothing more may come.
    Wholly,
}

impl<S: Store> Guest for Port<S> {
    type Blob = Blob;
    type Upload = Upload<S>;

    fn open(key: String, options: OpenOptions) -> Result<wit::Opened, Error> {
        assert!(is_key(&key), "an unusable key");
        if let Span::Between((first, last)) = options.span {
            assert!(first <= last, "a span that ends before it starts");
        }
        let Opened {
            info,
            extent,
            source,
        } = S::connect()?.open(&key, &options)?;
        Ok(wit::Opened {
            blob: wit::Blob::new(Blob { source, extent }),
            info,
            offset: extent.offset,
            length: extent.length,
            partial: extent.partial,
        })
    }

    fn stat(key: String, conditions: Conditions) -> Result<Info, Error> {
        assert!(is_key(&key), "an unusable key");
        S::connect()?.stat(&key, &conditions)
    }

    fn create(key: String, options: CreateOptions) -> Result<wit::Upload, Error> {
        assert!(is_key(&key), "an unusable key");
        let digest = options.sha256.as_ref();
        assert!(digest.is_none_or(|d| d.len() == 32), "not a SHA-256");
        let measure = Measure::new(&options);
        let staged = S::connect()?.create(key.clone(), options)?;
        Ok(wit::Upload::new(Upload::<S>(RefCell::new(Receiving {
            key,
            staged,
            measure,
            fed: Fed::NotYet,
            failed: None,
        }))))
    }

    fn remove(key: String, may_remove: Whose, conditions: Conditions) -> Result<(), Error> {
        assert!(is_key(&key), "an unusable key");
        S::connect()?.remove(&key, &may_remove, &conditions)
    }

    fn list(options: ListOptions) -> Result<Listing, Error> {
        assert!((1..=1000).contains(&options.limit), "an unusable limit");
        assert!(
            options.delimiter.as_deref() != Some(""),
            "an empty delimiter"
        );
        S::connect()?.list(&options)
    }
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
    /// Waits for the client here, whatever the note: only what runs this can end an
    /// instance and start another.
    fn receive(&self, body: IncomingBody, _note: Vec<u8>) -> Result<u64, Error> {
        let mut receiving = self.0.borrow_mut();
        assert!(
            receiving.fed == Fed::NotYet,
            "`receive` on an upload that has bytes"
        );
        receiving.fed = Fed::ByBody;
        body::receive(&body, |bytes| receiving.append(bytes))
            .map_err(|error| receiving.fail(error))?;
        Ok(receiving.measure.size())
    }

    fn received() -> (wit::Upload, Result<u64, Error>) {
        panic!("`received` where nothing was received meanwhile");
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), Error> {
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

    fn complete(&self) -> Result<(), Error> {
        let mut receiving = self.0.borrow_mut();
        receiving.fed = Fed::Wholly;
        receiving.sound()?;
        let done = receiving.staged.complete();
        done.map_err(|error| receiving.fail(error))
    }

    fn finish(uploads: Vec<wit::Upload>) -> Result<Vec<Stored>, Refusal> {
        let mut batch: Vec<Receiving<S>> = uploads
            .into_iter()
            .map(|upload| upload.into_inner::<Upload<S>>().0.into_inner())
            .collect();
        let mut keys: Vec<&str> = batch.iter().map(|one| one.key.as_str()).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
        assert!(!twice, "two uploads of a batch have the same key");
        for (index, one) in (0..).zip(&mut batch) {
            one.sound()
                .and_then(|()| one.measure.verify())
                .map_err(|error| Refusal { index, error })?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let store = S::connect().map_err(|error| Refusal { index: 0, error })?;
        store.finish(batch.into_iter().map(|one| one.staged).collect())
    }
}

impl<S: Store> Receiving<S> {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.measure.add(bytes)?;
        self.staged.write(bytes)
    }

    fn sound(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: Error) -> Error {
        self.failed = Some(error.clone());
        error
    }
}
