//! Merges two modules into one.

use std::collections::BTreeMap;

use wasm_encoder::reencode::Reencode as _;
use wasm_encoder::{
    CodeSection, ElementSection, EntityType, ExportSection, FunctionSection, GlobalSection,
    ImportSection, Module, RawSection, TableSection, TypeSection,
};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use crate::Result;
use crate::remap::Remap;

/// Where an imported function of one of the two modules comes from.
pub enum Source<'a> {
    /// From outside, in this namespace.
    Outside(String),
    /// From the other module, which exports it under this name.
    Inside(&'a str),
}

/// The first module with the second merged into it, which uses the first one's memory.
/// `source` is called for every imported function with the module (0 or 1), the namespace and
/// the name.
///
/// # Errors
/// The first imports more than functions, the second more than functions and a memory; the
/// second has data; a function is missing; or an error of `source`.
pub fn union<'a>(
    modules: [&[u8]; 2],
    source: impl Fn(usize, &str, &str) -> Result<Source<'a>>,
) -> Result<Vec<u8>> {
    let [first, second] = modules;
    let [a, b] = [Shape::of(first)?, Shape::of(second)?];
    if (a.memories, b.memories) != (0, 1) {
        return Err("the modules do not share one memory".into());
    }
    let mut imports = ImportSection::new();
    let mut find = |number, shape: &Shape<'_>, types| {
        let found = shape.imports.iter().map(|(namespace, name, ty)| {
            Ok(match source(number, namespace, name)? {
                Source::Outside(namespace) => {
                    imports.import(&namespace, name, EntityType::Function(types + ty));
                    Found::Import(imports.len() - 1)
                }
                Source::Inside(name) => Found::Other(name),
            })
        });
        found.collect::<Result<Vec<_>>>()
    };
    let (of_a, of_b) = (find(0, &a, 0)?, find(1, &b, a.types)?);
    let a_begins = imports.len();
    let b_begins = a_begins + a.functions;
    let (of_a, of_b) = ((&a, &*of_a, a_begins), (&b, &*of_b, b_begins));
    let remaps = [
        Remap {
            functions: Some(functions(of_a, of_b)?),
            ..Remap::default()
        },
        Remap {
            types: a.types,
            tables: a.tables,
            globals: a.globals,
            elements: a.elements,
            functions: Some(functions(of_b, of_a)?),
        },
    ];
    write(modules, remaps, &imports)
}

/// The counts of a module that determine indices.
#[derive(Default)]
struct Shape<'a> {
    types: u32,
    /// The imported functions: namespace, name and type.
    imports: Vec<(&'a str, &'a str, u32)>,
    /// How many functions it defines.
    functions: u32,
    /// How many memories it imports.
    memories: u32,
    tables: u32,
    globals: u32,
    elements: u32,
    /// The exported functions, by name.
    exports: BTreeMap<&'a str, u32>,
}

impl<'a> Shape<'a> {
    fn of(module: &'a [u8]) -> Result<Self> {
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        shape.types += u32::try_from(group?.types().len())?;
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(ty) => {
                                shape.imports.push((import.module, import.name, ty));
                            }
                            TypeRef::Memory(_) => shape.memories += 1,
                            other => return Err(format!("unsupported import: {other:?}").into()),
                        }
                    }
                }
                Payload::FunctionSection(functions) => shape.functions = functions.count(),
                Payload::TableSection(tables) => shape.tables = tables.count(),
                Payload::GlobalSection(globals) => shape.globals = globals.count(),
                Payload::ElementSection(elements) => shape.elements = elements.count(),
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            shape.exports.insert(export.name, export.index);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

/// What an imported function resolves to.
enum Found<'a> {
    /// This import of the merged module.
    Import(u32),
    /// What the other module exports under this name.
    Other(&'a str),
}

/// A module, what its imports resolve to, and where its own functions begin after the merge.
type Placed<'a> = (&'a Shape<'a>, &'a [Found<'a>], u32);

/// The indices of a module's functions after the merge.
fn functions(
    (shape, found, begin): Placed<'_>,
    (other, of_other, other_begin): Placed<'_>,
) -> Result<Vec<u32>> {
    let imported = found.iter().map(|found| match *found {
        Found::Import(index) => Ok(index),
        Found::Other(name) => {
            let index = other.exports.get(name).copied();
            let index = index.ok_or_else(|| format!("no such function: {name}"))?;
            match of_other.get(index as usize) {
                None => Ok(other_begin + index - u32::try_from(of_other.len())?),
                Some(&Found::Import(index)) => Ok(index),
                Some(Found::Other(_)) => Err(format!("{name} is a circular import").into()),
            }
        }
    });
    let own = (begin..begin + shape.functions).map(Ok);
    imported.chain(own).collect()
}

fn write(modules: [&[u8]; 2], remaps: [Remap; 2], imports: &ImportSection) -> Result<Vec<u8>> {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    let (mut tables, mut globals) = (TableSection::new(), GlobalSection::new());
    let (mut exports, mut elements) = (ExportSection::new(), ElementSection::new());
    let mut code = CodeSection::new();
    let (mut memory, mut data) = (None, None);
    for (number, (module, mut remap)) in modules.iter().zip(remaps).enumerate() {
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            match payload {
                Payload::TypeSection(given) => remap.parse_type_section(&mut types, given)?,
                Payload::FunctionSection(given) => {
                    remap.parse_function_section(&mut functions, given)?;
                }
                Payload::TableSection(given) => remap.parse_table_section(&mut tables, given)?,
                Payload::GlobalSection(given) => remap.parse_global_section(&mut globals, given)?,
                Payload::ExportSection(given) => remap.parse_export_section(&mut exports, given)?,
                Payload::ElementSection(given) => {
                    remap.parse_element_section(&mut elements, given)?;
                }
                Payload::CodeSectionStart { range, .. } => remap.code(&mut code, module, range)?,
                Payload::MemorySection(_) | Payload::DataSection(_) if number == 0 => {
                    let (id, range) = payload.as_section().ok_or("not a section")?;
                    let bytes = module.get(range).ok_or("unexpected end of the module")?;
                    let place = match payload {
                        Payload::MemorySection(_) => &mut memory,
                        _ => &mut data,
                    };
                    *place = Some(RawSection { id, data: bytes });
                }
                // Custom sections refer to old indices, and do not affect execution.
                Payload::CustomSection(_)
                | Payload::Version { .. }
                | Payload::ImportSection(_)
                | Payload::CodeSectionEntry(_)
                | Payload::DataCountSection { .. }
                | Payload::End(_) => {}
                other => return Err(format!("unsupported section: {other:?}").into()),
            }
        }
    }
    let mut whole = Module::new();
    whole.section(&types).section(imports).section(&functions);
    whole.section(&tables);
    if let Some(memory) = memory {
        whole.section(&memory);
    }
    whole.section(&globals).section(&exports).section(&elements);
    whole.section(&code);
    if let Some(data) = data {
        whole.section(&data);
    }
    Ok(whole.finish())
}
