//! What a request's URL says: its path is a [`Route`] with a [`Name`], its query one of the
//! types in [`query`].

mod cursor;
mod name;
pub(crate) mod percent;
pub(crate) mod query;
mod route;

pub(crate) use cursor::Cursor;
pub(crate) use name::Name;
pub(crate) use route::{Route, Subject};
