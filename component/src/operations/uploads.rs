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

use super::Context;
use crate::area::Area;
use crate::fields;
use crate::http::{Answer, Request};
use crate::permit;
use crate::problem::Problem;

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
    let permit = permit::store(context.policy, &context.caller, area)?;
    let holder = Holder::Area {
        mark: permit.mark(),
    };
    let destination = Destination {
        permit,
        holder,
        spot: Spot::Below(None),
    };
    begin_at(context, request, destination)
}

/// Whether a `POST` begins a resumable upload, rather than being a form.
pub(super) fn is_asked(request: &Request) -> bool {
    fields::tus::is_spoken(&request.headers) || fields::resumable::is_spoken(&request.headers)
}

/// Begins an upload in the protocol that the request is in.
pub(super) fn begin_at(
    context: &Context<'_>,
    request: Request,
    destination: Destination<'_>,
) -> Result<Answer, Problem> {
    if fields::tus::is_spoken(&request.headers) {
        return tus::begin(context, request, destination);
    }
    ietf::begin(context, request, destination)
}
