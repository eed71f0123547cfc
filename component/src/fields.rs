//! Header fields: from what a request carries to types, and from types to what a response
//! carries. One file a field, or a family of them.

pub mod conditions;
pub(crate) mod content_type;
pub(crate) mod cors;
pub(crate) mod digest;
pub mod disposition;
pub mod range;

pub(crate) use content_type::ContentType;
