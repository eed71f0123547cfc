//! Resumable uploads: `POST /v1/{area}/uploads`, and `HEAD`, `GET`, `PATCH`, `DELETE` of what it
//! begins. One core, and two [dialects](dialect::Dialect) over it: [tus] and the [IETF's](ietf).

mod access;
mod append;
mod begin;
mod begun;
mod dialect;
mod discard;
mod ietf;
mod look;
mod preconditions;
mod turn;
mod tus;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::telemetry::Operation;
use crate::fields;
use crate::http::{Answer, Request};
use crate::permit;
use crate::problem::Problem;
use crate::url::Subject;

pub(crate) use append::append;
pub(super) use begin::{Destination, Spot};
pub(super) use begun::Holder;
pub(crate) use discard::discard;
pub(super) use ietf::begin_put;
pub(crate) use look::look;
pub(crate) use turn::Turn;

/// Begins an upload to an area.
pub(crate) fn begin(
    context: &Context<'_>,
    request: Request,
    area: Area,
) -> Result<Answer, Problem> {
    // The version before all else: what it says may mean something else.
    let is_tus = fields::tus::is_spoken(&request.headers);
    if is_tus {
        fields::tus::check_version(&request.headers)?;
    }
    let permit = permit::storing(context.policy, &context.caller, area)?;
    let holder = Holder::Area {
        mark: permit.mark(),
    };
    let destination = Destination {
        holder,
        spot: Spot::Below(permit, None),
    };
    begin_at(context, request, destination)
}

/// What every response to a request in one of the protocols has, errors too.
pub(crate) fn of_every_response(
    Subject { operation, area }: Subject,
    headers: &HeaderMap,
) -> Option<(HeaderName, HeaderValue)> {
    let is_tus = || fields::tus::is_spoken(headers);
    match (operation, area) {
        (Operation::LookAtUpload | Operation::Append | Operation::DiscardUpload, _) if is_tus() => {
            Some(fields::tus::resumable())
        }
        // Without an area, a form is for the link of a folder, which takes uploads too.
        (Operation::BeginUpload, _) | (Operation::Form, None) if is_tus() => {
            Some(fields::tus::resumable())
        }
        (Operation::BeginUpload | Operation::Upload, _) | (Operation::Form, None) => {
            fields::resumable::of_whole_file(headers)
        }
        _ => None,
    }
}

/// Whether a `POST` begins a resumable upload, rather than being a form.
pub(super) fn is_asked(request: &Request) -> bool {
    fields::tus::is_spoken(&request.headers) || fields::resumable::is_spoken(&request.headers)
}

/// Begins an upload in the protocol that the request is in.
pub(super) fn begin_at(
    context: &Context<'_>,
    request: Request,
    destination: Destination<'_, '_>,
) -> Result<Answer, Problem> {
    if fields::tus::is_spoken(&request.headers) {
        return tus::begin(context, request, destination);
    }
    ietf::begin(context, request, destination)
}
