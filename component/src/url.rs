//! A request's URL: its path is a [`Route`] with a [`Name`], its query one of the types in
//! [`query`].

mod cursor;
mod name;
pub(crate) mod percent;
pub mod query;
mod route;
mod version;

pub(crate) use cursor::Cursor;
pub use name::Name;
pub use route::Route;
pub(crate) use route::Subject;
pub(crate) use version::Version;
