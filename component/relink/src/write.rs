//! Writes the component in its new order.

use wasm_encoder::reencode::{ReencodeComponent as _, RoundtripReencoder};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ExportKind,
    InstanceSection, ModuleArg, ModuleSection, RawSection,
};
use wasmparser::ComponentExternalKind;

use crate::Result;
use crate::layout::{Layout, MEMORY, MEMORY_MODULE, Step};
use crate::memory::{self, Apart};
use crate::model::{Argument, Model, Part};

/// The component's bytes.
///
/// # Errors
/// An export does not exist, or an instance would be left out.
pub fn component<'a>(model: &Model<'a>, mut layout: Layout<'a>) -> Result<Vec<u8>> {
    let mut component = Component::new();
    for part in &model.before {
        section(&mut component, part)?;
    }
    modules(&mut component, model, &layout)?;
    memory(&mut component, &layout)?;
    for &(kind, instance, name) in &model.between {
        taken(&mut component, kind, instance, name);
    }
    let mut written = 0;
    for part in &model.after {
        match part {
            Part::Lift(function, ty, options) => {
                let function = layout.function(model, *function)?;
                let options = layout.options(model, options)?;
                written = steps(&mut component, &layout, written)?;
                let mut lifts = CanonicalFunctionSection::new();
                lifts.lift(function, *ty, encoded(&options)?);
                component.section(&lifts);
            }
            part => section(&mut component, part)?,
        }
    }
    steps(&mut component, &layout, written)?;
    match layout.lost(model) {
        Some(instance) => Err(format!("instance {instance} is unused").into()),
        None => Ok(component.finish()),
    }
}

/// Writes an unchanged section.
fn section(component: &mut Component, part: &Part<'_>) -> Result<()> {
    match *part {
        Part::Raw(id, data) => {
            component.section(&RawSection { id, data });
        }
        Part::Alias(kind, instance, name) => taken(component, kind, instance, name),
        Part::Lift(..) => return Err("a function is lifted before its module exists".into()),
    }
    Ok(())
}

fn modules(component: &mut Component, model: &Model<'_>, layout: &Layout<'_>) -> Result<()> {
    let main = model.module(layout.main)?;
    let Apart { memory, rest } = memory::take_apart(main, &layout.slots)?;
    component.section(&ModuleSection(&memory));
    for &module in &layout.modules {
        if module == layout.main {
            component.section(&ModuleSection(&rest));
        } else {
            component.section(&RawSection {
                id: wasm_encoder::ComponentSectionId::CoreModule.into(),
                data: model.module(module)?,
            });
        }
    }
    Ok(())
}

/// The memory instance, and what it provides.
fn memory(component: &mut Component, layout: &Layout<'_>) -> Result<()> {
    instance(component, MEMORY_MODULE, &[]);
    given(component, MEMORY, memory::MEMORY, ExportKind::Memory);
    for slot in 0..u32::try_from(layout.slots.len())? {
        given(component, MEMORY, &slot.to_string(), ExportKind::Func);
    }
    Ok(())
}

/// Writes the steps from this one on; returns how many there are by then.
fn steps(component: &mut Component, layout: &Layout<'_>, from: usize) -> Result<usize> {
    for step in layout.steps.iter().skip(from) {
        let mut functions = CanonicalFunctionSection::new();
        match step {
            Step::Of(instance, name) => {
                given(component, *instance, name, ExportKind::Func);
                continue;
            }
            Step::Module(module, imports) => {
                instance(component, *module, imports);
                continue;
            }
            Step::Exports(exports) => {
                let kinds = exports
                    .iter()
                    .map(|(name, kind, index)| (name.as_str(), (*kind).into(), *index));
                let mut instances = InstanceSection::new();
                instances.export_items(kinds.collect::<Vec<(&str, ExportKind, u32)>>());
                component.section(&instances);
                continue;
            }
            Step::Lower(function, options) => functions.lower(*function, encoded(options)?),
            Step::Drop(resource) => functions.resource_drop(*resource),
        };
        component.section(&functions);
    }
    Ok(layout.steps.len())
}

fn instance(component: &mut Component, module: u32, imports: &[Argument<'_>]) {
    let mut instances = InstanceSection::new();
    let imports = imports
        .iter()
        .map(|(name, instance)| (name.as_ref(), ModuleArg::Instance(*instance)));
    instances.instantiate(module, imports.collect::<Vec<_>>());
    component.section(&instances);
}

/// Aliases an export of a module's instance.
fn given(component: &mut Component, instance: u32, name: &str, kind: ExportKind) {
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::CoreInstanceExport {
        instance,
        kind,
        name,
    });
    component.section(&aliases);
}

/// Aliases an export of a component's instance.
fn taken(component: &mut Component, kind: ComponentExternalKind, instance: u32, name: &str) {
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::InstanceExport {
        instance,
        kind: kind.into(),
        name,
    });
    component.section(&aliases);
}

fn encoded(options: &[wasmparser::CanonicalOption]) -> Result<Vec<CanonicalOption>> {
    let mut same = RoundtripReencoder;
    let encoded = options
        .iter()
        .map(|option| same.canonical_option(*option).map_err(Into::into));
    encoded.collect()
}
