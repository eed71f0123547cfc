//! The rules of the blob-store port (`wit/blobs.wit`), and of responses (`wit/exchange.wit`), as
//! pure functions over plain data: no I/O, no clock, no WebAssembly. The host and the adapter
//! components are both built on them, so that a rule exists once.
//!
//! | module | rules |
//! |---|---|
//! | [`arguments`] | which arguments are valid |
//! | [`key`] | what a key is |
//! | [`file`](mod@file) | what is stored beside a file's bytes |
//! | [`metadata`] | what clients keep there |
//! | [`span`] | which bytes of a file are meant |
//! | [`conditions`] | preconditions and `If-Range` |
//! | [`guard`] | whose files may be read, replaced or removed |
//! | [`options`] | guards and conditions of one call, in their order |
//! | [`copy`] | copies, and changes of a file's description |
//! | [`resumable`] | uploads that go on over several requests |
//! | [`list`] | folders and pages |
//! | [`measure`] | size and digest of an upload |
//! | [`error`] | why something was not done |
//! | [`exchange`] | the length of a response that the component makes itself |
//! | [`object`] | what engines over an S3-compatible service share |

pub mod arguments;
pub mod conditions;
pub mod copy;
pub mod error;
pub mod exchange;
pub mod file;
pub mod guard;
pub mod key;
pub mod list;
pub mod measure;
pub mod metadata;
pub mod object;
pub mod options;
pub mod resumable;
pub mod span;

pub use conditions::{Conditions, Etags, Validator};
pub use copy::{Amendment, Copy};
pub use error::{CopyError, Error, Refusal};
pub use file::{Info, Listed, Stored};
pub use guard::Guard;
pub use key::{Key, KeyError};
pub use list::{Entry, ListOptions, Listing};
pub use measure::{Digest, Size};
pub use metadata::{Metadata, MetadataError};
pub use options::{CreateOptions, OpenOptions, check_read, check_remove};
pub use span::{Extent, Span};
