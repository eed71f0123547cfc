//! Merges the modules that use the main module's memory, the WASI adapters, into the main
//! module. So there are fewer instances per request, and calls between them are direct.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ExternalKind, Parser, Payload};

use crate::Result;
use crate::model::{Argument, Function, Linked, Model};
use crate::table::Table;
use crate::union::{Source, union};

/// The same component with a single module that uses the memory.
///
/// # Errors
/// A component that is not linked the way Rust's tools do it, or modules that have no [`union`].
pub fn join(mut model: Model<'_>) -> Result<Model<'_>> {
    let table = Table::of(&model)?;
    let main = model.main()?;
    while let Some(adapter) = model.position_of(|_, instance| works_on_memory(&model, instance)) {
        join_one(&mut model, &table, main, adapter)?;
    }
    Ok(model)
}

/// Whether an instance is of a module that imports a memory.
fn works_on_memory(model: &Model<'_>, instance: &Linked<'_>) -> bool {
    let Linked::Module(_, arguments) = instance else {
        return false;
    };
    arguments.iter().any(|(_, argument)| {
        matches!(model.instance(*argument), Ok(Linked::Exports(exports))
            if exports.iter().any(|export| export.kind == ExternalKind::Memory))
    })
}

fn join_one(model: &mut Model<'_>, table: &Table, main: u32, adapter: u32) -> Result<()> {
    let (main_module, of_main) = module_of(model, main)?;
    let (adapter_module, of_adapter) = module_of(model, adapter)?;
    // Both may import from the same namespace, which is a different instance for each.
    let renamed = |namespace: &str| format!("{adapter}/{namespace}");
    let modules = [model.module(main_module)?, model.module(adapter_module)?];
    let joined = union(modules, |number, namespace, name| {
        let (arguments, other, kept) = match number {
            0 => (&of_main, adapter, namespace.to_owned()),
            _ => (&of_adapter, main, renamed(namespace)),
        };
        let argument = arguments.iter().find(|(known, _)| known == namespace);
        let (_, argument) = argument.ok_or("an import that is not linked")?;
        match origin(model, table, *argument, name)? {
            Some((instance, name)) if instance == other => Ok(Source::Inside(name)),
            _ => Ok(Source::Outside(kept)),
        }
    })?;
    let of_adapter = of_adapter
        .into_iter()
        .map(|(namespace, argument)| (renamed(&namespace).into(), argument));
    let given: Vec<Argument<'_>> = of_main.into_iter().chain(of_adapter).collect();
    let mut arguments = Vec::new();
    for (namespace, names) in imports(&joined)? {
        let argument = given.iter().find(|(known, _)| *known == namespace);
        let (_, argument) = argument.ok_or("an import that is not linked")?;
        arguments.push((namespace.into(), model.only(*argument, &names)?));
    }
    model.replace(main, Linked::Module(main_module, arguments))?;
    model.replace(adapter, Linked::Exports(Vec::new()))?;
    *model.module_mut(main_module)? = Cow::Owned(joined);
    for function in &mut model.functions {
        if let Function::Of(instance, _) = function
            && *instance == adapter
        {
            *instance = main;
        }
    }
    Ok(())
}

fn module_of<'a>(model: &Model<'a>, instance: u32) -> Result<(u32, Vec<Argument<'a>>)> {
    match model.instance(instance)? {
        Linked::Module(module, arguments) => Ok((*module, arguments.clone())),
        Linked::Exports(_) => Err("not an instance of a module".into()),
    }
}

/// Which module's instance defines what an instance exports, and under which name; none for
/// imports of the component.
fn origin<'a>(
    model: &Model<'a>,
    table: &Table,
    instance: u32,
    name: &str,
) -> Result<Option<(u32, &'a str)>> {
    let Linked::Exports(exports) = model.instance(instance)? else {
        return Err(format!("{name} is imported directly from a module").into());
    };
    let export = exports
        .iter()
        .find(|export| export.name == name && export.kind == ExternalKind::Func);
    let export = export.ok_or_else(|| format!("no such function: {name}"))?;
    let mut function = model.function(export.index)?;
    if let Function::Of(instance, entry) = function
        && *instance == table.instance
    {
        let entry = table.entries.get(*entry).copied();
        function = model.function(entry.ok_or("an empty entry in the import table")?)?;
    }
    Ok(match function {
        Function::Of(instance, name) => Some((*instance, *name)),
        Function::Lower(..) | Function::Drop(_) => None,
    })
}

/// What a module imports: names by namespace.
fn imports(module: &[u8]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                let names = imports.entry(import.module.to_owned()).or_default();
                names.insert(import.name.to_owned());
            }
        }
    }
    Ok(imports)
}
