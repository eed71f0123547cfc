//! `manage_url`: the links by which those who stored public files without a token replace
//! and delete them.

use super::Context;
use super::link::url;
use crate::bindings::wasi::clocks::wall_clock;
use crate::permit::grant::{Grant, ManageGrant};
use crate::permit::link::{self, LinkKey};
use crate::permit::uploader::{Anonymous, Pseudonym};
use crate::problem::Problem;
use crate::settings::Settings;
use crate::url::{Name, percent};

/// Makes the links to the files of one request.
pub(super) struct Managed {
    key: LinkKey,
    uploader: Pseudonym,
    made_at: u64,
}

impl Managed {
    /// The permit under a new pseudonym, if it is for a public file and was given without a token,
    /// and this service has links.
    pub(super) fn begin<P: Anonymous>(
        context: &Context<'_>,
        permit: P,
    ) -> Result<(P, Option<Self>), Problem> {
        let managed = Self::new(context, permit.is_anonymous())?;
        let permit = match &managed {
            Some(managed) => permit.under(managed.uploader.clone()),
            None => permit,
        };
        Ok((permit, managed))
    }

    fn new(context: &Context<'_>, is_anonymous: bool) -> Result<Option<Self>, Problem> {
        let key = context.settings.link_key().filter(|_| is_anonymous);
        let Some(key) = key else {
            return Ok(None);
        };
        Ok(Some(Self {
            key,
            uploader: Pseudonym::random()?,
            made_at: wall_clock::now().seconds,
        }))
    }

    /// For a file that is replaced by such a link, which stays as it is.
    pub(super) fn again(grant: ManageGrant, key: LinkKey) -> Self {
        let (uploader, made_at) = grant.into_origin();
        Self {
            key,
            uploader,
            made_at,
        }
    }

    /// Under which pseudonym the files are stored, and when the links are made.
    pub(super) fn origin(&self) -> (String, u64) {
        (self.uploader.as_str().to_owned(), self.made_at)
    }

    /// The same again from what [`Managed::origin`] returned, if this service still has links.
    pub(super) fn of_origin(settings: &Settings, uploader: &str, made_at: u64) -> Option<Self> {
        Some(Self {
            key: settings.link_key()?,
            uploader: Pseudonym::parse(uploader)?,
            made_at,
        })
    }

    /// The link to the file with this name.
    pub(super) fn url(&self, base_url: &str, name: &Name) -> Result<String, Problem> {
        let grant = ManageGrant::new(name.clone(), self.uploader.clone(), self.made_at);
        let token = link::to_write(&Grant::Manage(grant), &self.key)?;
        let basename = percent::encode_path(name.basename());
        Ok(url(base_url, &token, &basename))
    }
}
