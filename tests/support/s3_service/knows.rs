//! How much of S3 a service supports.

use super::conditions::{Condition, Conditions};

/// What a service supports; all of it by default.
#[derive(Debug, Clone, Copy)]
pub struct Knows {
    /// The conditions of PutObject.
    pub put: Conditions,
    /// Those of CompleteMultipartUpload.
    pub complete: Conditions,
    /// Those of CopyObject.
    pub copy: Conditions,
    /// `x-amz-copy-source-if-match` of CopyObject and UploadPartCopy.
    pub copy_source: Condition,
    /// CopyObject and UploadPartCopy. `NotImplemented` otherwise.
    pub copies: bool,
    /// DeleteObjects.
    pub delete_many: Many,
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
    /// Deleting a version by its ID. `AccessDenied` otherwise.
    pub forgetting: bool,
    /// How it lists.
    pub lists: Lists,
    /// Checksums of objects, kept and told to readers. Ignored otherwise.
    pub checksums: bool,
    /// Gaps in the numbers of an upload's parts. `InvalidPartOrder` otherwise, as on AWS for parts
    /// with checksums.
    pub gaps: bool,
    /// The contents of an upload's parts. Dropped on arrival otherwise, for tests with more
    /// bytes than there is memory.
    pub parts: bool,
}

impl Default for Knows {
    fn default() -> Knows {
        Knows {
            put: Conditions::all(Condition::Evaluated),
            complete: Conditions::all(Condition::Evaluated),
            copy: Conditions::all(Condition::Evaluated),
            copy_source: Condition::Evaluated,
            copies: true,
            delete_many: Many::Removed,
            delete: Condition::Evaluated,
            folders: true,
            settings: true,
            blocked_acls: true,
            versions: false,
            forgetting: true,
            lists: Lists::default(),
            checksums: true,
            gaps: true,
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
            copy: Conditions::all(Condition::Ignored),
            copy_source: Condition::Ignored,
            delete: Condition::Ignored,
            ..Knows::default()
        }
    }

    // What the services below do with the conditions of copies was not tried: each stands for
    // one that does this.

    /// The conditions of Ceph's radosgw 16.
    pub fn ceph() -> Knows {
        Knows {
            put: Conditions {
                absent: Condition::Evaluated,
                version: Condition::Unquoted,
            },
            complete: Conditions::all(Condition::Ignored),
            copy: Conditions::all(Condition::Ignored),
            copy_source: Condition::Unquoted,
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
            copy: Conditions::all(Condition::Unknown),
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

/// What a service does with DeleteObjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// Removes the objects.
    Removed,
    /// Answers 501.
    Unknown,
    /// Wants a checksum in another form.
    Refused,
}

/// How a service lists objects and multipart uploads. The raw name of an answer's last entry
/// is the token, and is repeated raw in answers.
#[derive(Debug, Clone, Copy)]
pub struct Lists {
    /// What names are sorted by.
    pub order: Sorting,
    /// Compares encoded names with where to start where encoded names are asked for.
    pub compares_encoded: bool,
    /// Fails where a prefix ends in U+10FFFF.
    pub last_prefix_fails: bool,
    /// Encodes the names of multipart uploads where that is asked for.
    pub encoded_uploads: bool,
    /// Knows when an upload began; 2010 otherwise.
    pub dated_uploads: bool,
    /// Can answer with a name that XML cannot carry. Otherwise it starts an upload of such a
    /// name and fails.
    pub carries_all: bool,
    /// Lists uploads with U+FFFD in place of characters that XML cannot carry.
    pub replaces: bool,
}

/// What a service sorts names by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorting {
    /// Their bytes.
    Bytes,
    /// Folder by folder: `x/y` comes before `x-z`. It skips what is in a folder when it starts
    /// behind it, and two slashes of a prefix are one.
    Folders,
    /// Their bytes, from the last to the first.
    Backwards,
}

impl Default for Lists {
    fn default() -> Lists {
        Lists::CEPH
    }
}

impl Lists {
    /// As LocalStack lists.
    pub const LOCALSTACK: Lists = Lists {
        compares_encoded: true,
        encoded_uploads: false,
        ..Lists::CEPH
    };
    /// As Ceph's radosgw lists.
    pub const CEPH: Lists = Lists {
        order: Sorting::Bytes,
        compares_encoded: false,
        last_prefix_fails: false,
        encoded_uploads: true,
        dated_uploads: true,
        carries_all: true,
        replaces: false,
    };
    /// As moto lists.
    pub const MOTO: Lists = Lists {
        encoded_uploads: false,
        dated_uploads: false,
        ..Lists::CEPH
    };
    /// As OpenStack Swift lists.
    pub const SWIFT: Lists = Lists {
        last_prefix_fails: true,
        carries_all: false,
        ..Lists::CEPH
    };
    /// As SeaweedFS lists.
    pub const SEAWEEDFS: Lists = Lists {
        order: Sorting::Folders,
        replaces: true,
        ..Lists::CEPH
    };
}
