//! A module's parts as parts of another.

use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::CodeSection;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::{BinaryReader, CodeSectionReader};

use crate::Result;

/// What a module's indices are in the other.
#[derive(Default)]
pub struct Remap {
    /// So many types come before its own.
    pub types: u32,
    /// So many tables come before its own.
    pub tables: u32,
    /// So many globals come before its own.
    pub globals: u32,
    /// So many segments of elements come before its own.
    pub elements: u32,
    /// Its functions; none where they stay what they are.
    pub functions: Option<Vec<u32>>,
}

impl Remap {
    /// Puts a module's functions behind those that are there. `range` is where the module
    /// has its code section.
    ///
    /// # Errors
    /// There is none, or it is none.
    pub fn code(
        &mut self,
        code: &mut CodeSection,
        module: &[u8],
        range: Range<usize>,
    ) -> Result<()> {
        let given = module.get(range.clone()).ok_or("it breaks off")?;
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
        // One that is not there stays so, which is found when the whole is validated.
        let function = functions.get(index as usize).copied();
        Ok(function.unwrap_or(u32::MAX))
    }
}
