//! A parsed component: raw where it stays unchanged, parsed where it is relinked.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use wasm_encoder::ComponentSectionId;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, Encoding, Export,
    ExternalKind, Instance, InstantiationArg, Parser, Payload,
};

use crate::Result;
use crate::memory;

/// A component.
#[derive(Default)]
pub struct Model<'a> {
    /// The sections before the modules: types and imports.
    pub before: Vec<Part<'a>>,
    /// The modules.
    pub modules: Vec<Cow<'a, [u8]>>,
    /// The aliases of imports between the modules.
    pub between: Vec<(ComponentExternalKind, u32, &'a str)>,
    /// The sections after the last instance: exports.
    pub after: Vec<Part<'a>>,
    /// The functions of modules, by their index.
    pub functions: Vec<Function<'a>>,
    /// The instances of modules, by their index.
    pub instances: Vec<Linked<'a>>,
}

/// A section outside the linking part.
pub enum Part<'a> {
    /// Unchanged: id and content.
    Raw(u8, &'a [u8]),
    /// An export of an import, or of a component.
    Alias(ComponentExternalKind, u32, &'a str),
    /// A function of a module lifted to one of the component: function, type, options.
    Lift(u32, u32, Vec<CanonicalOption>),
}

/// A function that a module may import, or that is exported.
#[derive(Clone)]
pub enum Function<'a> {
    /// Exported by an instance.
    Of(u32, &'a str),
    /// Lowered from one of the component's imports.
    Lower(u32, Vec<CanonicalOption>),
    /// Drops a resource of this type.
    Drop(u32),
}

/// An instance of a module.
pub enum Linked<'a> {
    /// Of this module, with these instances as imports.
    Module(u32, Vec<Argument<'a>>),
    /// Composed of exports.
    Exports(Vec<Export<'a>>),
}

/// An instance that a module imports from, with the namespace that the module uses for it.
pub type Argument<'a> = (Cow<'a, str>, u32);

impl<'a> Model<'a> {
    /// Reads a component.
    ///
    /// # Errors
    /// Input that is not a component, or is not linked the way Rust's tools do it.
    pub fn read(component: &'a [u8]) -> Result<Self> {
        let mut model = Self::default();
        let mut parser = Parser::new(0).parse_all(component);
        while let Some(payload) = parser.next() {
            let payload = payload?;
            match payload {
                Payload::Version { encoding, .. } if encoding != Encoding::Component => {
                    return Err("this is not a component".into());
                }
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    skip(&mut parser)?;
                    let module = bytes(component, unchecked_range)?;
                    model.modules.push(module.into());
                }
                Payload::ComponentSection {
                    unchecked_range, ..
                } => {
                    skip(&mut parser)?;
                    let section = bytes(component, unchecked_range)?;
                    model.part(Part::Raw(ComponentSectionId::Component.into(), section));
                }
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        model.alias(alias?)?;
                    }
                }
                Payload::ComponentCanonicalSection(section) => {
                    for function in section {
                        model.canonical(function?)?;
                    }
                }
                Payload::InstanceSection(section) => {
                    for instance in section {
                        model.instances.push(linked(instance?));
                    }
                }
                // Its names refer to the old order.
                Payload::CustomSection(section) if section.name() == "component-name" => {}
                other => {
                    if let Some((id, range)) = other.as_section() {
                        model.part(Part::Raw(id, bytes(component, range)?));
                    }
                }
            }
        }
        Ok(model)
    }

    /// A module's bytes.
    ///
    /// # Errors
    /// No item has this index.
    pub fn module(&self, index: u32) -> Result<&[u8]> {
        let module = self.modules.get(index as usize);
        Ok(module.ok_or("no such module")?)
    }

    /// The same, to be replaced.
    ///
    /// # Errors
    /// As [`Model::module`].
    pub fn module_mut(&mut self, index: u32) -> Result<&mut Cow<'a, [u8]>> {
        let module = self.modules.get_mut(index as usize);
        Ok(module.ok_or("no such module")?)
    }

    /// A function of a module.
    ///
    /// # Errors
    /// As [`Model::module`].
    pub fn function(&self, index: u32) -> Result<&Function<'a>> {
        let function = self.functions.get(index as usize);
        Ok(function.ok_or("no such function")?)
    }

    /// An instance of a module.
    ///
    /// # Errors
    /// As [`Model::module`].
    pub fn instance(&self, index: u32) -> Result<&Linked<'a>> {
        let instance = self.instances.get(index as usize);
        Ok(instance.ok_or("no such instance")?)
    }

    /// The instance of the module that defines the memory.
    ///
    /// # Errors
    /// None, or more than one.
    pub fn main(&self) -> Result<u32> {
        let defines = |_, instance: &Linked<'_>| match instance {
            Linked::Module(module, _) => self.module(*module).is_ok_and(memory::defines_one),
            Linked::Exports(_) => false,
        };
        let main = self.position_of(defines);
        let main = main.ok_or("no instance defines a memory")?;
        let another = self.position_of(|index, instance| index != main && defines(index, instance));
        if another.is_some() {
            return Err("there are several memories".into());
        }
        Ok(main)
    }

    /// The first instance that matches.
    pub fn position_of(&self, wanted: impl Fn(u32, &Linked<'a>) -> bool) -> Option<u32> {
        (0..)
            .zip(&self.instances)
            .find_map(|(index, instance)| wanted(index, instance).then_some(index))
    }

    /// Replaces an instance by another.
    ///
    /// # Errors
    /// As [`Model::module`].
    pub fn replace(&mut self, index: u32, by: Linked<'a>) -> Result<()> {
        let instance = self.instances.get_mut(index as usize);
        *instance.ok_or("no such instance")? = by;
        Ok(())
    }

    /// Adds an instance with only these exports of another one.
    ///
    /// # Errors
    /// The other one is not composed of exports.
    pub fn only(&mut self, index: u32, names: &BTreeSet<String>) -> Result<u32> {
        let Linked::Exports(exports) = self.instance(index)? else {
            return Err("an instance of a module is imported directly".into());
        };
        let kept = exports.iter().filter(|export| names.contains(export.name));
        let kept = Linked::Exports(kept.cloned().collect());
        self.instances.push(kept);
        Ok(u32::try_from(self.instances.len() - 1)?)
    }

    /// Keeps a section that is before the linking part or after it.
    fn part(&mut self, part: Part<'a>) {
        if self.modules.is_empty() {
            self.before.push(part);
        } else {
            self.after.push(part);
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<()> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func,
                instance_index,
                name,
            } => self.functions.push(Function::Of(instance_index, name)),
            // There is one of each, with a known index.
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Memory | ExternalKind::Table,
                ..
            } => {}
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } if self.modules.is_empty() || !self.after.is_empty() => {
                self.part(Part::Alias(kind, instance_index, name));
            }
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => self.between.push((kind, instance_index, name)),
            other => return Err(format!("unsupported alias: {other:?}").into()),
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<()> {
        match function {
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                let lowered = Function::Lower(func_index, options.into_vec());
                self.functions.push(lowered);
            }
            CanonicalFunction::ResourceDrop { resource } => {
                self.functions.push(Function::Drop(resource));
            }
            CanonicalFunction::Lift {
                core_func_index,
                type_index,
                options,
            } => self.part(Part::Lift(core_func_index, type_index, options.into_vec())),
            other => return Err(format!("unsupported function: {other:?}").into()),
        }
        Ok(())
    }
}

/// Skips to the end of a nested module or component.
fn skip<'a>(parser: &mut impl Iterator<Item = wasmparser::Result<Payload<'a>>>) -> Result<()> {
    let mut depth = 1;
    while depth > 0 {
        match parser.next().ok_or("unexpected end of the component")?? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => {}
        }
    }
    Ok(())
}

fn bytes(component: &[u8], range: Range<usize>) -> Result<&[u8]> {
    Ok(component
        .get(range)
        .ok_or("unexpected end of the component")?)
}

fn linked<'a>(instance: Instance<'a>) -> Linked<'a> {
    match instance {
        Instance::Instantiate { module_index, args } => {
            let argument = |argument: &InstantiationArg<'a>| (argument.name.into(), argument.index);
            let arguments = args.iter().map(argument);
            Linked::Module(module_index, arguments.collect())
        }
        Instance::FromExports(exports) => Linked::Exports(exports.into_vec()),
    }
}
