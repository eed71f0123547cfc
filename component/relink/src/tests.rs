//! A small component, before and after.

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::*;
use model::{Function, Linked};

fn small() -> Vec<u8> {
    wat::parse_str(include_str!("tests.wat")).expect("a component")
}

/// What a component says to a host that it can read "again" from twice.
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
fn a_relinked_component_does_what_it_did() {
    let expected = ["hello", "again", "again"];
    assert_eq!(said(&small()), expected);
    assert_eq!(said(&relink(&small()).expect("a component")), expected);
}

#[test]
fn only_realloc_goes_through_a_table() {
    let relinked = relink(&small()).expect("a component");
    let model = Model::read(&relinked).expect("a component");
    // Memory, what fills the slots, main.
    assert_eq!(model.modules.len(), 3);
    let table = |function: &&Function<'_>| matches!(function, Function::Of(0, _));
    assert_eq!(model.functions.iter().filter(table).count(), 1);
    let lowered = |function: &&Function<'_>| matches!(function, Function::Lower(..));
    assert_eq!(model.functions.iter().filter(lowered).count(), 3);
    let main = model.instances.iter().find_map(|instance| match instance {
        Linked::Module(2, imports) => Some(imports),
        _ => None,
    });
    let main = main.expect("an instance of the main module");
    assert!(main.contains(&("memory", 0)), "{main:?}");
}

#[test]
fn what_is_no_such_component_is_refused() {
    let module = wat::parse_str("(module (memory 1))").expect("a module");
    let plain = wat::parse_str("(component (core module (memory 1)))").expect("a component");
    let relinked = relink(&small()).expect("a component");
    let mut cut = small();
    cut.truncate(cut.len() / 2);
    for (label, given, expected) in [
        ("nothing", Vec::new(), "unexpected end"),
        ("text", b"(component)".to_vec(), "magic header"),
        ("a module", module, "this is no component"),
        ("no imports", plain, "it has no table of imports"),
        ("relinked before", relinked, "it has no table of imports"),
        ("cut off", cut, "unexpected end"),
    ] {
        let error = relink(&given).expect_err(label).to_string();
        assert!(error.contains(expected), "{label}: {error}");
    }
}
