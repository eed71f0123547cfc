//! The IAM API that a policy trusts, and where its tokens name things.

use borsh::{BorshDeserialize, BorshSerialize};

use super::development;
use super::text::from_text;
use super::web_url::WebUrl;

/// A line of the policy document, if the policy was read from one.
pub(super) type Line = Option<usize>;

/// Looks up the secret that a policy calls `NAME`: the setting
/// `COFFER_SECRET_NAME`.
pub(crate) type Secrets<'a> = dyn Fn(&str) -> Option<&'a [u8]> + 'a;

/// The `[iam]` section.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Iam {
    issuer: String,
    audience: Option<String>,
    user: Pointer,
    org: OrgSource,
    roles: Option<Pointer>,
    keys: KeySource,
}

/// Where tokens name the organization.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(crate) enum OrgSource {
    /// They do not.
    Nowhere,
    /// In a claim.
    Claim(Pointer),
    /// In the one audience that starts with this prefix.
    Audience(String),
}

/// Where the verification keys are.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(crate) enum KeySource {
    /// In the policy: a JWK Set (RFC 7517) as text.
    Inline { jwks: String, line: Line },
    /// In a setting: the secret of HS256.
    Secret { name: String, line: Line },
    /// At a URL of the IAM API: a JWK Set.
    Url(WebUrl),
    /// At the URL named in the issuer's configuration, which is here (OpenID
    /// Connect Discovery 1.0, 4).
    Discovery(WebUrl),
}

impl Iam {
    pub(super) fn new(
        issuer: String,
        audience: Option<String>,
        user: Pointer,
        org: OrgSource,
        roles: Option<Pointer>,
        keys: KeySource,
    ) -> Self {
        Self {
            issuer,
            audience,
            user,
            org,
            roles,
            keys,
        }
    }

    pub(super) fn development(jwks: &str) -> Self {
        let [user, org, roles] = development::CLAIMS.map(|text| Pointer(text.to_owned()));
        Self {
            issuer: development::ISSUER.to_owned(),
            audience: Some(development::AUDIENCE.to_owned()),
            user,
            org: OrgSource::Claim(org),
            roles: Some(roles),
            keys: KeySource::Inline {
                jwks: jwks.to_owned(),
                line: None,
            },
        }
    }

    /// The required `iss`, byte for byte.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The required audience, if there is one.
    pub(crate) fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// Where tokens name the user.
    pub(crate) fn user(&self) -> &Pointer {
        &self.user
    }

    /// Where tokens name the organization.
    pub(crate) fn org(&self) -> &OrgSource {
        &self.org
    }

    /// Where tokens name the roles.
    pub(crate) fn roles(&self) -> Option<&Pointer> {
        self.roles.as_ref()
    }

    /// Where the verification keys are.
    pub(crate) fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// Where keys are fetched from, if they are fetched.
    pub(crate) fn asks(&self) -> Option<&WebUrl> {
        match &self.keys {
            KeySource::Url(url) | KeySource::Discovery(url) => Some(url),
            KeySource::Inline { .. } | KeySource::Secret { .. } => None,
        }
    }

    /// Whether any token at all can name an organization.
    pub(crate) fn names_orgs(&self) -> bool {
        !matches!(self.org, OrgSource::Nowhere)
    }

    /// Whether any token at all can give a role.
    pub(crate) fn names_roles(&self) -> bool {
        self.roles.is_some()
    }

    pub(super) fn checks_audience(&self) -> bool {
        self.audience.is_some() || matches!(self.org, OrgSource::Audience(_))
    }
}

/// A JSON Pointer (RFC 6901) to a claim or into one, never to the whole token.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Pointer(String);

from_text!(Pointer, "a JSON Pointer such as \"/org_id\"");

impl Pointer {
    /// As written, for [`serde_json::Value::pointer`].
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The pointer to the claim with this name.
    pub(super) fn to_member(name: &str) -> String {
        let name = name.replace('~', "~0").replace('/', "~1");
        format!("/{name}")
    }
}

impl Default for Pointer {
    fn default() -> Self {
        Self("/sub".to_owned())
    }
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let escapes = |part: &str| part.starts_with(['0', '1']);
        // The empty pointer is well-formed, but the whole token is not a claim.
        if text.starts_with('/') && text.split('~').skip(1).all(escapes) {
            return Ok(Self(text));
        }
        let meant = if text.starts_with('/') || text.is_empty() {
            "\"/org_id\"; ~ is written ~0".to_owned()
        } else {
            format!("{:?}", Self::to_member(&text))
        };
        Err(format!(
            "{text:?} is not a JSON Pointer to a claim, expected one such as {meant}"
        ))
    }
}

/// A non-empty string.
#[derive(Debug)]
pub(super) struct Text(String);

from_text!(Text, "a string");

impl Text {
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            Err("it must not be empty")
        } else {
            Ok(Self(text))
        }
    }
}

/// The end of a setting's name: `[A-Z0-9_]+`.
#[derive(Debug)]
pub(super) struct SecretName(String);

from_text!(SecretName, "the name of a secret, such as \"IAM\"");

impl SecretName {
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for SecretName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
        if !text.is_empty() && text.bytes().all(fits) {
            return Ok(Self(text));
        }
        // Not quoted, since it may be the secret itself, put here by mistake.
        Err(
            "expected the name of a secret, in upper-case letters, digits and _: \"NAME\" \
             refers to the setting COFFER_SECRET_NAME"
                .to_owned(),
        )
    }
}

/// A JWK Set as text, not parsed.
#[derive(Debug)]
pub(super) struct JwksText(String);

from_text!(JwksText, "a JWK Set as text: '''{\"keys\":[…]}'''");

impl JwksText {
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for JwksText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Where keys are published.
#[derive(Debug)]
pub(super) struct KeysUrl(WebUrl);

from_text!(KeysUrl, "an http or https URL");

impl KeysUrl {
    pub(super) fn into_url(self) -> WebUrl {
        self.0
    }
}

impl TryFrom<String> for KeysUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        WebUrl::parse(&text)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not an http or https URL"))
    }
}

/// Where an issuer's configuration is (OpenID Connect Discovery 1.0, 4.1); `None`
/// for an issuer that is not a URL, or that has a query (3).
pub(super) fn configuration(issuer: &str) -> Option<WebUrl> {
    WebUrl::parse(issuer).filter(|url| !url.has_query())?;
    let issuer = issuer.trim_end_matches('/');
    WebUrl::parse(&format!("{issuer}/.well-known/openid-configuration"))
}
