//! Which conditions the service evaluates, and what is best effort where it does not.

use coffer_port::object::Pin;

/// How the service wants the entity tag of `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// It does not evaluate it: it ignores the field, refuses it, or refuses the right tag too.
    Ignored,
    /// In quotes, as RFC 9110 has it.
    Quoted,
    /// Without them, as on Ceph's radosgw.
    Unquoted,
}

impl IfMatch {
    /// Whether the service evaluates it.
    #[must_use]
    pub fn is_evaluated(self) -> bool {
        self != IfMatch::Ignored
    }

    /// The condition in the form that the service wants.
    pub(super) fn form(self, pin: Pin) -> Pin {
        match (self, pin) {
            (IfMatch::Unquoted, Pin::Version(tag)) => {
                Pin::Version(tag.trim_matches('"').to_owned())
            }
            (_, pin) => pin,
        }
    }
}

/// What the service evaluates on one way of storing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluated {
    /// `If-None-Match: *`.
    pub absent: bool,
    /// `If-Match`.
    pub version: IfMatch,
}

impl Evaluated {
    fn is_all(self) -> bool {
        self.absent && self.version.is_evaluated()
    }

    /// The fields that it does not evaluate, for a sentence.
    fn lacking(self) -> Option<&'static str> {
        match (self.absent, self.version.is_evaluated()) {
            (true, true) => None,
            (false, true) => Some("If-None-Match"),
            (true, false) => Some("If-Match"),
            (false, false) => Some("If-None-Match and If-Match"),
        }
    }
}

/// What the service evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditional {
    /// In PutObject.
    pub put: Evaluated,
    /// In CompleteMultipartUpload.
    pub complete: Evaluated,
    /// In DeleteObject.
    pub delete: IfMatch,
    /// `If-None-Match: *` also fails where the name is that of a folder, as on SeaweedFS.
    pub folders: bool,
}

impl Conditional {
    /// Whether it evaluates every condition.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.stores() && self.delete.is_evaluated()
    }

    /// Whether it evaluates every condition on storing.
    #[must_use]
    pub fn stores(self) -> bool {
        self.put.is_all() && self.complete.is_all()
    }

    /// The conditions that it does not evaluate.
    #[must_use]
    pub fn lacking(self) -> Option<String> {
        let mut lacking = Vec::new();
        let storing = [
            (self.put, "PutObject"),
            (self.complete, "CompleteMultipartUpload"),
        ];
        match (self.put.lacking(), self.complete.lacking()) {
            (Some(put), Some(complete)) if put == complete => {
                lacking.push(format!("{put} on PutObject and CompleteMultipartUpload"));
            }
            _ => lacking.extend(storing.into_iter().filter_map(|(evaluated, request)| {
                Some(format!("{} on {request}", evaluated.lacking()?))
            })),
        }
        if !self.delete.is_evaluated() {
            lacking.push("If-Match on DeleteObject".to_owned());
        }
        (!lacking.is_empty()).then(|| lacking.join(", "))
    }

    /// What is only best effort, as one line for the operator.
    #[must_use]
    pub fn notice(self) -> Option<String> {
        let lacking = self.lacking()?;
        Some(format!(
            "the S3 service does not evaluate {lacking}: these conditions are best effort, checked \
             by this host before the request; if two hosts change one name at the same moment, \
             both may be told that they did, and the last change stays"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Evaluated = Evaluated {
        absent: true,
        version: IfMatch::Quoted,
    };
    const NONE: Evaluated = Evaluated {
        absent: false,
        version: IfMatch::Ignored,
    };

    #[test]
    fn exactly_what_is_lacking_is_named() {
        let ceph = Evaluated {
            version: IfMatch::Unquoted,
            ..ALL
        };
        let moto = Evaluated {
            version: IfMatch::Ignored,
            ..ALL
        };
        for (put, complete, delete, expected) in [
            (ALL, ALL, IfMatch::Quoted, None),
            (
                ceph,
                NONE,
                IfMatch::Ignored,
                Some(
                    "If-None-Match and If-Match on CompleteMultipartUpload, \
                     If-Match on DeleteObject",
                ),
            ),
            (
                NONE,
                NONE,
                IfMatch::Quoted,
                Some("If-None-Match and If-Match on PutObject and CompleteMultipartUpload"),
            ),
            (
                ALL,
                moto,
                IfMatch::Quoted,
                Some("If-Match on CompleteMultipartUpload"),
            ),
        ] {
            let found = Conditional {
                put,
                complete,
                delete,
                folders: false,
            };
            assert_eq!(found.lacking().as_deref(), expected);
            assert_eq!(found.is_complete(), expected.is_none());
            let notice = found.notice().unwrap_or_default();
            assert!(!notice.contains('\n'), "{notice}");
        }
    }

    #[test]
    fn a_tag_loses_its_quotes_only_where_the_service_wants_that() {
        let tag = || Pin::Version("\"1-2\"".to_owned());
        assert_eq!(IfMatch::Quoted.form(tag()), tag());
        let bare = Pin::Version("1-2".to_owned());
        assert_eq!(IfMatch::Unquoted.form(tag()), bare);
        assert_eq!(IfMatch::Unquoted.form(Pin::Absent), Pin::Absent);
    }
}
