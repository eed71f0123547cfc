//! What development tokens are made and verified with.

/// The `iss` of development tokens.
pub(super) const ISSUER: &str = "coffer-development";
/// The `aud` of development tokens.
pub(super) const AUDIENCE: &str = "coffer";
/// Where development tokens name the user, the organization and the roles.
pub(super) const CLAIMS: [&str; 3] = ["/sub", "/org_id", "/roles"];
