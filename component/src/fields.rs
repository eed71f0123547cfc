//! Header fields: parsed from requests into types, and written from types into responses.
//! One file per field or family of fields.

pub(crate) mod body;
pub mod conditions;
pub(crate) mod content_type;
pub(crate) mod cors;
pub(crate) mod digest;
pub mod disposition;
pub(crate) mod metadata;
pub mod range;
pub(crate) mod resumable;
pub(crate) mod tus;

mod single;

pub(crate) use content_type::ContentType;
