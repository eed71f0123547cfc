//! Copying, moving and amending one file: [`Publish`] decides, the requests are made here.
//!
//! Fewer services evaluate conditions of a copy than those of an upload. So what is under the
//! target is always looked at before, as if the bytes were at the service already.

use std::rc::Rc;

use coffer_adapter::platform::unique;
use coffer_port::object::publish::Step;
use coffer_port::object::{ObjectMetadata, Publish, Seen};
use coffer_port::{
    Amendment, Conditions, Copy, CopyError, CreateOptions, Error, Guard, Info, Key, Metadata,
    Stored,
};

use crate::bucket::{Bucket, Written};
use crate::copy::{Copying, Source};
use crate::failure::Failure;
use crate::object::Object;
use crate::remove::remove;
use crate::run::sleep;

/// Copies a file, or moves it: then the version that was copied is removed, unless it was
/// replaced or removed meanwhile.
pub async fn copy(bucket: &Rc<Bucket>, copy: &Copy) -> Result<Stored, CopyError> {
    let stored = duplicate(bucket, copy).await?;
    if let Some(may_remove) = &copy.may_remove {
        let version = Conditions::only(&copy.etag);
        match remove(bucket, &copy.from, may_remove, &version).await {
            Ok(()) | Err(Error::NotFound | Error::PreconditionFailed) => {}
            Err(error) => return Err(CopyError::Source(error)),
        }
    }
    Ok(stored)
}

async fn duplicate(bucket: &Rc<Bucket>, copy: &Copy) -> Result<Stored, CopyError> {
    let mut source = look_at_source(bucket, copy).await?;
    let options = &copy.options;
    let version = unique();
    let metadata = ObjectMetadata {
        content_type: options.content_type.clone(),
        uploader: options.uploader.clone(),
        version: Some(version.clone()),
        metadata: options.metadata.clone(),
    };
    let mut copying = Copying::new(bucket, &copy.to, metadata);
    let means = bucket.means(false);
    let mut publish = Publish::new(options, Some(&version), &Seen::NotLooked, means);
    loop {
        match publish.step().map_err(CopyError::Target)? {
            Step::Wait(time) => sleep(time).await,
            Step::Look => {
                let found = bucket.look(&copy.to).await;
                let found = found.map_err(|failure| CopyError::Target(failure.into()))?;
                if let Some(Object { info, .. }) = &found
                    && copy.counts(info)
                    && (&info.etag, info.size) == (&source.etag, source.size)
                {
                    return Ok(Stored {
                        info: info.clone(),
                        replaced: true,
                    });
                }
                let described = found.as_ref().map(Object::described);
                if publish.looked(described).map_err(CopyError::Target)?
                    && let Some(Object { info, .. }) = found
                {
                    return Ok(Stored {
                        info,
                        replaced: publish.replaces(),
                    });
                }
            }
            Step::Send(pin) => {
                let version = Source {
                    key: &copy.from,
                    etag: &copy.etag,
                    size: source.size,
                };
                match copying.send(&version, &pin).await {
                    Ok(written) => {
                        return Ok(Stored {
                            info: copied(copy, &source, written),
                            replaced: publish.replaces(),
                        });
                    }
                    // It may be the source that is another one now.
                    Err(Failure::Precondition | Failure::NotFound) => {
                        source = look_at_source(bucket, copy).await?;
                        publish.overtaken();
                    }
                    Err(failure) => {
                        retry(failure, &mut publish, &mut copying).map_err(CopyError::Target)?;
                    }
                }
            }
        }
    }
}

async fn look_at_source(bucket: &Bucket, copy: &Copy) -> Result<Info, CopyError> {
    let found = bucket.look(&copy.from).await;
    let found = found.map_err(|failure| CopyError::Source(failure.into()))?;
    let info = found.map(|object| object.info);
    copy.check_source(info.as_ref())?;
    info.ok_or(CopyError::Source(Error::NotFound))
}

fn copied(copy: &Copy, source: &Info, Written { etag, modified }: Written) -> Info {
    let options = copy.options.clone();
    Info {
        key: copy.to.clone(),
        size: source.size,
        etag,
        modified,
        content_type: options.content_type,
        uploader: options.uploader,
        metadata: options.metadata,
    }
}

/// Changes what is stored beside a file's bytes, by a copy onto itself.
pub async fn amend(
    bucket: &Rc<Bucket>,
    key: &Key,
    may_replace: &Guard,
    conditions: &Conditions,
    amendment: Amendment,
) -> Result<Info, Error> {
    // Only a file that is there, whatever its size.
    let options = CreateOptions {
        content_type: String::new(),
        uploader: None,
        metadata: Metadata::default(),
        may_create: false,
        may_replace: may_replace.clone(),
        conditions: conditions.clone(),
        max_size: u64::MAX,
        announced: None,
        sha256: None,
    };
    let version = unique();
    let means = bucket.means(false);
    let mut publish = Publish::new(&options, Some(&version), &Seen::NotLooked, means);
    let mut current = None;
    loop {
        match publish.step()? {
            Step::Wait(time) => sleep(time).await,
            Step::Look => {
                let found = bucket.look(key).await?;
                let is_done = publish.looked(found.as_ref().map(Object::described))?;
                let info = found.ok_or(Error::NotFound)?.info;
                if is_done {
                    return Ok(info);
                }
                let mut amended = info.clone();
                amendment.clone().apply(&mut amended);
                let metadata = ObjectMetadata {
                    content_type: amended.content_type.clone(),
                    uploader: amended.uploader.clone(),
                    version: Some(version.clone()),
                    metadata: amended.metadata.clone(),
                };
                current = Some((info, amended, Copying::new(bucket, key, metadata)));
            }
            Step::Send(pin) => {
                let Some((info, amended, copying)) = &mut current else {
                    return Err(Error::NotFound);
                };
                let source = Source {
                    key,
                    etag: &info.etag,
                    size: info.size,
                };
                match copying.send(&source, &pin).await {
                    Ok(Written { etag, modified }) => {
                        return Ok(Info {
                            etag,
                            modified,
                            ..amended.clone()
                        });
                    }
                    Err(Failure::Precondition | Failure::NotFound) => publish.overtaken(),
                    Err(failure) => retry(failure, &mut publish, copying)?,
                }
            }
        }
    }
}

/// Goes on after a failure that says nothing about source or target, if that may help.
fn retry(
    failure: Failure,
    publish: &mut Publish<'_>,
    copying: &mut Copying<'_>,
) -> Result<(), Error> {
    match failure {
        Failure::Unconfirmed(_) => publish.unconfirmed(),
        Failure::Conflict => publish.collided(),
        Failure::NoSuchUpload => {
            copying.forget();
            publish.forgotten();
        }
        Failure::NotImplemented => return Err(Error::Unsupported),
        failure => return Err(failure.into()),
    }
    Ok(())
}
