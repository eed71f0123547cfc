//! The import table of a component.

use std::collections::BTreeMap;

use wasmparser::ExternalKind;

use crate::Result;
use crate::model::{Linked, Model};

/// The table through which imports are called.
#[derive(Default)]
pub struct Table {
    /// The instance whose functions call through it.
    pub instance: u32,
    /// The functions in it, by the names of the functions that call them.
    pub entries: BTreeMap<String, u32>,
    /// The modules that define it and fill it.
    pub modules: [u32; 2],
}

impl Table {
    /// Finds it.
    ///
    /// # Errors
    /// The module has no import table.
    pub fn of(model: &Model<'_>) -> Result<Self> {
        let unknown = "the component has no import table";
        // The module that defines it imports nothing; the one that fills it imports from "" only.
        let makes = |instance: &Linked<'_>| match instance {
            Linked::Module(module, arguments) if arguments.is_empty() => Some(*module),
            _ => None,
        };
        let fills = |instance: &Linked<'_>| match instance {
            Linked::Module(module, arguments) => match arguments.as_slice() {
                [(namespace, entries)] if namespace.is_empty() => Some((*module, *entries)),
                _ => None,
            },
            Linked::Exports(_) => None,
        };
        let maker = model.instances.iter().position(|i| makes(i).is_some());
        let instance = u32::try_from(maker.ok_or(unknown)?)?;
        let making = makes(model.instance(instance)?).ok_or(unknown)?;
        let (filling, entries) = model.instances.iter().find_map(fills).ok_or(unknown)?;
        let Linked::Exports(entries) = model.instance(entries)? else {
            return Err(unknown.into());
        };
        let functions = entries.iter().filter(|e| e.kind == ExternalKind::Func);
        Ok(Self {
            instance,
            entries: functions.map(|e| (e.name.to_owned(), e.index)).collect(),
            modules: [making, filling],
        })
    }
}
