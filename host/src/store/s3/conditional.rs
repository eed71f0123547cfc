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
    const NOTHING: Evaluated = Evaluated {
        absent: false,
        version: IfMatch::Ignored,
    };

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
    /// In CopyObject.
    pub copy: Evaluated,
    /// `x-amz-copy-source-if-match` in CopyObject.
    pub source: IfMatch,
    /// In DeleteObject.
    pub delete: IfMatch,
    /// `If-None-Match: *` also fails where the name is that of a folder, as on SeaweedFS.
    pub folders: bool,
}

impl Conditional {
    /// Nothing.
    pub(super) const NONE: Conditional = Conditional {
        put: Evaluated::NOTHING,
        complete: Evaluated::NOTHING,
        copy: Evaluated::NOTHING,
        source: IfMatch::Ignored,
        delete: IfMatch::Ignored,
        folders: false,
    };

    /// Whether it evaluates every condition.
    #[must_use]
    pub fn is_complete(self) -> bool {
        let copies = self.copy.is_all() && self.source.is_evaluated();
        self.stores() && copies && self.delete.is_evaluated()
    }

    /// Whether it evaluates every condition on uploads.
    #[must_use]
    pub fn stores(self) -> bool {
        self.put.is_all() && self.complete.is_all()
    }

    /// The conditions that it does not evaluate.
    #[must_use]
    pub fn lacking(self) -> Option<String> {
        let source = (!self.source.is_evaluated()).then_some("x-amz-copy-source-if-match");
        let delete = (!self.delete.is_evaluated()).then_some("If-Match");
        lacking(&[
            (self.put.lacking(), "PutObject"),
            (self.complete.lacking(), "CompleteMultipartUpload"),
            (self.copy.lacking(), "CopyObject"),
            (source, "CopyObject"),
            (delete, "DeleteObject"),
        ])
    }

    /// Those on uploads alone.
    #[must_use]
    pub fn lacking_on_uploads(self) -> Option<String> {
        lacking(&[
            (self.put.lacking(), "PutObject"),
            (self.complete.lacking(), "CompleteMultipartUpload"),
        ])
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

/// What is lacking on which request, with requests together that lack the same.
fn lacking(requests: &[(Option<&str>, &str)]) -> Option<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (fields, request) in requests {
        let Some(fields) = fields else { continue };
        match groups.last_mut() {
            Some((last, group)) if last == fields => group.push(request),
            _ => groups.push((fields, vec![request])),
        }
    }
    let groups = groups
        .iter()
        .map(|(fields, requests)| match requests.as_slice() {
            [first @ .., last] if !first.is_empty() => {
                format!("{fields} on {} and {last}", first.join(", "))
            }
            requests => format!("{fields} on {}", requests.concat()),
        });
    let groups: Vec<String> = groups.collect();
    (!groups.is_empty()).then(|| groups.join(", "))
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
        for (put, complete, copy, source, delete, expected) in [
            (ALL, ALL, ALL, IfMatch::Quoted, IfMatch::Quoted, None),
            (
                ceph,
                NONE,
                NONE,
                IfMatch::Quoted,
                IfMatch::Ignored,
                Some(
                    "If-None-Match and If-Match on CompleteMultipartUpload and CopyObject, \
                     If-Match on DeleteObject",
                ),
            ),
            (
                NONE,
                NONE,
                NONE,
                IfMatch::Ignored,
                IfMatch::Quoted,
                Some(
                    "If-None-Match and If-Match on PutObject, CompleteMultipartUpload and \
                     CopyObject, x-amz-copy-source-if-match on CopyObject",
                ),
            ),
            (
                ALL,
                moto,
                ALL,
                IfMatch::Unquoted,
                IfMatch::Ignored,
                Some("If-Match on CompleteMultipartUpload and DeleteObject"),
            ),
        ] {
            let found = Conditional {
                put,
                complete,
                copy,
                source,
                delete,
                folders: false,
            };
            assert_eq!(found.lacking().as_deref(), expected);
            assert_eq!(found.is_complete(), expected.is_none());
            let uploads = found.lacking_on_uploads().unwrap_or_default();
            assert_eq!(uploads.is_empty(), found.stores());
            assert!(!uploads.contains("CopyObject") && !uploads.contains("DeleteObject"));
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
