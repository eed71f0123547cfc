//! Secrets that are stored on disk: what signs presigned URLs and development tokens.

pub mod dev;
pub mod link_secret;
pub mod secret_file;
