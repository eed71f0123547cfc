//! A small component, before and after.

use wasmparser::{Parser, Payload, TypeRef};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::*;
use model::Function;

fn small() -> Vec<u8> {
    wat::parse_str(include_str!("tests.wat")).expect("a component")
}

/// What a component says to a host from which it reads "again".
fn said(component: &[u8]) -> Vec<String> {
    let engine = Engine::default();
    let component = Component::new(&engine, component).expect("a component");
    let mut linker = Linker::<Vec<String>>::new(&engine);
    let mut host = linker.instance("host").expect("a name");
    host.func_wrap("say", |mut store, (text,): (String,)| {
        store.data_mut().push(text);
        Ok(())
    })
    .expect("a name");
    host.func_wrap("read", |_, (): ()| Ok(("again".to_owned(),)))
        .expect("a name");
    host.func_wrap("count", |_, (): ()| Ok((2_u32,)))
        .expect("a name");
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component);
    let instance = instance.expect("an instance");
    let run = instance.get_typed_func::<(), ()>(&mut store, "run");
    run.expect("a function")
        .call(&mut store, ())
        .expect("an end");
    store.into_data()
}

#[test]
fn a_relinked_component_behaves_as_before() {
    let expected = ["hello", "again", "again", "again", "again"];
    assert_eq!(said(&small()), expected);
    assert_eq!(said(&relink(&small()).expect("a component")), expected);
}

#[test]
fn only_realloc_goes_through_a_table() {
    let relinked = relink(&small()).expect("a component");
    let model = Model::read(&relinked).expect("a component");
    let [memory, main] = model.modules.as_slice() else {
        panic!("{} modules", model.modules.len());
    };
    // The callbacks that the main module and the adapter provide to the host.
    let table = |function: &&Function<'_>| matches!(function, Function::Of(0, _));
    assert_eq!(model.functions.iter().filter(table).count(), 2);
    assert_eq!(functions(memory), (0, 2));
    let lowered = |function: &&Function<'_>| matches!(function, Function::Lower(..));
    assert_eq!(model.functions.iter().filter(lowered).count(), 4);
    // The host's: functions of the adapter and the main module for each other are not imports.
    assert_eq!(functions(main), (4, 6));
}

/// How many functions a module imports, and how many it defines.
fn functions(module: &[u8]) -> (usize, u32) {
    let (mut imported, mut defined) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload.expect("a module") {
            Payload::ImportSection(section) => {
                let imports = section
                    .into_imports()
                    .map(|import| import.expect("an import"));
                imported = imports
                    .filter(|import| matches!(import.ty, TypeRef::Func(_)))
                    .count();
            }
            Payload::FunctionSection(section) => defined = section.count(),
            _ => {}
        }
    }
    (imported, defined)
}

#[test]
fn a_component_that_would_behave_differently_is_refused() {
    let text = include_str!("tests.wat");
    let in_adapter = "(table 1 funcref)\n    (elem $doubles";
    for (place, with, expected) in [
        (
            in_adapter,
            "(data (i32.const 0) \"x\") (table 1 funcref) (elem $doubles",
            "unsupported section: DataSection",
        ),
        (
            in_adapter,
            "(start $start) (func $start) (table 1 funcref) (elem $doubles",
            "unsupported section: StartSection",
        ),
        (
            "(core instance $entries",
            "(core module $lost (func $start unreachable) (start $start))
             (core instance (instantiate $lost)) (core instance $entries",
            "is unused",
        ),
        (
            "(core instance $env (export \"memory\" (memory $memory)))",
            "(core module $other (memory (export \"memory\") 1))
             (core instance $other (instantiate $other))
             (alias core export $other \"memory\" (core memory $another))
             (core instance $env (export \"memory\" (memory $another)))",
            "there are several memories",
        ),
    ] {
        let changed = text.replacen(place, with, 1);
        assert_ne!(changed, text, "{place}");
        let changed = wat::parse_str(changed).expect("a component");
        let error = relink(&changed).expect_err(with).to_string();
        assert!(error.contains(expected), "{with}: {error}");
    }
}

#[test]
fn what_is_not_such_a_component_is_refused() {
    let module = wat::parse_str("(module (memory 1))").expect("a module");
    let plain = wat::parse_str("(component (core module (memory 1)))").expect("a component");
    let relinked = relink(&small()).expect("a component");
    let mut cut = small();
    cut.truncate(cut.len() / 2);
    for (label, given, expected) in [
        ("nothing", Vec::new(), "unexpected end"),
        ("text", b"(component)".to_vec(), "magic header"),
        ("a module", module, "this is not a component"),
        ("no imports", plain, "the component has no import table"),
        (
            "relinked before",
            relinked,
            "the component has no import table",
        ),
        ("cut off", cut, "unexpected end"),
    ] {
        let error = relink(&given).expect_err(label).to_string();
        assert!(error.contains(expected), "{label}: {error}");
    }
}
