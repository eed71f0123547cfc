//! Secrets that are kept on disk: what links are signed with, and what development tokens are.

pub mod dev;
pub mod link_secret;
pub mod secret_file;
