//! The order in which a component's modules are linked so that each finds its imports.

use std::collections::BTreeMap;

use wasmparser::{CanonicalOption, Export, ExternalKind};

use crate::Result;
use crate::memory;
use crate::model::{Argument, Function, Linked, Model};
use crate::table::Table;

/// The new order. It is preceded by the memory module, which is instance 0 and provides
/// memory 0 and the functions of its slots.
#[derive(Default)]
pub struct Layout<'a> {
    /// The module that defines the memory.
    pub main: u32,
    /// The modules that remain, including the main one, in their new order.
    pub modules: Vec<u32>,
    /// Functions that the main module exports and that are called back through a slot.
    pub slots: Vec<&'a str>,
    /// What is created, one after the other.
    pub steps: Vec<Step<'a>>,
    /// The new indices of functions, by old index.
    functions: BTreeMap<u32, u32>,
    /// The new indices of instances, by old index.
    instances: BTreeMap<u32, u32>,
    /// Instances whose imports are being linked.
    open: Vec<u32>,
    made: Made,
    table: Table,
}

/// One more function or instance.
pub enum Step<'a> {
    /// A function of a (new) instance.
    Of(u32, &'a str),
    Lower(u32, Vec<CanonicalOption>),
    Drop(u32),
    /// An instance of a (new) module.
    Module(u32, Vec<Argument<'a>>),
    Exports(Vec<(String, ExternalKind, u32)>),
}

/// How many exist so far.
#[derive(Default)]
struct Made {
    functions: u32,
    instances: u32,
}

/// The memory module.
pub const MEMORY_MODULE: u32 = 0;
/// Its instance.
pub const MEMORY: u32 = 0;

/// Finds the order.
///
/// # Errors
/// A component that is not linked the way Rust's tools do it.
pub fn arrange<'a>(model: &Model<'a>) -> Result<Layout<'a>> {
    // The number of slots is known only at the end, and shifts all indices after them.
    let first = attempt(model, Vec::new())?;
    attempt(model, first.slots)
}

fn attempt<'a>(model: &Model<'a>, slots: Vec<&'a str>) -> Result<Layout<'a>> {
    let table = Table::of(model)?;
    let start = model.main()?;
    let Linked::Module(main, _) = *model.instance(start)? else {
        return Err("the main module has no instance".into());
    };
    let is_used = |module: &u32| {
        let mut instances = model.instances.iter();
        instances.any(|instance| matches!(instance, Linked::Module(used, _) if used == module))
    };
    let count = u32::try_from(model.modules.len())?;
    let mut layout = Layout {
        main,
        modules: (0..count)
            .filter(|module| !table.modules.contains(module))
            .filter(is_used)
            .collect(),
        table,
        made: Made {
            functions: u32::try_from(slots.len())?,
            instances: 1,
        },
        slots,
        ..Layout::default()
    };
    layout.instance(model, start)?;
    Ok(layout)
}

impl<'a> Layout<'a> {
    /// The new index of an instance, which is created if it does not exist yet.
    fn instance(&mut self, model: &Model<'a>, old: u32) -> Result<u32> {
        if let Some(&index) = self.instances.get(&old) {
            return Ok(index);
        }
        let step = match model.instance(old)? {
            Linked::Module(module, arguments) => {
                self.open.push(old);
                let mut linked = Vec::new();
                for (name, argument) in arguments {
                    linked.push((name.clone(), self.instance(model, *argument)?));
                }
                self.open.pop();
                let place = self.modules.iter().position(|known| known == module);
                let place =
                    u32::try_from(place.ok_or("an instance of a module that does not exist")?)?;
                if *module == self.main {
                    linked.push((memory::FROM.into(), MEMORY));
                }
                Step::Module(MEMORY_MODULE + 1 + place, linked)
            }
            Linked::Exports(exports) => {
                let mut linked = Vec::new();
                for Export { name, kind, index } in exports {
                    let index = match kind {
                        ExternalKind::Func => self.function(model, *index)?,
                        ExternalKind::Memory => 0,
                        other => return Err(format!("{name} is a {other:?}").into()),
                    };
                    linked.push(((*name).to_owned(), *kind, index));
                }
                Step::Exports(linked)
            }
        };
        self.steps.push(step);
        let index = self.made.instances;
        self.made.instances += 1;
        self.instances.insert(old, index);
        Ok(index)
    }

    /// The new index of a function, which is created if it does not exist yet.
    ///
    /// # Errors
    /// A function that does not exist.
    pub fn function(&mut self, model: &Model<'a>, old: u32) -> Result<u32> {
        if let Some(&index) = self.functions.get(&old) {
            return Ok(index);
        }
        let step = match model.function(old)?.clone() {
            Function::Of(instance, name) if instance == self.table.instance => {
                let entry = self.table.entries.get(name).copied();
                return self.function(model, entry.ok_or("an empty entry in the import table")?);
            }
            Function::Of(instance, name) if self.open.contains(&instance) => {
                return self.slot(instance, name);
            }
            Function::Of(instance, name) => Step::Of(self.instance(model, instance)?, name),
            Function::Drop(resource) => Step::Drop(resource),
            Function::Lower(function, options) => {
                Step::Lower(function, self.options(model, &options)?)
            }
        };
        self.steps.push(step);
        let index = self.made.functions;
        self.made.functions += 1;
        self.functions.insert(old, index);
        Ok(index)
    }

    /// The same options with new indices.
    ///
    /// # Errors
    /// As [`Layout::function`].
    pub fn options(
        &mut self,
        model: &Model<'a>,
        options: &[CanonicalOption],
    ) -> Result<Vec<CanonicalOption>> {
        let mut renumber = |option: &CanonicalOption| {
            Ok(match *option {
                CanonicalOption::Realloc(function) => {
                    CanonicalOption::Realloc(self.function(model, function)?)
                }
                CanonicalOption::PostReturn(function) => {
                    CanonicalOption::PostReturn(self.function(model, function)?)
                }
                CanonicalOption::Memory(0)
                | CanonicalOption::UTF8
                | CanonicalOption::UTF16
                | CanonicalOption::CompactUTF16 => *option,
                other => return Err(format!("unsupported option: {other:?}").into()),
            })
        };
        options.iter().map(&mut renumber).collect()
    }

    /// An (old) instance of a module that nothing uses: the effect of instantiating it would
    /// be lost.
    pub fn lost(&self, model: &Model<'_>) -> Option<u32> {
        model.position_of(|index, instance| match instance {
            Linked::Module(module, _) => {
                !self.table.modules.contains(module) && !self.instances.contains_key(&index)
            }
            Linked::Exports(_) => false,
        })
    }

    /// The function that calls, through a slot, one that does not exist yet.
    ///
    /// # Errors
    /// It is not the main module's, which alone has a memory to allocate in.
    fn slot(&mut self, instance: u32, name: &'a str) -> Result<u32> {
        if self.open.first() != Some(&instance) {
            return Err(format!("{name} is called back").into());
        }
        let known = self.slots.iter().position(|slot| *slot == name);
        let slot = known.unwrap_or_else(|| {
            self.slots.push(name);
            self.slots.len() - 1
        });
        Ok(u32::try_from(slot)?)
    }
}
