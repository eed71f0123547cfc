//! Where the component comes from.

/// The component that was built with this host.
pub const EMBEDDED: &[u8] = include_bytes!(env!("COFFER_EMBEDDED_COMPONENT"));
