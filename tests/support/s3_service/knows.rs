//! How much of S3 a service supports.

/// What a service supports; all of it by default.
#[derive(Debug, Clone, Copy)]
pub struct Knows {
    /// Conditions when storing. Ignored otherwise.
    pub conditional_put: bool,
    /// Conditions when removing. Ignored otherwise.
    pub conditional_delete: bool,
    /// Bucket settings. `NotImplemented` otherwise.
    pub settings: bool,
    /// Uploads to a bucket that blocks public ACLs, as AWS does and Ceph's radosgw does not.
    /// `AccessDenied` otherwise.
    pub blocked_acls: bool,
    /// Versions that were replaced.
    pub versions: bool,
    /// Checksums of objects, kept and told to readers. Ignored otherwise.
    pub checksums: bool,
    /// The contents of an upload's parts. Dropped on arrival otherwise, for tests with more
    /// bytes than there is memory.
    pub parts: bool,
}

impl Default for Knows {
    fn default() -> Knows {
        Knows {
            conditional_put: true,
            conditional_delete: true,
            settings: true,
            blocked_acls: true,
            versions: false,
            checksums: true,
            parts: true,
        }
    }
}
