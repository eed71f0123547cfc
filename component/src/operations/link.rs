//! `/v1/links/{token}/{basename}` and `/v1/links/{token}/`: what the holder of a link may
//! do, which the link alone decides.

use super::managed::Managed;
use super::uploads::{Destination, Holder, Spot, begin_put};
use super::{Context, delete, download, form, upload, uploads};
use crate::bindings::wasi::clocks::wall_clock;
use crate::http::{Answer, Request};
use crate::permit::grant::Grant;
use crate::permit::link::{self, LinkPath, Verifier};
use crate::problem::Problem;
use crate::url::{LinkAction, percent};

/// Does what is asked of a link, if it permits that.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    token: &str,
    action: LinkAction,
) -> Result<Answer, Problem> {
    let verifier = verifier(context)?;
    match action {
        LinkAction::Read { basename } => {
            let permit = link::read(&verifier, token, &decoded(&basename)?)?;
            download::by_link(&permit, &request, context.query)
        }
        LinkAction::Upload { basename } => {
            let basename = decoded(&basename)?;
            match link::write(&verifier, token, LinkPath::File(&basename))? {
                Grant::Upload(grant) => {
                    let permit = grant.into_store(context.policy);
                    if let Some(creation) = upload::part(&request)? {
                        let holder = holder(token, Some(basename), &verifier);
                        return begin_put(context, request, permit, holder, creation);
                    }
                    let (permit, managed) = Managed::begin(context, permit)?;
                    upload::by_link(context, request, &permit, managed)
                }
                Grant::Manage(grant) => {
                    let permit = grant.store(context.policy);
                    if let Some(creation) = upload::part(&request)? {
                        let holder = holder(token, Some(basename), &verifier);
                        return begin_put(context, request, permit, holder, creation);
                    }
                    let managed = Managed::again(grant, verifier.key);
                    upload::by_link(context, request, &permit, Some(managed))
                }
                Grant::Drop(_) => Err(Problem::LinkInvalid),
            }
        }
        LinkAction::BeginUpload { basename } => {
            let basename = decoded(&basename)?;
            let permit = match link::write(&verifier, token, LinkPath::File(&basename))? {
                Grant::Upload(grant) => grant.into_store(context.policy),
                Grant::Manage(grant) => grant.store(context.policy),
                Grant::Drop(_) => return Err(Problem::LinkInvalid),
            };
            let destination = Destination {
                holder: holder(token, Some(basename), &verifier),
                spot: Spot::Named(permit),
            };
            uploads::begin_at(context, request, destination)
        }
        LinkAction::Delete { basename } => {
            let basename = decoded(&basename)?;
            match link::write(&verifier, token, LinkPath::File(&basename))? {
                Grant::Manage(grant) => delete::remove(&request, &grant.delete()),
                Grant::Upload(_) | Grant::Drop(_) => Err(Problem::LinkInvalid),
            }
        }
        LinkAction::Drop => match link::write(&verifier, token, LinkPath::Folder)? {
            Grant::Drop(grant) => {
                let (permit, folder) = grant.into_storing(context.policy);
                if uploads::is_asked(&request) {
                    let destination = Destination {
                        holder: holder(token, None, &verifier),
                        spot: Spot::Below(permit, Some(folder)),
                    };
                    return uploads::begin_at(context, request, destination);
                }
                form::by_link(context, request, permit, &folder)
            }
            Grant::Upload(_) | Grant::Manage(_) => Err(Problem::LinkInvalid),
        },
    }
}

/// The URL of a link with this token. The encoded basename is empty for a folder.
pub(super) fn url(base_url: &str, token: &str, basename: &str) -> String {
    format!("{base_url}/v1/links/{token}/{basename}")
}

/// What links are held against now. What began in time may finish later: nothing looks at
/// the link again.
fn verifier(context: &Context<'_>) -> Result<Verifier, Problem> {
    Ok(Verifier {
        key: context.settings.link_key().ok_or(Problem::LinkInvalid)?,
        now: wall_clock::now().seconds,
        not_before: context.policy.links_not_before(),
    })
}

/// Who may continue what begins at a link now.
fn holder(token: &str, basename: Option<String>, verifier: &Verifier) -> Holder {
    Holder::Link {
        token: token.to_owned(),
        basename,
        begun_at: verifier.now,
    }
}

fn decoded(basename: &str) -> Result<String, Problem> {
    let decoded = percent::decode(basename).map_err(|_| Problem::LinkInvalid)?;
    Ok(decoded.into_owned())
}
