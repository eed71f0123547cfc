//! `coffer-relink FROM TO`: the same component with its imports linked directly; one is made of
//! a module first.
//!
//! A function of the component model that passes strings or lists needs the caller's memory
//! before the caller exists, since the caller's module defines it. So the tools that make
//! components of modules route every such import through a table that is filled once the
//! caller exists, and a runtime looks up each of them twice for every instance. Here memory
//! and data become a separate module, which comes first, and the modules that use them are
//! merged into one:
//!
//! | before | after |
//! |---|---|
//! | import table | memory, data, table of `realloc` functions |
//! | main module | main module merged with the WASI adapters, and the imports of both |
//! | WASI adapters, with their imports | |
//! | the module that fills the table: each import | |
//!
//! Code, data, imports and exports are unchanged; the modules' name and producers sections are
//! dropped.

mod join;
mod layout;
mod memory;
mod model;
mod remap;
mod table;
mod union;
mod write;

use std::process::ExitCode;

use wasmparser::{Validator, WasmFeatures};

use model::Model;

/// How a component differs from what this program supports, or wasmparser's own message.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: coffer-relink FROM TO");
        return ExitCode::FAILURE;
    };
    match std::fs::read(from)
        .map_err(Into::into)
        .and_then(|built| relink(&coffer_encode::component(&built)?))
        .and_then(|component| Ok(std::fs::write(to, component)?))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coffer-relink: {from}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The component, relinked and validated.
fn relink(component: &[u8]) -> Result<Vec<u8>> {
    let model = join::join(Model::read(component)?)?;
    let relinked = write::component(&model, layout::arrange(&model)?)?;
    Validator::new_with_features(WasmFeatures::default()).validate_all(&relinked)?;
    Ok(relinked)
}

#[cfg(test)]
mod tests;
