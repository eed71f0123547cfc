//! An `[iam]` section that matches no tokens, or the wrong ones.

use super::Notes;
use crate::policy::iam::Pointer;
use crate::policy::source::{Section, Written};
use crate::policy::{KeySource, Policy};

/// Providers publish their configuration below this path; the issuer is what precedes it.
const WELL_KNOWN: &str = "/.well-known/";

/// Checks where the section says that the keys and the claims are.
pub(super) fn look(section: &Section<'_>, policy: &Policy, notes: &mut Notes) {
    let Some(iam) = policy.iam() else { return };
    if let Some(issuer) = section.text("issuer") {
        look_at_issuer(issuer, notes);
    }
    if let Some(audience) = section.text("audience")
        && audience.text.contains([',', ' '])
    {
        let text = "is a single audience, compared byte for byte; a list is not supported";
        notes.at(audience, "iam.audience", text);
    }
    if !iam.checks_audience() {
        let text = "[iam] has no audience: tokens that the issuer issued for other services are \
                    accepted too";
        notes.line(section.line(), text);
    }
    for key in ["user-claim", "org-claim", "roles-claim"] {
        if let Some(pointer) = section.text(key)
            && let Some(text) = misread(pointer.text)
        {
            notes.at(pointer, &format!("iam.{key}"), &text);
        }
    }
    if let Some(url) = section.text("jwks-url")
        && url.text.ends_with("/.well-known/openid-configuration")
    {
        let text = "is the provider's configuration, not its keys; without jwks-url the keys are \
                    found by OpenID Connect Discovery";
        notes.at(url, "iam.jwks-url", text);
    }
    let (KeySource::Url(url) | KeySource::Discovery(url)) = iam.keys() else {
        return;
    };
    if !url.is_secure() {
        let line = section
            .line_of("jwks-url")
            .or_else(|| section.line_of("issuer"));
        let text = "[iam] fetches its keys over plain http: anyone on the network path can replace \
                    them. Not for production";
        notes.line(line.unwrap_or(section.line()), text);
    }
}

fn look_at_issuer(issuer: Written<'_>, notes: &mut Notes) {
    const KEY: &str = "iam.issuer";
    let text = issuer.text;
    if let Some(at) = text.find(WELL_KNOWN) {
        let meant = &text[..at];
        let words = format!("is a URL below the issuer; the issuer is {meant:?} or \"{meant}/\"");
        notes.at(issuer, KEY, &words);
    } else if text.trim() != text {
        notes.at(
            issuer,
            KEY,
            "has spaces around it, which no token's iss has",
        );
    } else if text.ends_with(".auth0.com") {
        notes.at(issuer, KEY, "lacks the trailing slash of Auth0 issuers");
    }
}

/// Why a JSON Pointer points to something other than it seems to.
pub(super) fn misread(pointer: &str) -> Option<String> {
    let name = pointer.strip_prefix('/')?;
    if name.contains("://") {
        let meant = Pointer::to_member(&name.replace("~1", "/"));
        return Some(format!(
            "is a path through several members; a / in a claim's name is written ~1: {meant:?}"
        ));
    }
    if name.split('/').any(str::is_empty) {
        return Some("points to a member with an empty name".to_owned());
    }
    if name.to_ascii_lowercase().contains("%2f") {
        return Some("is not percent-decoded; a / in a claim's name is written ~1".to_owned());
    }
    if name.trim() != name {
        return Some("has spaces around it, which are part of the claim's name".to_owned());
    }
    // Names that are URLs contain dots of their own.
    if name.contains('.') && !name.contains(['/', '~', ':']) {
        let meant = format!("/{}", name.replace('.', "/"));
        return Some(format!(
            "is one claim with dots in its name; for a member of a claim, write {meant:?}"
        ));
    }
    None
}
