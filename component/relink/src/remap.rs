//! Renumbers a module's indices so that its parts become parts of another.

use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::CodeSection;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::{BinaryReader, CodeSectionReader};

use crate::Result;

/// How a module's indices change in the other.
#[derive(Default)]
pub struct Remap {
    /// How many types precede its own.
    pub types: u32,
    /// How many tables precede its own.
    pub tables: u32,
    /// How many globals precede its own.
    pub globals: u32,
    /// How many element segments precede its own.
    pub elements: u32,
    /// The new indices of its functions; none if they are unchanged.
    pub functions: Option<Vec<u32>>,
}

impl Remap {
    /// Appends a module's functions to the existing ones. `range` is where the module's code
    /// section is.
    ///
    /// # Errors
    /// It is missing or invalid.
    pub fn code(
        &mut self,
        code: &mut CodeSection,
        module: &[u8],
        range: Range<usize>,
    ) -> Result<()> {
        let given = module
            .get(range.clone())
            .ok_or("unexpected end of the module")?;
        let given = CodeSectionReader::new(BinaryReader::new(given, range.start))?;
        Ok(self.parse_code_section(code, given)?)
    }
}

impl Reencode for Remap {
    type Error = Infallible;

    fn type_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        Ok(self.types.saturating_add(index))
    }

    fn table_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        Ok(self.tables.saturating_add(index))
    }

    fn global_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        Ok(self.globals.saturating_add(index))
    }

    fn element_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        Ok(self.elements.saturating_add(index))
    }

    fn function_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        let Some(functions) = &self.functions else {
            return Ok(index);
        };
        // A missing function stays invalid, which validation of the result finds.
        let function = functions.get(index as usize).copied();
        Ok(function.unwrap_or(u32::MAX))
    }
}
