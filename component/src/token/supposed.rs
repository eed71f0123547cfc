//! Callers whom an operator describes, to ask what the policy allows them. They come from the
//! claims that their token would have, by the way of every token.

use serde_json::{Map, Value};

use super::caller::{Bearer, Caller};
use super::claims::Claims;
use super::refusal::Refusal;
use crate::policy::{Iam, OrgSource, Pointer, Policy, Subject};

/// Why no token names such a caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Impossible {
    #[error("there is no [iam], so tokens are ignored; only \"nobody\" can ask")]
    NoIam,
    #[error("no token names an organization: [iam] has neither org-claim nor audience-prefix")]
    NoOrg,
    #[error("no token gives a role: [iam] has no roles-claim")]
    NoRoles,
    /// What the policy reads at the pointer is in the claims already.
    #[error("{what} is at {pointer} in the token, and claims has something else there")]
    Contradiction { what: &'static str, pointer: String },
    #[error("a token with these claims is refused: {0}")]
    Refused(Refusal),
    /// The token is valid, but names nobody.
    #[error("a token with these claims names no {what}: {reason}")]
    Unnamed { what: &'static str, reason: String },
}

/// The caller with a token of this subject under this policy.
///
/// # Errors
/// [`Impossible`].
pub(crate) fn suppose(subject: &Subject, policy: &Policy) -> Result<Caller, Impossible> {
    let iam = policy.iam().ok_or(Impossible::NoIam)?;
    let claims = Claims::of(payload(subject, iam)?);
    if let Some(refusal) = claims.misshapen_but_for_time() {
        return Err(Impossible::Refused(refusal));
    }
    let bearer = Bearer::of(&claims, iam, policy.questions());
    let unnamed = |what, reason| Err(Impossible::Unnamed { what, reason });
    match (bearer.user(), bearer.org(), bearer.roles()) {
        (Err(absent), ..) if subject.user.is_some() => unnamed("user", absent.user(iam)),
        (_, Err(absent), _) if subject.org.is_some() => unnamed("organization", absent.org(iam)),
        (.., Err(absent)) if !subject.roles.is_empty() => unnamed("role", absent.roles(iam)),
        _ => Ok(Caller::Bearer(bearer)),
    }
}

/// The claims with user, organization and roles where the policy looks for them.
fn payload(subject: &Subject, iam: &Iam) -> Result<Map<String, Value>, Impossible> {
    let mut members = subject.claims.clone();
    if let Some(user) = &subject.user {
        put(&mut members, iam.user(), "user", user.as_str().into())?;
    }
    if let Some(org) = &subject.org {
        match iam.org() {
            OrgSource::Nowhere => return Err(Impossible::NoOrg),
            OrgSource::Claim(pointer) => put(&mut members, pointer, "org", org.as_str().into())?,
            OrgSource::Audience(prefix) => add_audience(&mut members, &format!("{prefix}{org}")),
        }
    }
    if !subject.roles.is_empty() {
        let pointer = iam.roles().ok_or(Impossible::NoRoles)?;
        put(&mut members, pointer, "roles", subject.roles.clone().into())?;
    }
    Ok(members)
}

/// Puts a value where a pointer looks for it.
fn put(
    members: &mut Map<String, Value>,
    pointer: &Pointer,
    what: &'static str,
    value: Value,
) -> Result<(), Impossible> {
    let contradiction = || Impossible::Contradiction {
        what,
        pointer: pointer.as_str().to_owned(),
    };
    let unescaped = |name: &str| name.replace("~1", "/").replace("~0", "~");
    let mut names = pointer.as_str().split('/').skip(1).map(unescaped);
    let mut name = names.next().unwrap_or_default();
    let mut members = members;
    for deeper in names {
        let inner = members
            .entry(std::mem::replace(&mut name, deeper))
            .or_insert_with(|| Value::Object(Map::new()));
        members = inner.as_object_mut().ok_or_else(contradiction)?;
    }
    match members.insert(name, value.clone()) {
        Some(said) if said != value => Err(contradiction()),
        _ => Ok(()),
    }
}

fn add_audience(members: &mut Map<String, Value>, audience: &str) {
    let mut all = match members.remove("aud") {
        Some(Value::Array(all)) => all,
        one => one.into_iter().collect(),
    };
    if !all.iter().any(|known| known == audience) {
        all.push(audience.into());
    }
    members.insert("aud".to_owned(), all.into());
}

#[cfg(test)]
mod tests;
