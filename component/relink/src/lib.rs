//! How a component is made of a module, for those that no tool has made one already.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER,
};
use wasmparser::Parser;
use wit_component::ComponentEncoder;

/// What was built, as a component: unchanged if it is one, as cargo-component builds it; else
/// made of the module that `cargo rustc` builds, with the WASI adapter that leaves out file system
/// and sockets.
///
/// # Errors
/// A module that does not describe its imports and exports, or is not valid.
pub fn component(built: &[u8]) -> Result<Cow<'_, [u8]>, Box<dyn std::error::Error>> {
    if Parser::is_component(built) {
        return Ok(built.into());
    }
    let component = ComponentEncoder::default()
        .module(built)?
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_PROXY_ADAPTER,
        )?
        .encode()?;
    Ok(component.into())
}
