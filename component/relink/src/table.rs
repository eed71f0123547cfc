//! The table that a component's imports went through.

use std::collections::BTreeMap;

use wasmparser::ExternalKind;

use crate::Result;
use crate::model::{Linked, Model};

/// The table that imports went through.
#[derive(Default)]
pub struct Table {
    /// What gives the functions that go through it.
    pub instance: u32,
    /// The functions that it is filled with, by the names of those that go through it.
    pub entries: BTreeMap<String, u32>,
    /// What makes it and what fills it.
    pub modules: [u32; 2],
}

impl Table {
    /// Finds it.
    ///
    /// # Errors
    /// There is none.
    pub fn of(model: &Model<'_>) -> Result<Self> {
        let unknown = "it has no table of imports";
        // Nothing is imported by what makes it, and all of what fills it by one name.
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
