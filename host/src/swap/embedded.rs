//! The embedded component.

/// The component that was built with this host.
pub const COMPONENT: &[u8] = include_bytes!(env!("COFFER_EMBEDDED_COMPONENT"));
