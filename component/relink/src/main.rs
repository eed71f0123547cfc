//! `coffer-relink FROM TO`: the same component with its imports linked directly.
//!
//! A function of the component model that hands over strings or lists needs the caller's
//! memory before the caller exists, since the caller's module defines it. So what makes
//! components of modules lets every such import go through a table that is filled once the
//! caller is there, and a platform looks each of them up twice for every instance. Here
//! memory and data become a module of their own, which comes first, and what works on them
//! becomes one module:
//!
//! | before | after |
//! |---|---|
//! | table of imports | memory, data, table of `realloc` functions |
//! | main module | main module with the adapters for WASI in it, and the imports of both |
//! | adapters for WASI, with their imports | |
//! | what fills the table: each import | |
//!
//! Code, data, imports and exports stay what they were; what modules say of names and of their
//! makers is left out.

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

/// What a component is not as this program expects it, or wasmparser's own words.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: coffer-relink FROM TO");
        return ExitCode::FAILURE;
    };
    match std::fs::read(from)
        .map_err(Into::into)
        .and_then(|component| relink(&component))
        .and_then(|component| Ok(std::fs::write(to, component)?))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coffer-relink: {from}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The component linked anew, and valid.
fn relink(component: &[u8]) -> Result<Vec<u8>> {
    let model = join::join(Model::read(component)?)?;
    let relinked = write::component(&model, layout::arrange(&model)?)?;
    Validator::new_with_features(WasmFeatures::default()).validate_all(&relinked)?;
    Ok(relinked)
}

#[cfg(test)]
mod tests;
