//! `POST /v1/{area}/urls/{name}`

mod body;
mod lifetime;

use http::StatusCode;
use serde::Serialize;

use super::Context;
use super::file::location;
use super::json_body::{self, invalid};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::fields::conditions::unconditional;
use crate::http::{Answer, Request, Response};
use crate::log;
use crate::permit::grant::LinkLimits;
use crate::permit::link::{self, LinkKey, Validity};
use crate::permit::{self, Store, Storing};
use crate::problem::Problem;
use crate::time;
use crate::url::{Name, Target, percent};

use body::{Purpose, asked};
use lifetime::{lifetime, validity};

/// The maximum size of the body, in bytes.
const LONGEST_BODY: usize = 4096;

/// A URL that works without a token.
#[derive(Serialize)]
pub(super) struct Made {
    pub(super) url: String,
    pub(super) expires_at: Option<String>,
}

/// Makes a URL: to download a file, which is the permanent one if the file is public, or to
/// upload a file or into a folder.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    target: Target,
) -> Result<Answer, Problem> {
    let permits = Permits::new(context, area, target)?;
    let base_url = context.base_url(&request)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let asked = asked(members.unwrap_or_default())?;
    let made = match (asked.purpose, permits) {
        (Purpose::Download, Permits::File { read, .. }) => {
            let permit = read?;
            let maker = Maker::new(context, area, base_url, asked.expires_in)?;
            check(&permit)?;
            maker.make(&permit)?
        }
        (Purpose::Download, Permits::Folder { .. }) => {
            return Err(Problem::InvalidName(
                "it ends in /, and only a URL for upload can be one of a folder",
            ));
        }
        (Purpose::Upload { limits, replaces }, permits) => {
            let terms = (limits, replaces, asked.expires_in);
            to_upload(context, permits, terms, &base_url)?
        }
    };
    Ok(Answer::Whole(Response::json(StatusCode::CREATED, &made)))
}

/// What the caller may do where the URL is to lead. The body says what is needed.
enum Permits<'p, 'c> {
    File {
        read: Result<permit::Read, Problem>,
        store: Result<Box<Store<'p>>, Problem>,
    },
    Folder {
        folder: Name,
        storing: Storing<'p, 'c>,
    },
}

impl<'p, 'c> Permits<'p, 'c> {
    /// Refused only where the caller may do nothing there.
    fn new(context: &'c Context<'p>, area: Area, target: Target) -> Result<Self, Problem> {
        let (policy, caller) = (context.policy, &context.caller);
        let name = match target {
            Target::File(name) => name,
            Target::Folder(folder) => {
                let storing = permit::storing(policy, caller, area)?;
                return Ok(Self::Folder { folder, storing });
            }
        };
        let read = permit::read(policy, caller, area, name.clone());
        let store = permit::store(policy, caller, area, name).map(Box::new);
        match (&read, &store) {
            (Err(problem), Err(_)) => Err(problem.clone()),
            _ => Ok(Self::File { read, store }),
        }
    }
}

/// Refuses a file that is not there, or that the caller may not read.
fn check(permit: &permit::Read) -> Result<(), Problem> {
    let found = blobs::stat(permit.key().as_str(), &permit.may_read(), &unconditional());
    found.map(drop).map_err(|error| permit.problem(error))
}

/// Makes an upload link for a file or a folder, which need not exist.
fn to_upload(
    context: &Context<'_>,
    permits: Permits<'_, '_>,
    (limits, replaces, expires_in): (LinkLimits, bool, Option<u64>),
    base_url: &str,
) -> Result<Made, Problem> {
    let terms = || link_terms(context, expires_in);
    let (key, validity, grant, basename) = match permits {
        Permits::File { store, .. } => {
            let permit = *store?;
            let (key, validity) = terms()?;
            let basename = percent::encode_path(permit.name().basename());
            let grant = permit.upload_grant(context.policy, replaces, limits, validity)?;
            (key, validity, grant, basename)
        }
        Permits::Folder { .. } if replaces => {
            return Err(invalid("an upload link of a folder replaces nothing"));
        }
        Permits::Folder { folder, storing } => {
            let (key, validity) = terms()?;
            let grant = storing.drop_grant(folder, limits, validity)?;
            (key, validity, grant, String::new())
        }
    };
    let token = link::to_write(&grant, &key)?;
    Ok(Made::link(base_url, &token, &basename, validity))
}

/// The key of this service's links, and when a new one that is asked for with this
/// `expires_in` expires.
fn link_terms(
    context: &Context<'_>,
    expires_in: Option<u64>,
) -> Result<(LinkKey, Validity), Problem> {
    let longest = context.policy.link_max_age();
    let lifetime = lifetime(expires_in, longest)?;
    let Some(key) = context.settings.link_key() else {
        log::failed(&"cannot make presigned URLs: no link secret is set");
        return Err(Problem::Unavailable);
    };
    let not_before = context.policy.links_not_before();
    let now = wall_clock::now();
    Ok((key, validity(now, lifetime, longest, not_before)))
}

impl Made {
    /// With this encoded basename, which is empty for a folder.
    fn link(base_url: &str, token: &str, basename: &str, validity: Validity) -> Self {
        Self {
            url: super::link::url(base_url, token, basename),
            expires_at: Some(time::rfc3339(Datetime {
                seconds: validity.expires_at,
                nanoseconds: 0,
            })),
        }
    }
}

/// Makes the URLs of one request for downloads.
pub(super) struct Maker {
    area: Area,
    base_url: String,
    /// `None` for public files, whose URLs are permanent.
    links: Option<(LinkKey, Validity)>,
}

impl Maker {
    /// For URLs that are valid for this number of seconds.
    pub(super) fn new(
        context: &Context<'_>,
        area: Area,
        base_url: String,
        expires_in: Option<u64>,
    ) -> Result<Self, Problem> {
        let links = match (area, expires_in) {
            (Area::Public, None) => None,
            (Area::Public, Some(_)) => {
                return Err(invalid("the URL of a public file does not expire"));
            }
            (Area::User | Area::Org, _) => Some(link_terms(context, expires_in)?),
        };
        Ok(Self {
            area,
            base_url,
            links,
        })
    }

    /// The URL of this file.
    pub(super) fn make(&self, permit: &permit::Read) -> Result<Made, Problem> {
        let Some((key, validity)) = &self.links else {
            return Ok(Made {
                url: location(&self.base_url, self.area, permit.name()),
                expires_at: None,
            });
        };
        let token = permit.link(key, *validity)?;
        let basename = percent::encode_path(permit.name().basename());
        Ok(Made::link(&self.base_url, &token, &basename, *validity))
    }
}
