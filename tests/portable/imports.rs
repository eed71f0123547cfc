//! The imports and exports of the composed components.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload};

const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/portable");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../component/DEPLOY.md");

/// An interface without functions, whose types the exports of the component use.
const TYPES: &str = "coffer:storage/decisions@0.2.0";

/// The names of what a component imports and exports.
fn boundary(name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let bytes = std::fs::read(format!("{TARGET}/{name}.wasm")).unwrap();
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|i| i.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().map(|e| e.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// What the rows of the document's table name for this component.
fn documented(name: &str) -> BTreeSet<String> {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `wasi:") || line.starts_with(&format!("| `{TYPES}`")));
    rows.filter(|row| row.contains("| both |") || row.contains(&format!("| {name} |")))
        .map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn the_composed_components_import_what_is_documented_and_nothing_else() {
    for (name, column) in [("coffer-filesystem", "filesystem"), ("coffer-s3", "s3")] {
        let (imports, exports) = boundary(name);
        assert_eq!(imports, documented(column), "{name}");
        assert!(imports.iter().all(|import| {
            let is_known = import.starts_with("wasi:") || import == TYPES;
            is_known && import.split_once("@0.2.").is_some()
        }));
        assert!(
            exports.contains("wasi:http/incoming-handler@0.2.3"),
            "{exports:?}"
        );
    }
}
