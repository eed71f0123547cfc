//! The document as written, before defaults are applied and contradictions are found.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::DeTable;

use super::area_section::{AreaSection, LONGEST_PATHS};
use super::error::PolicyError;
use super::facts::Questions;
use super::fields::Origins;
use super::iam::{self, Iam, JwksText, KeySource, KeysUrl, OrgSource, Pointer, SecretName, Text};
use super::instant::Instant;
use super::paths::AreaPaths;
use super::source::line_of;
use super::table::TableOf;
use super::units::{Age, Count};
use super::{Policy, Stated, UnfinishedLimits};
use crate::area::Area;

/// How long unfinished uploads live by default, in seconds: a day.
const DEFAULT_UPLOAD_AGE: u64 = 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct Document {
    public_only: Option<Spanned<bool>>,
    iam: Option<Spanned<TableOf<IamSection>>>,
    #[serde(default)]
    public: TableOf<AreaSection>,
    #[serde(default)]
    user: TableOf<AreaSection>,
    #[serde(default)]
    org: TableOf<AreaSection>,
    #[serde(default)]
    links: TableOf<LinksSection>,
    #[serde(default)]
    uploads: TableOf<UploadsSection>,
    #[serde(default)]
    cors: TableOf<CorsSection>,
    /// Read by [`super::Case`].
    #[serde(default, rename = "test")]
    _tests: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct IamSection {
    issuer: Spanned<Text>,
    audience: Option<Text>,
    #[serde(default)]
    user_claim: Pointer,
    org_claim: Option<Pointer>,
    audience_prefix: Option<Spanned<Text>>,
    roles_claim: Option<Pointer>,
    jwks: Option<Spanned<JwksText>>,
    jwks_url: Option<KeysUrl>,
    hs256_secret: Option<Spanned<SecretName>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct LinksSection {
    #[serde(default)]
    max_age: Age,
    not_before: Option<Instant>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct UploadsSection {
    max_age: Option<Age>,
    #[serde(default)]
    max_unfinished: Count,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct CorsSection {
    #[serde(default)]
    origins: Origins,
}

impl Policy {
    /// Reads a policy document (TOML).
    ///
    /// # Errors
    /// An empty document; an unknown key, word, unit or pointer, or a contradiction, with
    /// its line.
    pub fn parse(document: &str) -> Result<Self, PolicyError> {
        Document::parse(document)?.into_policy(document)
    }
}

impl Document {
    fn parse(text: &str) -> Result<Self, PolicyError> {
        let fault = |error| PolicyError::of_toml(text, &error);
        let table = DeTable::parse(text).map_err(fault)?;
        // A file that was just truncated, or that its writer has not written yet.
        if table.get_ref().is_empty() {
            return Err(PolicyError::new(
                "it is empty; for the public area alone, write public-only = true",
            ));
        }
        Self::deserialize(toml::Deserializer::from(table)).map_err(fault)
    }

    /// `text` is the document itself, for the line numbers of errors.
    fn into_policy(mut self, text: &str) -> Result<Policy, PolicyError> {
        let (TableOf(links), TableOf(uploads)) = (self.links, self.uploads);
        let public_only = self.public_only.filter(|said| *said.get_ref());
        if let (Some(said), Some(_)) = (&public_only, &self.iam) {
            let message = "public-only = true and an [iam] section are mutually exclusive";
            return Err(PolicyError::at(text, said.span(), message));
        }
        let cache_control = self.public.0.cache_control.take();
        let mut questions = Questions::default();
        let mut room = LONGEST_PATHS;
        let mut area =
            |section: AreaSection, area| section.into_area(area, text, &mut questions, &mut room);
        let (public, of_public) = area(self.public.0, Area::Public)?;
        let (user, of_user) = area(self.user.0, Area::User)?;
        let (org, of_org) = area(self.org.0, Area::Org)?;
        let paths = AreaPaths {
            public: of_public,
            user: of_user,
            org: of_org,
        };
        let stated = Stated {
            public_only: public_only.is_some(),
            iam: self
                .iam
                .map(|section| into_iam(section, text))
                .transpose()?,
            development: false,
            public,
            user,
            org,
            questions,
            cache_control: cache_control.map(Spanned::into_inner),
            link_max_age: links.max_age.seconds(),
            links_not_before: links.not_before.map(Instant::seconds),
            uploads: UnfinishedLimits {
                max_age: uploads
                    .max_age
                    .as_ref()
                    .map_or(DEFAULT_UPLOAD_AGE, Age::seconds),
                most: uploads.max_unfinished.get(),
            },
            origins: self.cors.0.origins,
        };
        Ok(Policy { stated, paths })
    }
}

fn into_iam(section: Spanned<TableOf<IamSection>>, text: &str) -> Result<Iam, PolicyError> {
    let header = line_of(text, section.span().start);
    let TableOf(section) = section.into_inner();
    let issuer_at = section.issuer.span();
    let issuer = section.issuer.into_inner().into_string();
    let org = match (section.org_claim, section.audience_prefix) {
        (None, None) => OrgSource::Nowhere,
        (Some(pointer), None) => OrgSource::Claim(pointer),
        (None, Some(prefix)) => OrgSource::Audience(prefix.into_inner().into_string()),
        (Some(_), Some(prefix)) => {
            let message = "[iam]: org-claim and audience-prefix are mutually exclusive";
            return Err(PolicyError::at(text, prefix.span(), message));
        }
    };
    let line = |offset: usize| Some(line_of(text, offset));
    let keys = match (section.jwks, section.jwks_url, section.hs256_secret) {
        (None, None, None) => match iam::configuration(&issuer) {
            Some(url) => KeySource::Discovery(url),
            None => {
                let message = "iam.issuer: keys can only be discovered at an http or https URL \
                               without a query; set jwks, jwks-url or hs256-secret";
                return Err(PolicyError::at(text, issuer_at, message));
            }
        },
        (Some(jwks), None, None) => KeySource::Inline {
            line: line(content_start(text, jwks.span())),
            jwks: jwks.into_inner().into_string(),
        },
        (None, Some(url), None) => KeySource::Url(url.into_url()),
        (None, None, Some(name)) => KeySource::Secret {
            line: line(name.span().start),
            name: name.into_inner().into_string(),
        },
        _ => {
            let message = "[iam]: jwks, jwks-url and hs256-secret are mutually exclusive";
            return Err(PolicyError::at_line(Some(header), message.to_owned()));
        }
    };
    let audience = section.audience.map(Text::into_string);
    Ok(Iam::new(
        issuer,
        audience,
        section.user_claim,
        org,
        section.roles_claim,
        keys,
    ))
}

/// Where the text of a string begins: a line break after the opening quotes is not part of
/// it.
fn content_start(document: &str, span: Range<usize>) -> usize {
    let written = document.get(span.clone()).unwrap_or_default();
    let quotes = ["'''", "\"\"\""].iter();
    let broken = quotes
        .filter_map(|quotes| written.strip_prefix(quotes))
        .any(|text| text.starts_with(['\r', '\n']));
    let line = written.find('\n').filter(|_| broken);
    line.map_or(span.start, |at| span.start + at + 1)
}
