//! Beginning an upload.

use super::begun::{Begun, Holder};
use super::dialect::{Dialect, State};
use super::preconditions::Preconditions;
use super::turn::{Ending, Turn, too_long};
use crate::bindings::coffer::storage::uploads::{self, BeginOptions, Digest};
use crate::bindings::wasi::clocks::wall_clock;
use crate::fields::ContentType;
use crate::fields::body::content_length;
use crate::http::{Answer, Request};
use crate::operations::Context;
use crate::operations::managed::Managed;
use crate::operations::receipt::Receipt;
use crate::permit::{self, Store, Storing};
use crate::problem::Problem;
use crate::url::{Name, UploadPlace};

/// The maximum length of what is kept with an upload, in bytes.
const MAX_NOTE: usize = 16 << 10;

/// Where an upload may go.
pub(in crate::operations) struct Destination<'p, 'c> {
    pub(in crate::operations) holder: Holder,
    pub(in crate::operations) spot: Spot<'p, 'c>,
}

/// Which file it becomes.
pub(in crate::operations) enum Spot<'p, 'c> {
    /// This one.
    Named(Store<'p>),
    /// One that the client names, below this folder or anywhere.
    Below(Storing<'p, 'c>, Option<Name>),
}

impl<'p> Spot<'p, '_> {
    /// Whether a link says which file it is, and whether that may be replaced.
    pub(super) fn is_named(&self) -> bool {
        matches!(self, Self::Named(_))
    }

    /// The same, but for creating only.
    pub(super) fn creating_only(self) -> Result<Self, Problem> {
        Ok(match self {
            Self::Named(permit) => Self::Named(permit.creating_only()?),
            Self::Below(permit, root) => Self::Below(permit.creating_only()?, root),
        })
    }

    /// The permit to store the file with this path in this folder.
    pub(super) fn permit(
        self,
        folder: Option<Name>,
        path: Option<&str>,
    ) -> Result<Store<'p>, Problem> {
        match (self, path) {
            (Self::Named(permit), _) => Ok(permit),
            (Self::Below(..), None) => Err(Problem::InvalidRequest(
                "the file has no name: send filename in Upload-Metadata (tus), or a \
                 Content-Disposition with filename"
                    .to_owned(),
            )),
            (Self::Below(permit, root), Some(path)) => {
                let folder = match (root, folder) {
                    (Some(root), Some(folder)) => Some(Name::within(Some(&root), folder.as_str())?),
                    (root, folder) => folder.or(root),
                };
                permit.of(Name::within(folder.as_ref(), path)?)
            }
        }
    }
}

/// What is to be uploaded.
pub(super) struct Plan<'p> {
    pub(super) dialect: Dialect,
    pub(super) permit: Store<'p>,
    pub(super) holder: Holder,
    pub(super) content_type: ContentType,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) replaces: bool,
    pub(super) preconditions: Preconditions,
    /// How many bytes there will be, if the client has said so.
    pub(super) length: Option<u64>,
    pub(super) upload_metadata: Option<String>,
}

/// What else the request does that begins an upload.
pub(super) struct First {
    /// Whether its body has the first bytes.
    pub(super) has_body: bool,
    pub(super) digest: Option<Digest>,
    pub(super) ending: Ending,
}

/// Begins an upload, and does the first turn if there is one.
pub(super) fn begin(
    context: &Context<'_>,
    request: Request,
    plan: Plan<'_>,
    first: Option<First>,
) -> Result<Answer, Problem> {
    if plan.content_type.is_form() {
        return Err(Problem::UnsupportedMediaType(
            "multipart/form-data is the type of a form, not of a file".to_owned(),
        ));
    }
    let content = first
        .as_ref()
        .and_then(|first| content_length(&request.headers).filter(|_| first.has_body));
    let room = plan.length.unwrap_or_else(|| plan.permit.max_size());
    if content.is_some_and(|content| content > room) {
        return Err(too_long(room));
    }
    let Plan { permit, length, .. } = plan;
    let (permit, managed) = Managed::begin(context, permit)?;
    let mut target = permit.options(&plan.content_type, length)?;
    target.announced = None;
    target.metadata = plan.metadata;
    target.conditions = plan.preconditions.conditions()?;
    let begun = Begun {
        area: permit.area(),
        content_type: target.content_type.clone(),
        replaces: plan.replaces,
        preconditions: plan.preconditions,
        managed: managed.map(|managed| managed.origin()),
        upload_metadata: plan.upload_metadata,
        name: permit.name().clone(),
        caller: permit::identity(&context.caller).to_owned(),
        holder: plan.holder,
    };
    let note = begun.note();
    if note.len() > MAX_NOTE {
        return Err(Problem::InvalidRequest(
            "the header fields about the file are too long together".to_owned(),
        ));
    }
    let limits = context.policy.uploads();
    let options = BeginOptions {
        target,
        length,
        lifetime: u32::try_from(limits.max_age).unwrap_or(u32::MAX),
        owner: owner(&begun),
        most: begun.is_counted().then_some(limits.most),
        note,
    };
    let base_url = context.base_url(&request)?;
    let key = permit.key();
    let id =
        uploads::begin(key.as_str(), &options).map_err(|error| permit.refusals().problem(error))?;

    let place = match begun.holder {
        Holder::Area { .. } => UploadPlace::Area(begun.area),
        Holder::Link { .. } => UploadPlace::Link,
    };
    let expires = wall_clock::now().seconds.saturating_add(limits.max_age);
    let Some(first) = first else {
        let state = State {
            url: place.url(&base_url, &id),
            offset: 0,
            length,
            max_size: permit.max_size(),
            expires,
        };
        return Ok(Answer::Whole(plan.dialect.begun(&state)));
    };
    let turn = Turn {
        id,
        place,
        begun,
        caller: context.caller.clone(),
        base_url,
        offset: 0,
        length,
        said: None,
        ending: first.ending,
        dialect: plan.dialect,
        begins: true,
        expires,
        shared: Receipt::fields(context.shared),
    };
    turn.run(context, request, first.has_body, first.digest)
}

/// Whose the upload is among the unfinished ones that are counted.
fn owner(begun: &Begun) -> String {
    match &begun.holder {
        // Each link for itself, so that what strangers begin at one blocks no other one, nor its
        // maker. The signature is the token's last part.
        Holder::Link { token, .. } => {
            let signature = token.rsplit('.').next().unwrap_or(token);
            ["link:", signature].concat()
        }
        Holder::Area { .. } if begun.caller.is_empty() => "anonymous".to_owned(),
        Holder::Area { .. } => begun.caller.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::Area;

    /// The owner of an upload that is counted.
    fn owner_of(holder: Holder, caller: &str) -> Result<Option<String>, Problem> {
        let begun = Begun {
            holder,
            caller: caller.to_owned(),
            area: Area::Public,
            name: Name::new("a")?,
            content_type: String::new(),
            replaces: false,
            preconditions: Preconditions::default(),
            managed: None,
            upload_metadata: None,
        };
        assert!(!owner(&begun).is_empty());
        Ok(begun.is_counted().then(|| owner(&begun)))
    }

    #[test]
    fn nobody_uses_up_what_another_may_begin() -> Result<(), Problem> {
        let area = || Holder::Area {
            mark: "m".to_owned(),
        };
        let link = |token: &str| Holder::Link {
            token: token.to_owned(),
            basename: None,
            begun_at: 0,
        };
        assert_eq!(owner_of(area(), "ann")?, owner_of(area(), "ann")?);
        assert_ne!(owner_of(area(), "ann")?, owner_of(area(), "bob")?);
        assert_eq!(owner_of(area(), "")?, None);
        assert_eq!(owner_of(link("a.b.c"), "")?, owner_of(link("a.b.c"), "")?);
        assert_ne!(owner_of(link("a.b.c"), "")?, owner_of(link("a.b.d"), "")?);
        Ok(())
    }
}
