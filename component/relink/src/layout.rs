//! In which order a component's modules are linked so that each finds what it imports.

use std::collections::BTreeMap;

use wasmparser::{CanonicalOption, Export, ExternalKind};

use crate::Result;
use crate::memory;
use crate::model::{Function, Linked, Model};
use crate::table::Table;

/// The new order. Before it stand the module of the memory, which is instance 0 and gives
/// memory 0, table 0 and the functions of its slots; and the module that fills the slots.
#[derive(Default)]
pub struct Layout<'a> {
    /// The module that defines the memory.
    pub main: u32,
    /// The other modules that stay, in their new order.
    pub modules: Vec<u32>,
    /// What is called back through a slot: functions of instances that come later.
    pub slots: Vec<(u32, &'a str)>,
    /// What comes into being, one after the other.
    pub steps: Vec<Step<'a>>,
    /// Old functions' new indices.
    functions: BTreeMap<u32, u32>,
    /// Old instances' new indices.
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
    Module(u32, Vec<(&'a str, u32)>),
    Exports(Vec<(String, ExternalKind, u32)>),
}

/// How many there are by now.
#[derive(Default)]
struct Made {
    functions: u32,
    instances: u32,
}

/// The module of the memory and the one that fills its slots.
const OWN_MODULES: u32 = 2;
/// The one of the memory.
pub const MEMORY_MODULE: u32 = 0;
/// Its instance.
pub const MEMORY: u32 = 0;
/// The one that fills the slots.
const FILLER: u32 = 1;

/// Finds the order.
///
/// # Errors
/// A component that is not linked as Rust's tools do it.
pub fn arrange<'a>(model: &Model<'a>) -> Result<Layout<'a>> {
    // How many slots there are is known at the end, and shifts all that comes behind them.
    let first = attempt(model, Vec::new())?;
    attempt(model, first.slots)
}

fn attempt<'a>(model: &Model<'a>, slots: Vec<(u32, &'a str)>) -> Result<Layout<'a>> {
    let table = Table::of(model)?;
    let main = model
        .modules
        .iter()
        .position(|module| memory::defines_one(module))
        .ok_or("no module defines a memory")?;
    let main = u32::try_from(main)?;
    let count = u32::try_from(model.modules.len())?;
    let mut layout = Layout {
        main,
        modules: (0..count)
            .filter(|module| !table.modules.contains(module))
            .collect(),
        table,
        made: Made {
            functions: u32::try_from(slots.len())?,
            instances: 1,
        },
        slots,
        ..Layout::default()
    };
    let start = model
        .instances
        .iter()
        .position(|instance| matches!(instance, Linked::Module(module, _) if *module == main))
        .ok_or("the main module has no instance")?;
    layout.instance(model, u32::try_from(start)?)?;
    layout.fill()?;
    Ok(layout)
}

impl<'a> Layout<'a> {
    /// The new index of an instance; it comes into being if there is none yet.
    fn instance(&mut self, model: &Model<'a>, old: u32) -> Result<u32> {
        if let Some(&index) = self.instances.get(&old) {
            return Ok(index);
        }
        let step = match model.instance(old)? {
            Linked::Module(module, arguments) => {
                self.open.push(old);
                let mut linked = Vec::new();
                for (name, argument) in arguments {
                    linked.push((*name, self.instance(model, *argument)?));
                }
                self.open.pop();
                let place = self.modules.iter().position(|known| known == module);
                let place = u32::try_from(place.ok_or("an instance of an unknown module")?)?;
                if *module == self.main {
                    linked.push((memory::FROM, MEMORY));
                }
                Step::Module(OWN_MODULES + place, linked)
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

    /// The new index of a function; it comes into being if there is none yet.
    ///
    /// # Errors
    /// One that is nowhere.
    pub fn function(&mut self, model: &Model<'a>, old: u32) -> Result<u32> {
        if let Some(&index) = self.functions.get(&old) {
            return Ok(index);
        }
        let step = match model.function(old)?.clone() {
            Function::Of(instance, name) if instance == self.table.instance => {
                let entry = self.table.entries.get(name).copied();
                return self.function(model, entry.ok_or("an empty place in the table")?);
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

    /// The same options, by new indices.
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
                other => other,
            })
        };
        options.iter().map(&mut renumber).collect()
    }

    /// The function that goes through a slot to one that is not there yet.
    fn slot(&mut self, instance: u32, name: &'a str) -> Result<u32> {
        let wanted = (instance, name);
        let known = self.slots.iter().position(|slot| *slot == wanted);
        let slot = known.unwrap_or_else(|| {
            self.slots.push(wanted);
            self.slots.len() - 1
        });
        Ok(u32::try_from(slot)?)
    }

    /// Puts into the slots what they are for.
    fn fill(&mut self) -> Result<()> {
        let mut exports = vec![(memory::SLOTS.to_owned(), ExternalKind::Table, 0)];
        for (number, (instance, name)) in self.slots.iter().enumerate() {
            let instance = self.instances.get(instance).ok_or("an empty slot")?;
            self.steps.push(Step::Of(*instance, name));
            exports.push((number.to_string(), ExternalKind::Func, self.made.functions));
            self.made.functions += 1;
        }
        self.steps.push(Step::Exports(exports));
        let filler = vec![(memory::FROM, self.made.instances)];
        self.steps.push(Step::Module(FILLER, filler));
        self.made.instances += 2;
        Ok(())
    }
}
