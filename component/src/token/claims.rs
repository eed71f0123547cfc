//! The claims of a token: its validity period, audience and subject.

use borsh::{BorshDeserialize, BorshSerialize};
use serde_json::{Map, Value};

use super::keys::LEEWAY;
use super::refusal::{Found, Refusal};
use crate::json::{self, Shape};
use crate::policy::{Absent, Iam, OrgSource, Pointer};

/// The claims of RFC 7519 that must be strings, if present.
const STRINGS: [&str; 3] = ["iss", "sub", "jti"];

/// The times that a token may contain, in seconds since 1970: those before the year
/// 10000. Anything else is a mistake or an attack.
const TIMES: std::ops::RangeInclusive<f64> = 0.0..=253_402_300_799.0;

/// A JWT Claims Set (RFC 7519): a JSON object, whether or not its signature was verified.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Claims(Value);

impl Claims {
    /// Parses the payload of a token; `None` if it is not a JSON object or has a
    /// duplicate member.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        json::object(payload).map(|members| Self(members.into()))
    }

    /// The claims of a token that an operator describes.
    pub(super) fn of(members: Map<String, Value>) -> Self {
        Self(members.into())
    }

    /// Whether the claims are valid at `now` (seconds since 1970) for this IAM API:
    /// `exp` (required), `nbf`, `iat`, `iss` and `aud` (RFC 7519, 4.1).
    pub(crate) fn check(&self, iam: &Iam, now: u64) -> Result<(), Refusal> {
        self.term()?.check(now)?;
        let issuer = self.0.get("iss");
        if issuer.and_then(Value::as_str) != Some(iam.issuer()) {
            return Err(Refusal::Issuer {
                found: Found::of(issuer),
                expected: iam.issuer().to_owned(),
            });
        }
        self.check_audience(iam)
    }

    /// The first claim whose shape RFC 7519, 4.1 does not allow, if there is one.
    pub(crate) fn misshapen(&self) -> Option<Refusal> {
        self.misshapen_but_for_time().or_else(|| self.term().err())
    }

    /// The same, wherever the validity period is left out.
    pub(super) fn misshapen_but_for_time(&self) -> Option<Refusal> {
        let wrong = |name, expected| {
            let found = self.0.get(name).map(Shape::of)?;
            Some(Refusal::Claim {
                name,
                found,
                expected,
            })
        };
        let fits = |name: &str| self.0.get(name).is_none_or(Value::is_string);
        let text = STRINGS.into_iter().find(|name| !fits(name));
        text.and_then(|name| wrong(name, "a string"))
            .or_else(|| match self.audiences() {
                None => wrong("aud", "a string or a list of strings"),
                Some(_) => None,
            })
    }

    /// The validity period.
    ///
    /// # Errors
    /// [`Refusal::NoExpiry`]; [`Refusal::Claim`] and [`Refusal::Time`] for an invalid time.
    pub(crate) fn term(&self) -> Result<Term, Refusal> {
        let from = self.time("nbf")?.into_iter().chain(self.time("iat")?);
        Ok(Term {
            from: from.fold(0.0, f64::max),
            until: self.time("exp")?.ok_or(Refusal::NoExpiry)?,
        })
    }

    fn check_audience(&self, iam: &Iam) -> Result<(), Refusal> {
        let refusal = || Refusal::Audience {
            found: Found::of(self.0.get("aud")),
            expected: expected_audience(iam),
        };
        let audiences = self.audiences().ok_or_else(refusal)?;
        let meant = iam
            .audience()
            .is_some_and(|audience| audiences.contains(&audience));
        match iam.org() {
            OrgSource::Audience(prefix) => match organizations(&audiences, prefix).count() {
                0 if meant => Ok(()),
                0 => Err(refusal()),
                1 => Ok(()),
                _ => Err(Refusal::SeveralOrganizations),
            },
            _ if meant || iam.audience().is_none() => Ok(()),
            _ => Err(refusal()),
        }
    }

    /// The user's id: a non-empty string. A number is not an id, so that 1, 1.0 and
    /// "1" cannot be confused. Nor is the id of a client that acts for itself.
    pub(crate) fn user(&self, iam: &Iam) -> Result<&str, Absent> {
        match self.at(iam.user())? {
            Value::String(id) if id.is_empty() => Err(Absent::Empty),
            Value::String(id) if self.is_client(id) => Err(Absent::Client),
            Value::String(id) => Ok(id),
            other => Err(Absent::Shape(Shape::of(other))),
        }
    }

    /// Whether this id is the token's client and not a user: without a user, `sub`
    /// is the client's own id (RFC 9068, 2.2), which `client_id` or `azp` repeats.
    /// Auth0 appends `@clients`.
    fn is_client(&self, id: &str) -> bool {
        let id = id.strip_suffix("@clients").unwrap_or(id);
        ["client_id", "azp"]
            .iter()
            .any(|name| self.0.get(*name).and_then(Value::as_str) == Some(id))
    }

    /// The organization's id: a non-empty string, or the name of an object's only
    /// member (Keycloak). A list is refused, since it lists memberships and not the
    /// one organization that the bearer acts for.
    pub(crate) fn org(&self, iam: &Iam) -> Result<&str, Absent> {
        match iam.org() {
            OrgSource::Nowhere => Err(Absent::NotConfigured),
            OrgSource::Claim(pointer) => {
                let claim = self.at(pointer)?;
                let id = match claim {
                    Value::String(id) => Some(id),
                    Value::Object(members) if members.len() == 1 => members.keys().next(),
                    _ => None,
                };
                match id {
                    Some(id) if id.is_empty() => Err(Absent::Empty),
                    Some(id) => Ok(id),
                    None => Err(Absent::Shape(Shape::of(claim))),
                }
            }
            OrgSource::Audience(prefix) => {
                let audiences = self.audiences().ok_or(Absent::Missing)?;
                let mut named = organizations(&audiences, prefix);
                let first = named.next().ok_or(Absent::Missing)?;
                match named.count() {
                    0 => Ok(first),
                    // Such a token was refused before.
                    _ => Err(Absent::Missing),
                }
            }
        }
    }

    /// The roles: the words of a string (as in `scope`, RFC 6749, 3.3), or [the
    /// values](Claims::values) of any other claim. There is at least one.
    pub(crate) fn roles(&self, iam: &Iam) -> Result<Vec<String>, Absent> {
        let pointer = iam.roles().ok_or(Absent::NotConfigured)?;
        let claim = self.at(pointer)?;
        let roles = match claim {
            Value::String(words) => words.split_whitespace().map(str::to_owned).collect(),
            other => values(other),
        };
        match (roles.is_empty(), claim) {
            (false, _) => Ok(roles),
            (true, Value::String(_) | Value::Object(_)) => Err(Absent::Empty),
            (true, Value::Array(items)) if items.is_empty() => Err(Absent::Empty),
            // A list of lists, for one.
            (true, _) => Err(Absent::Shape(Shape::of(claim))),
        }
    }

    /// The values of the claim at this pointer: a string, an integer in decimal, `true` or
    /// `false`; each of those in a list; the names of an object's members (Zitadel) other than
    /// those that are null or false.
    pub(crate) fn values(&self, pointer: &Pointer) -> Vec<String> {
        self.at(pointer).map(values).unwrap_or_default()
    }

    fn at(&self, pointer: &Pointer) -> Result<&Value, Absent> {
        self.0.pointer(pointer.as_str()).ok_or(Absent::Missing)
    }

    /// A `NumericDate` (RFC 7519, 2), if the claim is present.
    fn time(&self, name: &'static str) -> Result<Option<f64>, Refusal> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        match value.as_f64() {
            Some(time) if TIMES.contains(&time) => Ok(Some(time)),
            Some(_) => Err(Refusal::Time(name)),
            None => Err(Refusal::Claim {
                name,
                found: Shape::of(value),
                expected: "a time in seconds since 1970",
            }),
        }
    }

    /// `aud`, a string or a list of strings; empty if it is missing, `None` if it is
    /// something else.
    fn audiences(&self) -> Option<Vec<&str>> {
        match self.0.get("aud") {
            None => Some(Vec::new()),
            Some(Value::String(one)) => Some(vec![one]),
            Some(Value::Array(items)) => items.iter().map(Value::as_str).collect(),
            Some(_) => None,
        }
    }
}

#[cfg(feature = "decide")]
impl std::fmt::Display for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn values(claim: &Value) -> Vec<String> {
    match claim {
        Value::Array(items) => items.iter().filter_map(scalar).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)))
            .map(|(name, _)| name.clone())
            .collect(),
        single => scalar(single).into_iter().collect(),
    }
}

/// A fraction is left out, since there is more than one way to write it.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// The validity period of claims, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Term {
    from: f64,
    until: f64,
}

impl Term {
    /// Whether `now` (seconds since 1970) is in it, with the leeway.
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

    /// How much of it is left at `now`, in whole seconds, without the leeway.
    pub(crate) fn seconds_left(&self, now: u64) -> u32 {
        // The cast saturates.
        (self.until - now as f64) as u32
    }
}

/// What `aud` must contain, in words.
fn expected_audience(iam: &Iam) -> String {
    let audience = iam.audience().map(|audience| format!("{audience:?}"));
    let prefix = match iam.org() {
        OrgSource::Audience(prefix) => Some(format!("one that starts with {prefix:?}")),
        _ => None,
    };
    let parts: Vec<String> = audience.into_iter().chain(prefix).collect();
    parts.join(" or ")
}

/// What follows the prefix in the audiences that have it.
fn organizations<'a>(audiences: &[&'a str], prefix: &str) -> impl Iterator<Item = &'a str> {
    audiences
        .iter()
        .filter_map(move |audience| audience.strip_prefix(prefix))
        .filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
