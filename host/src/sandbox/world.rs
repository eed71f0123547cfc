//! Compares a component with `wit/world.wit`: its imports and exports, by name and compatible
//! version.

use wasmtime::component::Component;

use super::{Refused, Runtime};

/// What components may import. The last ones are for the Rust standard library and the adapter
/// that turns its modules into components.
const PROVIDED: [&str; 19] = [
    "coffer:storage/blobs@0.2",
    "coffer:storage/decisions@0.2",
    "coffer:storage/documents@0.2",
    "coffer:storage/exchange@0.2",
    "coffer:storage/memo@0.2",
    "coffer:storage/telemetry@0.2",
    "coffer:storage/uploads@0.2",
    "wasi:cli/environment@0.2",
    "wasi:clocks/wall-clock@0.2",
    "wasi:http/outgoing-handler@0.2",
    "wasi:http/types@0.2",
    "wasi:io/error@0.2",
    "wasi:io/poll@0.2",
    "wasi:io/streams@0.2",
    "wasi:cli/stderr@0.2",
    "wasi:cli/stdin@0.2",
    "wasi:cli/stdout@0.2",
    "wasi:clocks/monotonic-clock@0.2",
    "wasi:random/random@0.2",
];

/// The package of the port.
const PORT: &str = "coffer:storage";
/// The part of its version that components must match.
const PORT_VERSION: &str = "0.2";

/// What components must export.
const CALLED: [&str; 3] = [
    "coffer:storage/continuation@0.2",
    "coffer:storage/self-check@0.2",
    "wasi:http/incoming-handler@0.2",
];

/// Checks names only; the linker checks types.
///
/// # Errors
/// [`Refused::World`] with every name that is unknown or missing.
pub(super) fn check(component: &Component, runtime: &Runtime) -> Result<(), Refused> {
    let kind = component.component_type();
    let imports: Vec<&str> = kind
        .imports(&runtime.engine)
        .map(|(name, _)| name)
        .collect();
    let exports: Vec<&str> = kind
        .exports(&runtime.engine)
        .map(|(name, _)| name)
        .collect();
    let mut spoken = imports.iter().chain(&exports).filter_map(|name| port(name));
    if let Some(version) = spoken.find(|version| !is_ours(version)) {
        return Err(Refused::World(format!(
            "it uses {PORT}@{version}, but this host provides {PORT}@{PORT_VERSION}.x"
        )));
    }
    let foreign: Vec<&str> = imports
        .into_iter()
        .filter(|name| !PROVIDED.contains(&compatible(name)))
        .collect();
    let offers = |called: &str| exports.iter().any(|name| compatible(name) == called);
    let missing: Vec<&str> = CALLED.into_iter().filter(|name| !offers(name)).collect();
    let mut faults = Vec::new();
    if !foreign.is_empty() {
        faults.push(format!(
            "it imports {}, which this host does not provide",
            foreign.join(", ")
        ));
    }
    if !missing.is_empty() {
        faults.push(format!("it does not export {}", missing.join(", ")));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Refused::World(faults.join("; ")))
    }
}

/// The version of the port, if a name is one of its interfaces.
fn port(name: &str) -> Option<&str> {
    let interface = name.strip_prefix(PORT)?.strip_prefix('/')?;
    Some(interface.split_once('@')?.1)
}

fn is_ours(version: &str) -> bool {
    compatible(&format!("@{version}")) == format!("@{PORT_VERSION}")
}

/// A name with the part of its version that matters before 1.0.
fn compatible(name: &str) -> &str {
    let version = name.find('@').map_or(name.len(), |at| at + 1);
    let mut dots = name[version..]
        .match_indices('.')
        .map(|(at, _)| version + at);
    dots.nth(1).map_or(name, |end| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_of_a_version_that_must_match_counts() {
        for (name, expected) in [
            ("wasi:http/types@0.2.3", "wasi:http/types@0.2"),
            ("wasi:http/types@0.3.0", "wasi:http/types@0.3"),
            ("wasi:http/types@0.2.0-rc.1", "wasi:http/types@0.2"),
            ("wasi:http/types", "wasi:http/types"),
            ("a.b.c", "a.b.c"),
        ] {
            assert_eq!(compatible(name), expected);
        }
    }
}
