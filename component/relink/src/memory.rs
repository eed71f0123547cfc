//! Splits the memory off the main module into a module of its own.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, MemoryType, Module, RawSection, RefType, TableSection,
    TableType, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

use crate::Result;
use crate::remap::Remap;

/// The namespace from which the memory and the slots are imported.
pub const FROM: &str = "memory";
/// The memory.
pub const MEMORY: &str = "memory";
/// The table of slots.
pub const SLOTS: &str = "slots";

/// Whether a module defines a memory.
pub fn defines_one(module: &[u8]) -> bool {
    Parser::new(0)
        .parse_all(module)
        .any(|payload| matches!(payload, Ok(Payload::MemorySection(_))))
}

/// The main module split in two: its memory and data, and the rest.
pub struct Apart {
    /// Memory, data and the slots: exports `memory`, `slots` and the functions "0", "1"… that
    /// call what is in the slots.
    pub memory: Module,
    /// Everything else; it imports the memory and fills the slots.
    pub rest: Module,
}

/// Splits the main module. The functions that it exports under the names in `slots` go into
/// the slots.
///
/// # Errors
/// A module that does not have exactly one memory, or has no code or no such functions.
pub fn take_apart(module: &[u8], slots: &[&str]) -> Result<Apart> {
    let count = u32::try_from(slots.len())?;
    let (mut memory, mut data, mut rest) = (None, None, Module::new());
    let memory_type = memory_type(module)?;
    // The table of slots is imported, so it comes before the others.
    let mut behind = Remap {
        tables: 1,
        ..Remap::default()
    };
    let mut elements = ElementSection::new();
    let mut exported = BTreeMap::new();
    let mut filled = false;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let section = RawSection {
            id,
            data: module
                .get(range.clone())
                .ok_or("unexpected end of the module")?,
        };
        match payload {
            Payload::ImportSection(given) => {
                let mut imports = ImportSection::new();
                RoundtripReencoder.parse_import_section(&mut imports, given)?;
                imports.import(FROM, MEMORY, memory_type);
                imports.import(FROM, SLOTS, table_of(count));
                rest.section(&imports);
            }
            Payload::MemorySection(_) => memory = Some(section),
            Payload::DataSection(_) => data = Some(section),
            // No data segments are left to count.
            Payload::DataCountSection { .. } => {}
            Payload::ExportSection(given) => {
                for export in given.clone() {
                    let export = export?;
                    exported.insert(export.name, export.index);
                }
                let mut exports = ExportSection::new();
                behind.parse_export_section(&mut exports, given)?;
                rest.section(&exports);
            }
            Payload::ElementSection(given) => behind.parse_element_section(&mut elements, given)?,
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                behind.code(&mut code, module, range)?;
                let functions = slots.iter().map(|slot| exported.get(slot).copied());
                let functions: Option<Vec<u32>> = functions.collect();
                let functions = functions.ok_or("the function for a slot is missing")?;
                // Last: segments after one for an imported table are not initialised when
                // the module is compiled, but for every instance.
                let begin = ConstExpr::i32_const(0);
                elements.active(Some(0), &begin, Elements::Functions(functions.into()));
                rest.section(&elements).section(&code);
                filled = true;
            }
            _ => {
                rest.section(&section);
            }
        }
    }
    if exported.is_empty() || !filled {
        return Err("the main module has no exports or no code".into());
    }
    Ok(Apart {
        memory: with_slots(
            &memory.ok_or("the main module has no memory")?,
            data.as_ref(),
            count,
        ),
        rest,
    })
}

fn memory_type(module: &[u8]) -> Result<MemoryType> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::MemorySection(memories) = payload? {
            let mut memories = memories.into_iter();
            let (Some(memory), None) = (memories.next(), memories.next()) else {
                return Err("the main module has several memories".into());
            };
            return Ok(memory?.into());
        }
    }
    Err("the main module has no memory".into())
}

fn with_slots(memory: &RawSection<'_>, data: Option<&RawSection<'_>>, slots: u32) -> Module {
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    exports.export(MEMORY, ExportKind::Memory, 0);
    exports.export(SLOTS, ExportKind::Table, 0);
    for slot in 0..slots {
        functions.function(0);
        exports.export(&slot.to_string(), ExportKind::Func, slot);
        let mut function = Function::new([]);
        let mut body = function.instructions();
        (0..4).for_each(|argument| {
            body.local_get(argument);
        });
        body.i32_const(slot.cast_signed()).call_indirect(0, 0).end();
        code.function(&function);
    }
    let mut tables = TableSection::new();
    tables.table(table_of(slots));
    let mut module = Module::new();
    module
        .section(&realloc_type())
        .section(&functions)
        .section(&tables)
        .section(memory)
        .section(&exports)
        .section(&code);
    if let Some(data) = data {
        module.section(data);
    }
    module
}

fn table_of(slots: u32) -> TableType {
    TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: slots.into(),
        maximum: Some(slots.into()),
        shared: false,
    }
}

/// `realloc` takes the old address, old size, alignment and new size, and returns the new
/// address (the component model's canonical ABI).
fn realloc_type() -> TypeSection {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    types
}
