//! From method and path to a [`Route`].

mod resource;
#[cfg(test)]
mod tests;

use http::Method;
use resource::Resource;

use super::name::Name;
use super::target::Target;
use super::upload_place::UploadPlace;
use crate::area::Area;
use crate::bindings::coffer::storage::telemetry::{self, Operation};
use crate::problem::Problem;

/// What a request asks for. `HEAD` uses the route of `GET`.
#[expect(missing_docs, reason = "the fields are what the paths name")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `GET /v1/{area}/files`
    List { area: Area },
    /// `POST /v1/{area}/files`
    Form { area: Area },
    /// `GET /v1/{area}/files/{name}`
    Download { area: Area, name: Name },
    /// `PUT /v1/{area}/files/{name}`
    Upload { area: Area, name: Name },
    /// `DELETE /v1/{area}/files/{name}`
    Delete { area: Area, name: Name },
    /// `POST /v1/{area}/urls/{name}`
    MakeUrl { area: Area, target: Target },
    /// `POST /v1/{area}/urls`
    MakeUrls { area: Area },
    /// `POST /v1/{area}/copy` or `/move`
    Copy { area: Area, kind: CopyKind },
    /// `POST /v1/{area}/delete`
    DeleteMany { area: Area },
    /// `GET /v1/{area}/info/{name}`
    Info { area: Area, name: Name },
    /// `PATCH /v1/{area}/info/{name}`
    Amend { area: Area, name: Name },
    /// `POST /v1/{area}/uploads`
    BeginUpload { area: Area },
    /// `GET` of an upload that has begun. Its id is as it is in the path.
    LookAtUpload { place: UploadPlace, id: String },
    /// `PATCH` of it.
    Append { place: UploadPlace, id: String },
    /// `DELETE` of it.
    DiscardUpload { place: UploadPlace, id: String },
    /// A link, with its token and what is asked of it.
    Link { token: String, action: LinkAction },
    /// `GET /v1/openapi.json`
    Openapi,
    /// `OPTIONS` on any path, with the methods that it supports, and the place of the resumable
    /// uploads that begin or continue there.
    Preflight {
        allow: &'static str,
        uploads: Option<UploadPlace>,
    },
}

/// What happens to a file that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyKind {
    /// It stays.
    Copy,
    /// It is deleted: the copy takes its place.
    Move,
}

/// What is asked of a link. Basenames are as they are in the path.
#[expect(missing_docs, reason = "the fields are what the paths name")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAction {
    /// `GET /v1/links/{token}/{basename}`
    Read { basename: String },
    /// `PUT /v1/links/{token}/{basename}`
    Upload { basename: String },
    /// `DELETE /v1/links/{token}/{basename}`
    Delete { basename: String },
    /// `POST /v1/links/{token}/{basename}`
    BeginUpload { basename: String },
    /// `POST /v1/links/{token}/`
    Drop,
}

/// What a request asks for, whether or not its name is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub(crate) operation: Operation,
    pub(crate) area: Option<telemetry::Area>,
}

impl Route {
    /// Finds the route of a request with the target `path_with_query`, and returns it
    /// with what follows the first `?`; before that, what the request asks for, if that
    /// exists.
    pub fn parse<'t>(
        method: &Method,
        path_with_query: &'t str,
    ) -> (Option<Subject>, Result<(Self, &'t str), Problem>) {
        let (path, query) = path_with_query
            .split_once('?')
            .unwrap_or((path_with_query, ""));
        let resource = Resource::parse(path);
        let area = resource.and_then(Resource::area);
        let subject = |operation| Subject { operation, area };
        if *method == Method::OPTIONS {
            let allow = resource.map_or("OPTIONS", |resource| resource.allow());
            let uploads = resource.and_then(Resource::uploads);
            let preflight = Self::Preflight { allow, uploads };
            return (Some(subject(Operation::Options)), Ok((preflight, query)));
        }
        let Some(resource) = resource else {
            return (None, Err(Problem::NotFound));
        };
        let route = resource.route(method).map(|route| (route, query));
        (resource.operation(method).map(subject), route)
    }
}
