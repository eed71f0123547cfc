//! What a token claims: when, for whom, and in whose name.

use borsh::{BorshDeserialize, BorshSerialize};
use serde_json::{Map, Value};

use crate::json;
use crate::keys::LEEWAY;
use crate::policy::{Iam, OrgSource};
use crate::refusal::Refusal;

/// The times that a token may name, in seconds since 1970: those before the year
/// 10000. Others are no dates but attempts.
const TIMES: std::ops::RangeInclusive<f64> = 0.0..=253_402_300_799.0;

/// A JWT Claims Set (RFC 7519). Being one says nothing about its signature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// Parses the payload of a token; `None` where it is not a JSON object or
    /// names a member twice.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        json::object(payload).map(Self)
    }

    /// Whether the claims hold at `now` (seconds since 1970) for this IAM API:
    /// `exp` (which must be there), `nbf`, `iat`, `iss` and `aud` (RFC 7519, 4.1).
    pub(crate) fn check(&self, iam: &Iam, now: u64) -> Result<(), Refusal> {
        self.term()?.check(now)?;
        if self.0.get("iss").and_then(Value::as_str) != Some(iam.issuer()) {
            return Err(Refusal::Issuer);
        }
        self.check_audience(iam)
    }

    /// From when to when they hold.
    ///
    /// # Errors
    /// [`Refusal::NoExpiry`]; [`Refusal::Claims`] for what is no time.
    pub(crate) fn term(&self) -> Result<Term, Refusal> {
        let from = self.time("nbf")?.into_iter().chain(self.time("iat")?);
        Ok(Term {
            from: from.fold(0.0, f64::max),
            until: self.time("exp")?.ok_or(Refusal::NoExpiry)?,
        })
    }

    fn check_audience(&self, iam: &Iam) -> Result<(), Refusal> {
        let audiences = self.audiences().ok_or(Refusal::Audience)?;
        let meant = iam
            .audience()
            .is_some_and(|audience| audiences.contains(&audience));
        match iam.org() {
            OrgSource::Audience(prefix) => match organizations(&audiences, prefix).count() {
                0 if meant => Ok(()),
                0 => Err(Refusal::Audience),
                1 => Ok(()),
                _ => Err(Refusal::SeveralOrganizations),
            },
            _ if meant || iam.audience().is_none() => Ok(()),
            _ => Err(Refusal::Audience),
        }
    }

    /// The user's id: a string that is not empty. A number names nobody, so that
    /// 1, 1.0 and "1" cannot be taken for one another. Nor does a client that
    /// acts for itself.
    pub(crate) fn user(&self, iam: &Iam) -> Option<&str> {
        iam.user()
            .find(&self.0)
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty() && !self.is_client(id))
    }

    /// Whether this id is the token's client and no user: without a user, `sub`
    /// is the client's own id (RFC 9068, 2.2), which `client_id` or `azp` repeats.
    /// Auth0 puts `@clients` behind it.
    fn is_client(&self, id: &str) -> bool {
        let id = id.strip_suffix("@clients").unwrap_or(id);
        ["client_id", "azp"]
            .iter()
            .any(|name| self.0.get(*name).and_then(Value::as_str) == Some(id))
    }

    /// The organization's id: a string that is not empty, or the name of an
    /// object's only member (Keycloak). A list names none, since it is a list of
    /// memberships and not the one organization that the bearer acts for.
    pub(crate) fn org(&self, iam: &Iam) -> Option<&str> {
        match iam.org() {
            OrgSource::Nowhere => None,
            OrgSource::Claim(pointer) => match pointer.find(&self.0)? {
                Value::String(id) => Some(id.as_str()),
                Value::Object(members) if members.len() == 1 => {
                    members.keys().next().map(String::as_str)
                }
                _ => None,
            }
            .filter(|id| !id.is_empty()),
            OrgSource::Audience(prefix) => {
                let audiences = self.audiences()?;
                let mut named = organizations(&audiences, prefix);
                named.next().filter(|_| named.next().is_none())
            }
        }
    }

    /// The roles: the words of a string (as in `scope`, RFC 6749, 3.3), the
    /// strings of a list, or the names of an object's members (Zitadel) other
    /// than those that are null or false.
    pub(crate) fn roles(&self, iam: &Iam) -> Vec<String> {
        match iam.roles().and_then(|pointer| pointer.find(&self.0)) {
            Some(Value::String(words)) => words.split_whitespace().map(str::to_owned).collect(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            Some(Value::Object(members)) => members
                .iter()
                .filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)))
                .map(|(name, _)| name.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A `NumericDate` (RFC 7519, 2), if the claim is there.
    fn time(&self, name: &str) -> Result<Option<f64>, Refusal> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let time = value.as_f64().filter(|time| TIMES.contains(time));
        time.map(Some).ok_or(Refusal::Claims)
    }

    /// `aud`, which is a string or a list of strings; empty where it is missing,
    /// `None` where it is something else.
    fn audiences(&self) -> Option<Vec<&str>> {
        match self.0.get("aud") {
            None => Some(Vec::new()),
            Some(Value::String(one)) => Some(vec![one]),
            Some(Value::Array(items)) => items.iter().map(Value::as_str).collect(),
            Some(_) => None,
        }
    }
}

/// From when to when claims hold, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Term {
    from: f64,
    until: f64,
}

impl Term {
    /// Whether `now` (seconds since 1970) is in it, give or take the leeway.
    ///
    /// # Errors
    /// [`Refusal::Expired`], [`Refusal::NotYet`].
    pub(crate) fn check(&self, now: u64) -> Result<(), Refusal> {
        // Exact up to 2^53 seconds, which no clock reaches.
        let (now, leeway) = (now as f64, LEEWAY as f64);
        if now >= self.until + leeway {
            return Err(Refusal::Expired);
        }
        if now + leeway < self.from {
            return Err(Refusal::NotYet);
        }
        Ok(())
    }

    /// How much of it is left at `now`, in whole seconds, leeway aside.
    pub(crate) fn seconds_left(&self, now: u64) -> u32 {
        // What does not fit is cut to what does.
        (self.until - now as f64) as u32
    }
}

/// What follows the prefix in those audiences that have it.
fn organizations<'a>(audiences: &[&'a str], prefix: &str) -> impl Iterator<Item = &'a str> {
    audiences
        .iter()
        .filter_map(move |audience| audience.strip_prefix(prefix))
        .filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
