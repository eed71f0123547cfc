//! How much of S3 a service supports.

use super::conditions::{Condition, Conditions};

/// What a service supports; all of it by default.
#[derive(Debug, Clone, Copy)]
pub struct Knows {
    /// The conditions of PutObject.
    pub put: Conditions,
    /// Those of CompleteMultipartUpload.
    pub complete: Conditions,
    /// `If-Match` of DeleteObject.
    pub delete: Condition,
    /// Names that are folders too: `If-None-Match: *` fails for a folder's name otherwise, as on
    /// SeaweedFS.
    pub folders: bool,
    /// Bucket settings. `NotImplemented` otherwise.
    pub settings: bool,
    /// Uploads to a bucket that blocks public ACLs, as AWS does and Ceph's radosgw does not.
    /// `AccessDenied` otherwise.
    pub blocked_acls: bool,
    /// Versions that were replaced.
    pub versions: bool,
    /// The contents of an upload's parts. Dropped on arrival otherwise, for tests with more
    /// bytes than there is memory.
    pub parts: bool,
}

impl Default for Knows {
    fn default() -> Knows {
        Knows {
            put: Conditions::all(Condition::Evaluated),
            complete: Conditions::all(Condition::Evaluated),
            delete: Condition::Evaluated,
            folders: true,
            settings: true,
            blocked_acls: true,
            versions: false,
            parts: true,
        }
    }
}

impl Knows {
    /// Nothing of conditions, which are ignored as on Garage 2.5.
    pub fn no_conditions() -> Knows {
        Knows {
            put: Conditions::all(Condition::Ignored),
            complete: Conditions::all(Condition::Ignored),
            delete: Condition::Ignored,
            ..Knows::default()
        }
    }

    /// The conditions of Ceph's radosgw 16.
    pub fn ceph() -> Knows {
        Knows {
            put: Conditions {
                absent: Condition::Evaluated,
                version: Condition::Unquoted,
            },
            complete: Conditions::all(Condition::Ignored),
            delete: Condition::Ignored,
            ..Knows::default()
        }
    }

    /// Those of OpenStack Swift 2.30.
    pub fn swift() -> Knows {
        Knows {
            put: Conditions::all(Condition::Unknown),
            complete: Conditions {
                absent: Condition::Evaluated,
                version: Condition::Refused,
            },
            ..Knows::default()
        }
    }

    /// Those of moto 5.
    pub fn moto() -> Knows {
        Knows {
            complete: Conditions {
                absent: Condition::Evaluated,
                version: Condition::Ignored,
            },
            ..Knows::default()
        }
    }

    /// Those of LocalStack 4.
    pub fn localstack() -> Knows {
        Knows {
            delete: Condition::Unknown,
            ..Knows::default()
        }
    }

    /// Those of SeaweedFS 4.
    pub fn seaweedfs() -> Knows {
        Knows {
            folders: false,
            ..Knows::default()
        }
    }
}
