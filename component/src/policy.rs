//! The policy document: which IAM API this build trusts, and who may do what.
//!
//! A parsed policy is remembered in a compact form for later requests. Key sets
//! stay text until a token has to be verified; [`crate::token::keyring::check`]
//! checks them once, at startup.

mod absent;
mod applied;
mod area_section;
mod cases;
pub(crate) mod closings;
mod denied;
mod development;
mod document;
mod error;
mod facts;
mod fields;
mod iam;
mod instant;
mod media;
mod notes;
pub(crate) mod openings;
mod paths;
mod pattern;
mod payload;
mod remembered;
mod rule;
mod sieve;
mod source;
mod table;
mod text;
mod units;
mod web_url;

use std::borrow::Cow;
use std::time::Duration;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::area::Area;

pub(crate) use absent::Absent;
pub(crate) use applied::{Applied, RuleRef};
pub(crate) use cases::{Case, Expected, Question, Subject};
pub(crate) use denied::{Denied, Why};
pub(crate) use error::PolicyError;
pub(crate) use facts::{Facts, Questions};
pub(crate) use fields::Origins;
pub(crate) use iam::{Iam, KeySource, OrgSource, Pointer, Secrets};
pub(crate) use media::MediaRange;
pub(crate) use rule::{Operation, Word};
pub(crate) use sieve::Sieve;
pub(crate) use web_url::WebUrl;

use fields::CacheControl;
use paths::{AreaPaths, Paths};
use rule::Rules;

/// A policy in force. Without an IAM API, this is public-only mode.
#[derive(Debug)]
pub struct Policy {
    stated: Stated,
    paths: AreaPaths,
}

/// What a policy says, but for its paths.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct Stated {
    /// Whether the document explicitly says that there is no IAM API.
    public_only: bool,
    iam: Option<Iam>,
    development: bool,
    public: AreaPolicy,
    user: AreaPolicy,
    org: AreaPolicy,
    /// What rules and paths ask of tokens.
    questions: Questions,
    cache_control: Option<CacheControl>,
    /// In seconds.
    link_max_age: u64,
    /// In seconds since 1970.
    links_not_before: Option<u64>,
    uploads: UnfinishedLimits,
    origins: Origins,
}

/// What a policy says about resumable uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct UnfinishedLimits {
    /// How long they live, in seconds.
    pub(crate) max_age: u64,
    /// The maximum number of unfinished ones of one owner.
    pub(crate) most: u32,
}

/// What a policy says about one area.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
struct AreaPolicy {
    rules: Rules,
    limits: AreaLimits,
}

/// What may be stored in an area.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct AreaLimits {
    max_file_size: u64,
    content_types: Vec<MediaRange>,
}

impl AreaLimits {
    /// The maximum size of a file, in bytes.
    pub(crate) fn max_file_size(&self) -> u64 {
        self.max_file_size
    }

    /// Whether a file of this `Content-Type` may be stored. Parameters and case
    /// do not matter.
    pub(crate) fn takes(&self, content_type: &str) -> bool {
        self.content_types
            .iter()
            .any(|range| range.takes(content_type))
    }

    /// The types of files that may be stored.
    pub(crate) fn content_types(&self) -> &[MediaRange] {
        &self.content_types
    }
}

impl Policy {
    /// Adds the IAM API of development mode, whose keys are in this JWKS.
    ///
    /// # Errors
    /// The policy names its own IAM API, or says that there is none.
    pub(crate) fn with_development_iam(mut self, jwks: &str) -> Result<Self, PolicyError> {
        if self.stated.iam.is_some() {
            return Err(PolicyError::new(
                "development mode cannot be combined with a policy that has an [iam] section",
            ));
        }
        if self.stated.public_only {
            return Err(PolicyError::new(
                "development mode cannot be combined with a policy that sets public-only = true",
            ));
        }
        self.stated.iam = Some(Iam::development(jwks));
        self.stated.development = true;
        Ok(self)
    }

    /// The IAM API whose tokens are accepted; `None` in public-only mode.
    pub(crate) fn iam(&self) -> Option<&Iam> {
        self.stated.iam.as_ref()
    }

    /// The words of the area's own rule, of which one must match.
    pub(crate) fn rule(&self, area: Area, operation: Operation) -> &[Word] {
        match self.area(area).rules.given(operation) {
            Some(rule) => &rule.words,
            None => rule::default(self.iam().is_some(), area, operation),
        }
    }

    /// What rules and paths ask of tokens.
    pub(crate) fn questions(&self) -> &Questions {
        &self.stated.questions
    }

    /// The maximum size of a file, in bytes, wherever in an area.
    pub(crate) fn max_file_size(&self, area: Area) -> u64 {
        let all = self.all_applied(area);
        let sizes = all.iter().map(|applied| applied.limits().max_file_size());
        sizes.max().unwrap_or_default()
    }

    /// The `Cache-Control` of the public file with this name.
    pub(crate) fn cache_control(&self, name: &str) -> Cow<'_, str> {
        self.public_caching(name).0
    }

    /// The `Cache-Control` of a public file at a URL that names its version. Caches keep it
    /// unless that could show it to somebody who may not read it, or the policy says that
    /// they must not.
    pub(crate) fn version_cache_control(&self, name: &str) -> Cow<'_, str> {
        let (given, anyone_reads) = self.public_caching(name);
        let lowercase = given.to_ascii_lowercase();
        let kept_from_caches = ["private", "no-store"]
            .iter()
            .any(|directive| lowercase.contains(directive));
        if anyone_reads && !kept_from_caches {
            CacheControl::VERSION.into()
        } else {
            given
        }
    }

    /// The `Cache-Control` of a public file, at any URL, where more than this policy decides who
    /// may read: shared caches do not know for whom it would decide otherwise.
    pub(crate) fn unshared_cache_control(&self, name: &str) -> Cow<'_, str> {
        let (given, _) = self.public_caching(name);
        let is_unshared = CacheControl::directives(&given).any(|directive| {
            ["private", "no-store"]
                .iter()
                .any(|unshared| directive.eq_ignore_ascii_case(unshared))
        });
        if is_unshared {
            given
        } else {
            CacheControl::PRIVATE.into()
        }
    }

    /// What caches are told of a public file, and whether anyone may read it. By default, shared
    /// caches may store it only then. Where it depends on the token, they do not know whom they
    /// serve.
    fn public_caching(&self, name: &str) -> (Cow<'_, str>, bool) {
        if self.is_uniform(Area::Public) {
            let anyone_reads = self
                .rule(Area::Public, Operation::Read)
                .contains(&Word::Anyone);
            let given = self.stated.cache_control.as_ref().map(CacheControl::as_str);
            return (
                given.unwrap_or(CacheControl::default(anyone_reads)).into(),
                anyone_reads,
            );
        }
        let all = self.applied_to_any(Area::Public, name);
        let anyone_reads = all.iter().all(Applied::anyone_reads);
        let given = match all.as_slice() {
            [one] => one.cache_control(),
            [first, ..] if anyone_reads => first.cache_control(),
            _ => None,
        };
        let given = given.unwrap_or(CacheControl::default(anyone_reads));
        (given.to_owned().into(), anyone_reads)
    }

    /// The maximum lifetime of a link. Whole seconds, at least one.
    pub(crate) fn link_max_age(&self) -> Duration {
        Duration::from_secs(self.stated.link_max_age)
    }

    /// Links made before this time (seconds since 1970) are refused; `None` refuses none.
    pub(crate) fn links_not_before(&self) -> Option<u64> {
        self.stated.links_not_before
    }

    /// The limits of resumable uploads.
    pub(crate) fn uploads(&self) -> UnfinishedLimits {
        self.stated.uploads
    }

    /// The origins whose scripts may read responses.
    pub fn origins(&self) -> &Origins {
        &self.stated.origins
    }

    fn area(&self, area: Area) -> &AreaPolicy {
        match area {
            Area::Public => &self.stated.public,
            Area::User => &self.stated.user,
            Area::Org => &self.stated.org,
        }
    }

    fn paths(&self, area: Area) -> &Paths {
        match area {
            Area::Public => &self.paths.public,
            Area::User => &self.paths.user,
            Area::Org => &self.paths.org,
        }
    }
}

#[cfg(test)]
mod tests;
