//! How much of S3 a service has.

/// What a service evaluates and has; all of it by default.
#[derive(Debug, Clone, Copy)]
pub struct Knows {
    /// Conditions when storing. Ignored otherwise.
    pub conditional_put: bool,
    /// Conditions when removing. Ignored otherwise.
    pub conditional_delete: bool,
    /// Bucket settings. `NotImplemented` otherwise.
    pub settings: bool,
    /// Versions that were replaced.
    pub versions: bool,
    /// What the parts of an upload held. Forgotten as they come otherwise, for tests
    /// with more bytes than there is memory.
    pub parts: bool,
}

impl Default for Knows {
    fn default() -> Knows {
        Knows {
            conditional_put: true,
            conditional_delete: true,
            settings: true,
            versions: false,
            parts: true,
        }
    }
}
