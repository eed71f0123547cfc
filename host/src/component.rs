//! Where the component comes from.

use std::path::Path;

/// The component that was built with this host.
const EMBEDDED: &[u8] = include_bytes!(env!("COFFER_EMBEDDED_COMPONENT"));

/// The bytes of the component to run: a file's, or the embedded one's.
///
/// # Errors
/// One sentence that names the file.
pub fn read(file: Option<&Path>) -> Result<Vec<u8>, String> {
    match file {
        None => Ok(EMBEDDED.to_vec()),
        Some(file) => std::fs::read(file)
            .map_err(|error| format!("the component {} cannot be read: {error}", file.display())),
    }
}
