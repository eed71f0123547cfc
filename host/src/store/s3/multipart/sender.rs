//! The task that sends the parts of a multipart upload.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use coffer_port::object::ObjectMetadata;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Content, Filled, Message, Released, noted};
use crate::store::s3::bucket::{Part, PartsId};
use crate::store::s3::failure::S3Failure;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Key};

/// Max parts of a multipart upload in S3.
const MOST_PARTS: i32 = 10_000;

/// Where an upload comes from.
pub(super) enum Origin {
    New {
        metadata: ObjectMetadata,
        more: HashMap<String, String>,
    },
    /// It was there before.
    Known(PartsId),
}

/// The task's side of an upload.
pub(super) struct Sender {
    store: Arc<Shared>,
    key: Key,
    /// The number of the last part.
    last: i32,
    under_way: JoinSet<Result<Part, S3Failure>>,
    there: BTreeMap<i32, Part>,
}

impl Sender {
    /// Numbers parts from the one behind `last`; these are there already.
    pub(super) fn new(store: Arc<Shared>, key: Key, parts: Vec<Part>, last: i32) -> Sender {
        let mut sender = Sender {
            store,
            key,
            last,
            under_way: JoinSet::new(),
            there: BTreeMap::new(),
        };
        parts.into_iter().for_each(|part| sender.keep(part));
        sender
    }

    /// Serves the owner of the upload, and notes why it failed.
    pub(super) async fn run(
        mut self,
        origin: Origin,
        mut messages: mpsc::UnboundedReceiver<Message>,
        failure: Arc<Mutex<Option<Error>>>,
        released: oneshot::Receiver<oneshot::Sender<Released>>,
    ) {
        let was_there = matches!(origin, Origin::Known(_));
        let note = |error: S3Failure| {
            *noted(&failure) = Some(match error {
                S3Failure::NoSuchUpload if was_there => Error::NotFound,
                error => error.into(),
            });
        };
        let id = match origin {
            Origin::Known(id) => id,
            Origin::New { metadata, more } => {
                let bucket = &self.store.bucket;
                let started = bucket.start_parts_with(&self.key, &metadata, more);
                match started.await {
                    Ok(id) => id,
                    Err(error) => return note(error),
                }
            }
        };
        match self.serve(&id, &mut messages).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => note(error),
        }
        drop(messages);
        while let Some(sent) = self.under_way.join_next().await {
            if let Err(error) = self.note(sent) {
                note(error);
            }
        }
        // An error if its owner is dropped.
        if let Ok(reply) = released.await {
            let parts = self.there.values().cloned().collect();
            let id = id.clone();
            if reply.send(Released { id, parts }).is_ok() {
                return;
            }
        }
        if !was_there {
            self.abort(&id).await;
        }
    }

    /// Returns whether the upload was completed.
    async fn serve(
        &mut self,
        id: &PartsId,
        messages: &mut mpsc::UnboundedReceiver<Message>,
    ) -> Result<bool, S3Failure> {
        loop {
            tokio::select! {
                message = messages.recv() => match message {
                    None => return Ok(false),
                    Some(Message::Part(filled)) => self.forward(id, filled)?,
                    Some(Message::Complete { pin, reply }) => {
                        let (done, over) = match self.all_there().await {
                            Ok(parts) => {
                                let bucket = &self.store.bucket;
                                let done = bucket.complete_parts(&self.key, id, parts, &pin).await;
                                let completed = done.is_ok();
                                (done, completed.then_some(true))
                            }
                            Err(failure) => (Err(failure), Some(false)),
                        };
                        let _ = reply.send(done);
                        if let Some(completed) = over {
                            return Ok(completed);
                        }
                    }
                },
                Some(sent) = self.under_way.join_next() => self.note(sent)?,
            }
        }
    }

    fn forward(&mut self, id: &PartsId, filled: Filled) -> Result<(), S3Failure> {
        if self.last == MOST_PARTS {
            return Err(Error::TooLarge.into());
        }
        self.last += 1;
        let (store, key, id, number) =
            (self.store.clone(), self.key.clone(), id.clone(), self.last);
        self.under_way.spawn(async move {
            let bucket = &store.bucket;
            let Filled { content, _slot } = filled;
            match content {
                Content::Here(bytes, _grant) => bucket.put_part(&key, &id, number, bytes).await,
                Content::There(source, range) => {
                    bucket.copy_part(&source, range, &key, &id, number).await
                }
            }
        });
        Ok(())
    }

    /// Every part, once none is in flight.
    async fn all_there(&mut self) -> Result<Vec<Part>, S3Failure> {
        while let Some(sent) = self.under_way.join_next().await {
            self.note(sent)?;
        }
        Ok(self.there.values().cloned().collect())
    }

    fn note(
        &mut self,
        sent: Result<Result<Part, S3Failure>, tokio::task::JoinError>,
    ) -> Result<(), S3Failure> {
        let part = sent.map_err(Error::unavailable)??;
        self.keep(part);
        Ok(())
    }

    fn keep(&mut self, part: Part) {
        self.there.insert(part.part_number().unwrap_or(0), part);
    }

    async fn abort(&self, id: &PartsId) {
        let object = self.store.bucket.prefix.object(self.key.as_str());
        match self.store.bucket.abort_parts(&object, id).await {
            Ok(()) | Err(S3Failure::NoSuchUpload | S3Failure::NotFound) => {}
            Err(failure) => {
                tracing::warn!(
                    ?failure,
                    "cannot abort a multipart upload; its parts stay for now"
                );
            }
        }
    }
}
