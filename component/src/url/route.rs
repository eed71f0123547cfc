//! From method and path to a [`Route`].

use http::Method;

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

/// What a path names, before the method and the name are parsed.
#[derive(Clone, Copy)]
enum Resource<'p> {
    /// `OPTIONS *`: the server as a whole (RFC 9110, 9.3.7).
    Server,
    Files(Area),
    File(Area, &'p str),
    Url(Area, &'p str),
    Urls(Area),
    Copy(Area, CopyKind),
    Delete(Area),
    Info(Area, &'p str),
    Link(&'p str, &'p str),
    /// A link for a folder.
    FolderLink(&'p str),
    Uploads(Area),
    Upload(UploadPlace, &'p str),
    Openapi,
}

impl<'p> Resource<'p> {
    fn parse(path: &'p str) -> Option<Self> {
        if path == "*" {
            return Some(Self::Server);
        }
        let below = path.strip_prefix("/v1/")?;
        if below == "openapi.json" {
            return Some(Self::Openapi);
        }
        let (first, rest) = below.split_once('/')?;
        if first == "links" {
            let (token, basename) = rest.split_once('/')?;
            return match (token, basename) {
                ("", _) => None,
                // Never the token of a link, which has dots.
                (UploadPlace::BELOW_LINKS, id) => {
                    let is_one = !id.is_empty() && !id.contains('/');
                    is_one.then_some(Self::Upload(UploadPlace::Link, id))
                }
                (token, "") => Some(Self::FolderLink(token)),
                (token, basename) => {
                    (!basename.contains('/')).then_some(Self::Link(token, basename))
                }
            };
        }
        let area = Area::parse(first)?;
        match rest.split_once('/') {
            None if rest == "files" => Some(Self::Files(area)),
            None if rest == "urls" => Some(Self::Urls(area)),
            None if rest == "copy" => Some(Self::Copy(area, CopyKind::Copy)),
            None if rest == "move" => Some(Self::Copy(area, CopyKind::Move)),
            None if rest == "delete" => Some(Self::Delete(area)),
            None if rest == "uploads" => Some(Self::Uploads(area)),
            Some(("uploads", id)) if !id.is_empty() && !id.contains('/') => {
                Some(Self::Upload(UploadPlace::Area(area), id))
            }
            Some(("files", name)) => Some(Self::File(area, name)),
            Some(("urls", name)) => Some(Self::Url(area, name)),
            Some(("info", name)) => Some(Self::Info(area, name)),
            _ => None,
        }
    }

    fn area(self) -> Option<telemetry::Area> {
        let area = match self {
            Self::Server | Self::Link(..) | Self::FolderLink(_) | Self::Openapi => return None,
            Self::Upload(UploadPlace::Link, _) => return None,
            Self::Uploads(area) | Self::Upload(UploadPlace::Area(area), _) => area,
            Self::Files(area) | Self::File(area, _) | Self::Url(area, _) | Self::Urls(area) => area,
            Self::Copy(area, _) | Self::Delete(area) | Self::Info(area, _) => area,
        };
        Some(area.into())
    }

    /// The place of the resumable uploads that begin or continue here.
    fn uploads(self) -> Option<UploadPlace> {
        match self {
            Self::Uploads(area) | Self::File(area, _) => Some(UploadPlace::Area(area)),
            Self::Upload(place, _) => Some(place),
            Self::Link(..) | Self::FolderLink(_) => Some(UploadPlace::Link),
            _ => None,
        }
    }

    fn operation(self, method: &Method) -> Option<Operation> {
        Some(match (self, method.as_str()) {
            (Self::Files(_), "GET" | "HEAD") => Operation::List,
            (Self::Files(_), "POST") => Operation::Form,
            (Self::File(..), "GET") => Operation::Download,
            (Self::File(..), "HEAD") => Operation::Head,
            (Self::File(..), "PUT") => Operation::Upload,
            (Self::File(..), "DELETE") => Operation::Delete,
            (Self::Url(..), "POST") => Operation::MakeUrl,
            (Self::Urls(_), "POST") => Operation::MakeUrls,
            (Self::Copy(_, CopyKind::Copy), "POST") => Operation::Copy,
            (Self::Copy(_, CopyKind::Move), "POST") => Operation::Move,
            (Self::Delete(_), "POST") => Operation::DeleteMany,
            (Self::Info(..), "GET" | "HEAD") => Operation::Info,
            (Self::Info(..), "PATCH") => Operation::Amend,
            (Self::Link(..), "GET" | "HEAD") => Operation::FollowLink,
            (Self::Link(..), "PUT") => Operation::Upload,
            (Self::Link(..), "DELETE") => Operation::Delete,
            (Self::FolderLink(_), "POST") => Operation::Form,
            (Self::Uploads(_) | Self::Link(..), "POST") => Operation::BeginUpload,
            (Self::Upload(..), "GET" | "HEAD") => Operation::LookAtUpload,
            (Self::Upload(..), "PATCH") => Operation::Append,
            (Self::Upload(..), "DELETE") => Operation::DiscardUpload,
            (Self::Openapi, "GET" | "HEAD") => Operation::Openapi,
            _ => return None,
        })
    }

    /// The methods it supports, as `Allow` lists them (RFC 9110, 10.2.1).
    fn allow(self) -> &'static str {
        match self {
            Self::Server => "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS",
            Self::Files(_) => "GET, HEAD, POST, OPTIONS",
            Self::File(..) => "GET, HEAD, PUT, DELETE, OPTIONS",
            Self::Link(..) => "GET, HEAD, PUT, POST, DELETE, OPTIONS",
            Self::Uploads(_) => "POST, OPTIONS",
            Self::Upload(..) => "GET, HEAD, PATCH, DELETE, OPTIONS",
            Self::Url(..) | Self::Urls(_) | Self::FolderLink(_) => "POST, OPTIONS",
            Self::Copy(..) | Self::Delete(_) => "POST, OPTIONS",
            Self::Info(..) => "GET, HEAD, PATCH, OPTIONS",
            Self::Openapi => "GET, HEAD, OPTIONS",
        }
    }

    fn route(self, method: &Method) -> Result<Route, Problem> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        Ok(match (self, method.as_str()) {
            (Self::Files(area), "GET") => Route::List { area },
            (Self::Files(area), "POST") => Route::Form { area },
            (Self::File(area, raw), "GET") => Route::Download {
                area,
                name: Name::decode(raw)?,
            },
            (Self::File(area, raw), "PUT") => Route::Upload {
                area,
                name: Name::decode(raw)?,
            },
            (Self::File(area, raw), "DELETE") => Route::Delete {
                area,
                name: Name::decode(raw)?,
            },
            (Self::Url(area, raw), "POST") => Route::MakeUrl {
                area,
                target: Target::decode(raw)?,
            },
            (Self::Urls(area), "POST") => Route::MakeUrls { area },
            (Self::Copy(area, kind), "POST") => Route::Copy { area, kind },
            (Self::Delete(area), "POST") => Route::DeleteMany { area },
            (Self::Info(area, raw), "GET") => Route::Info {
                area,
                name: Name::decode(raw)?,
            },
            (Self::Info(area, raw), "PATCH") => Route::Amend {
                area,
                name: Name::decode(raw)?,
            },
            (Self::Uploads(area), "POST") => Route::BeginUpload { area },
            (Self::Upload(place, id), "GET") => Route::LookAtUpload {
                place,
                id: id.to_owned(),
            },
            (Self::Upload(place, id), "PATCH") => Route::Append {
                place,
                id: id.to_owned(),
            },
            (Self::Upload(place, id), "DELETE") => Route::DiscardUpload {
                place,
                id: id.to_owned(),
            },
            (Self::Link(token, basename), "GET" | "PUT" | "POST" | "DELETE") => {
                let basename = basename.to_owned();
                Route::Link {
                    token: token.to_owned(),
                    action: match method.as_str() {
                        "GET" => LinkAction::Read { basename },
                        "PUT" => LinkAction::Upload { basename },
                        "POST" => LinkAction::BeginUpload { basename },
                        _ => LinkAction::Delete { basename },
                    },
                }
            }
            (Self::FolderLink(token), "POST") => Route::Link {
                token: token.to_owned(),
                action: LinkAction::Drop,
            },
            (Self::Openapi, "GET") => Route::Openapi,
            _ => {
                return Err(Problem::MethodNotAllowed {
                    allow: self.allow(),
                });
            }
        })
    }
}

#[cfg(test)]
mod tests;
