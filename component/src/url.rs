//! A request's URL: its path is a [`Route`] with a [`Name`], its query one of the types in
//! [`query`].

mod after;
mod cursor;
mod name;
pub(crate) mod percent;
pub mod query;
mod route;
pub(crate) mod seal;
mod series;
mod target;
mod upload_place;
mod version;

pub(crate) use after::After;
pub(crate) use cursor::Cursor;
pub use name::Name;
pub(crate) use route::{CopyKind, Subject};
pub use route::{LinkAction, Route};
pub(crate) use series::Series;
pub use target::Target;
pub use upload_place::UploadPlace;
pub(crate) use version::Version;
