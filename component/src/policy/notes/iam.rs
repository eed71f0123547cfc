//! An `[iam]` section that no token, or the wrong one, will fit.

use super::Notes;
use crate::policy::iam::Pointer;
use crate::policy::source::{Section, Written};
use crate::policy::{KeySource, Policy};

/// Below it providers publish what they are; their issuer is what stands before it.
const WELL_KNOWN: &str = "/.well-known/";

/// Looks at where the keys and the claims are said to be.
pub(super) fn look(section: &Section<'_>, policy: &Policy, notes: &mut Notes) {
    let Some(iam) = policy.iam() else { return };
    if let Some(issuer) = section.text("issuer") {
        look_at_issuer(issuer, notes);
    }
    if let Some(audience) = section.text("audience")
        && audience.text.contains([',', ' '])
    {
        let text = "is one audience, compared to the byte; a list is not understood";
        notes.at(audience, "iam.audience", text);
    }
    if !iam.checks_audience() {
        let text = "[iam] names no audience: tokens that the issuer made for other services are \
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
        let text = "is where the provider's configuration is, not its keys; without jwks-url they \
                    are found by it";
        notes.at(url, "iam.jwks-url", text);
    }
    let (KeySource::Url(url) | KeySource::Discovery(url)) = iam.keys() else {
        return;
    };
    if !url.is_secure() {
        let line = section
            .line_of("jwks-url")
            .or_else(|| section.line_of("issuer"));
        let text = "[iam] has its keys fetched by http: anyone on the way can put keys of their \
                    own in their place. Not for production";
        notes.line(line.unwrap_or(section.line()), text);
    }
}

fn look_at_issuer(issuer: Written<'_>, notes: &mut Notes) {
    const KEY: &str = "iam.issuer";
    let text = issuer.text;
    if let Some(at) = text.find(WELL_KNOWN) {
        let meant = &text[..at];
        let words = format!("is an address below the issuer; that is {meant:?} or \"{meant}/\"");
        notes.at(issuer, KEY, &words);
    } else if text.trim() != text {
        notes.at(
            issuer,
            KEY,
            "has blanks around it, which no token's iss has",
        );
    } else if text.ends_with(".auth0.com") {
        notes.at(
            issuer,
            KEY,
            "lacks the slash at the end that issuers of Auth0 have",
        );
    }
}

/// Why a JSON Pointer leads elsewhere than it seems to.
fn misread(pointer: &str) -> Option<String> {
    let name = pointer.strip_prefix('/')?;
    if name.contains("://") {
        let meant = Pointer::to_member(&name.replace("~1", "/"));
        return Some(format!(
            "is a path of several members; a / within a claim's name is written ~1: {meant:?}"
        ));
    }
    if name.split('/').any(str::is_empty) {
        return Some("leads to a member without a name".to_owned());
    }
    if name.to_ascii_lowercase().contains("%2f") {
        return Some("is not percent-decoded; a / within a claim's name is written ~1".to_owned());
    }
    if name.trim() != name {
        return Some("has blanks around it, which are part of the claim's name".to_owned());
    }
    // Names that are addresses have dots of their own.
    if name.contains('.') && !name.contains(['/', '~', ':']) {
        let meant = format!("/{}", name.replace('.', "/"));
        return Some(format!(
            "is one claim with dots in its name; a member of a claim is {meant:?}"
        ));
    }
    None
}
