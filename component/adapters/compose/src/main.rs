//! `coffer-compose COMPONENT ADAPTER TO`: composes the component with an adapter that implements
//! its port, for a platform without Coffer's host; the same as
//! `wac plug COMPONENT --plug ADAPTER -o TO`.

use std::process::ExitCode;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, adapter, to] = arguments.as_slice() else {
        eprintln!("usage: coffer-compose COMPONENT ADAPTER TO");
        return ExitCode::FAILURE;
    };
    match compose(component, adapter).and_then(|bytes| Ok(std::fs::write(to, bytes)?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coffer-compose: {component} with {adapter}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Composes the two into one valid component.
fn compose(component: &str, adapter: &str) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut package = |name, file: &str| -> Result<_> {
        let built = std::fs::read(file)?;
        let component = coffer_encode::component(&built)?;
        let package = Package::from_bytes(name, None, component, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let component = package("coffer:component", component)?;
    let adapter = package("coffer:adapter", adapter)?;
    plug(&mut graph, vec![adapter], component)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
