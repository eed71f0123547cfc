//! What services do with the conditions of a write.

use hyper::HeaderMap;
use s3s::dto::ETagCondition;
use s3s::{S3Result, s3_error};

use super::objects::{Object, check_write};

/// What a service does with one condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Evaluates it.
    Evaluated,
    /// Evaluates it, but an entity tag in quotes is never the right one.
    Unquoted,
    /// Ignores it.
    Ignored,
    /// Refuses every request that has it with 412.
    Refused,
    /// Answers 501.
    Unknown,
}

/// What a service does with the conditions of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// `If-None-Match: *`
    pub absent: Condition,
    /// `If-Match`
    pub version: Condition,
}

impl Conditions {
    /// Both in the same way.
    pub const fn all(condition: Condition) -> Conditions {
        Conditions {
            absent: condition,
            version: condition,
        }
    }

    pub(super) fn check(
        self,
        headers: &HeaderMap,
        current: Option<&Object>,
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<()> {
        if if_match.is_some() {
            let quoted = headers
                .get("if-match")
                .is_some_and(|tag| tag.as_bytes().starts_with(b"\""));
            match self.version {
                Condition::Unquoted if quoted => return Err(s3_error!(PreconditionFailed)),
                condition if condition.evaluates()? => check_write(current, if_match, None)?,
                _ => {}
            }
        }
        if if_none_match.is_some() && self.absent.evaluates()? {
            check_write(current, None, if_none_match)?;
        }
        Ok(())
    }
}

impl Condition {
    /// A condition on the source of a copy.
    pub(super) fn check_source(
        self,
        headers: &HeaderMap,
        source: &Object,
        if_match: Option<&ETagCondition>,
    ) -> S3Result<()> {
        let quoted = headers
            .get("x-amz-copy-source-if-match")
            .is_some_and(|tag| tag.as_bytes().starts_with(b"\""));
        match self {
            _ if if_match.is_none() => Ok(()),
            Condition::Unquoted if quoted => Err(s3_error!(PreconditionFailed)),
            condition if condition.evaluates()? => check_write(Some(source), if_match, None),
            _ => Ok(()),
        }
    }

    fn evaluates(self) -> S3Result<bool> {
        match self {
            Condition::Evaluated | Condition::Unquoted => Ok(true),
            Condition::Ignored => Ok(false),
            Condition::Refused => Err(s3_error!(PreconditionFailed)),
            Condition::Unknown => Err(s3_error!(NotImplemented)),
        }
    }
}
