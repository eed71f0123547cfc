//! What a path names, which methods that supports, and the route of each.

use http::Method;

use super::{CopyKind, LinkAction, Route};
use crate::area::Area;
use crate::bindings::coffer::storage::telemetry::{self, Operation};
use crate::problem::Problem;
use crate::url::name::Name;
use crate::url::target::Target;
use crate::url::upload_place::UploadPlace;

/// What a path names, before the method and the name are parsed.
#[derive(Clone, Copy)]
pub(super) enum Resource<'p> {
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
    pub(super) fn parse(path: &'p str) -> Option<Self> {
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

    pub(super) fn area(self) -> Option<telemetry::Area> {
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
    pub(super) fn uploads(self) -> Option<UploadPlace> {
        match self {
            Self::Uploads(area) | Self::File(area, _) => Some(UploadPlace::Area(area)),
            Self::Upload(place, _) => Some(place),
            Self::Link(..) | Self::FolderLink(_) => Some(UploadPlace::Link),
            _ => None,
        }
    }

    pub(super) fn operation(self, method: &Method) -> Option<Operation> {
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
    pub(super) fn allow(self) -> &'static str {
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

    pub(super) fn route(self, method: &Method) -> Result<Route, Problem> {
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
