//! `/v1/links/{token}/{basename}` and `/v1/links/{token}/`: what the holder of a link may
//! do, which the link alone decides.

use super::managed::Managed;
use super::{Context, delete, download, form, upload};
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
                    let (permit, name) = grant.into_store(context.policy);
                    let (permit, managed) = Managed::begin(context, permit)?;
                    upload::by_link(context, request, &permit, &name, managed)
                }
                Grant::Manage(grant) => {
                    let (permit, name) = (grant.store(context.policy), grant.name().clone());
                    let managed = Managed::again(grant, verifier.key);
                    upload::by_link(context, request, &permit, &name, Some(managed))
                }
                Grant::Drop(_) => Err(Problem::LinkInvalid),
            }
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
                let (permit, folder) = grant.into_store(context.policy);
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

fn decoded(basename: &str) -> Result<String, Problem> {
    let decoded = percent::decode(basename).map_err(|_| Problem::LinkInvalid)?;
    Ok(decoded.into_owned())
}
