//! Test components, in the text format of WebAssembly.

// Also for tests/bench_swap, which has this file alone.
#[path = "component/judge.rs"]
mod judge;

use std::fmt::Write;

/// The component around a guest's code.
const TEXT: &str = include_str!("guest.wat");

/// Imported functions: instance, name there, the part of it that the code calls it by
/// (after `[…]`), and its core parameters and results.
const FUNCTIONS: [(&str, &str, &str); 29] = [
    ("poll", "[method]pollable.block", "(param i32)"),
    (
        "streams",
        "[method]output-stream.blocking-write-and-flush",
        "(param i32 i32 i32 i32)",
    ),
    (
        "monotonic",
        "subscribe-duration",
        "(param i64) (result i32)",
    ),
    ("random", "get-random-bytes", "(param i64 i32)"),
    ("http", "[constructor]fields", "(result i32)"),
    (
        "http",
        "[method]fields.append",
        "(param i32 i32 i32 i32 i32 i32)",
    ),
    (
        "http",
        "[method]incoming-request.path-with-query",
        "(param i32 i32)",
    ),
    (
        "http",
        "[method]incoming-request.consume",
        "(param i32 i32)",
    ),
    (
        "http",
        "[static]response-outparam.set",
        "(param i32 i32 i32 i32 i64 i32 i32 i32 i32)",
    ),
    (
        "http",
        "[constructor]outgoing-response",
        "(param i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-response.set-status-code",
        "(param i32 i32) (result i32)",
    ),
    ("http", "[method]outgoing-response.body", "(param i32 i32)"),
    ("http", "[method]outgoing-body.write", "(param i32 i32)"),
    (
        "http",
        "[static]outgoing-body.finish",
        "(param i32 i32 i32 i32)",
    ),
    (
        "http",
        "[constructor]outgoing-request",
        "(param i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-scheme",
        "(param i32 i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-authority",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]outgoing-request.set-path-with-query",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "http",
        "[method]future-incoming-response.subscribe",
        "(param i32) (result i32)",
    ),
    (
        "http",
        "[method]future-incoming-response.get",
        "(param i32 i32)",
    ),
    ("outgoing", "handle", "(param i32 i32 i32 i32)"),
    ("memo", "remember", "(param i32 i32 i32 i32 i32)"),
    ("exchange", "respond", "(param i32 i32 i32 i32 i32 i32)"),
    ("documents", "fetch", "(param i32 i32 i32 i32 i32 i32)"),
    (
        "blobs",
        "[static]blob.respond",
        "(param i32 i32 i32 i32 i32)",
    ),
    (
        "blobs",
        "[method]upload.receive",
        "(param i32 i32 i32 i32 i32)",
    ),
    ("blobs", "[static]upload.received", "(param i32)"),
    ("blobs", "[method]upload.write", "(param i32 i32 i32 i32)"),
    ("blobs", "[static]upload.finish", "(param i32 i32 i32)"),
];
/// Those with more than 16 parameters, which are passed by address.
const SPILLED: [(&str, &str, &str); 4] = [
    ("blobs", "open", "(param i32 i32)"),
    ("blobs", "create", "(param i32 i32)"),
    ("blobs", "remove", "(param i32 i32)"),
    ("blobs", "stat", "(param i32 i32)"),
];

/// A component that passes its check, unless a test changes that.
#[derive(Debug, Clone)]
pub struct Guest {
    evil: String,
    elsewhere: String,
    check: String,
    definitions: String,
    imports: String,
    data: String,
    /// How it judges.
    judge: Option<String>,
}

impl Guest {
    /// Handles paths below `/v1/public/files/evil` by this body of a core function, such
    /// as `unreachable`. It has the locals `$request`, `$out`, `$i` and `$j`, the
    /// imports and helpers of the text, and memory from 4096 to 65535 for itself.
    pub fn new(evil: &str) -> Self {
        Self {
            evil: evil.to_owned(),
            elsewhere: "(call $answer (local.get $out) (i32.const 403))".to_owned(),
            check: String::new(),
            definitions: String::new(),
            imports: String::new(),
            data: String::new(),
            judge: None,
        }
    }

    /// Handles all other paths by this body.
    pub fn elsewhere(mut self, body: &str) -> Self {
        self.elsewhere = body.to_owned();
        self
    }

    /// Does this before it passes its check.
    pub fn checking(mut self, body: &str) -> Self {
        self.check = body.to_owned();
        self
    }

    /// With these definitions of core functions and tables.
    pub fn defining(mut self, definitions: &str) -> Self {
        self.definitions = definitions.to_owned();
        self
    }

    /// With these imports too, none of which is called.
    pub fn importing(mut self, imports: &str) -> Self {
        self.imports = imports.to_owned();
        self
    }

    /// Judges by this body of a core function, which has `$count`, the number of questions. The
    /// code can call `$report-request`, `$report-decision` and `$deny`.
    pub fn judging(mut self, body: &str) -> Self {
        self.judge = Some(body.to_owned());
        self
    }

    /// With these bytes at address 2048, up to 2048 of them.
    pub fn data(mut self, bytes: &[u8]) -> Self {
        assert!(bytes.len() <= 2048);
        self.data.clear();
        for byte in bytes {
            write!(self.data, "\\{byte:02x}").unwrap();
        }
        self
    }

    /// In the binary format.
    pub fn build(&self) -> Vec<u8> {
        let (mut lowered, mut named, mut imported) = Default::default();
        let (mut imports, mut definitions) = (self.imports.clone(), self.definitions.clone());
        let mut exports = "";
        let mut functions = [&FUNCTIONS[..], &SPILLED].concat();
        if let Some(body) = &self.judge {
            imports.push_str(judge::IMPORTS);
            definitions.push_str(&judge::CODE.replace("{judge}", body));
            exports = judge::EXPORTS;
            functions.extend(judge::FUNCTIONS);
        }
        for (instance, name, signature) in functions {
            let known = name.split_once(']').map_or(name, |(_, known)| known);
            lower(
                &mut lowered,
                known,
                &format!(
                    "canon lower (func ${instance} \"{name}\") (memory (core memory $heap \"memory\")) \
                 (realloc (core func $heap \"realloc\"))"
                ),
            );
            name_it(&mut named, &mut imported, known, signature);
        }
        for (dropped, resource) in [
            ("output-stream.drop", "$stream"),
            ("incoming-request.drop", "$incoming-request"),
        ] {
            let how = format!("canon resource.drop {resource}");
            lower(&mut lowered, dropped, &how);
            name_it(&mut named, &mut imported, dropped, "(param i32)");
        }
        let text = TEXT
            .replace("{lowered}", &lowered)
            .replace("{named}", &named)
            .replace("{imported}", &imported)
            .replace("{imports}", &imports)
            .replace("{exports}", exports)
            .replace("{definitions}", &definitions)
            .replace("{evil}", &self.evil)
            .replace("{elsewhere}", &self.elsewhere)
            .replace("{check}", &self.check)
            .replace("{data}", &self.data);
        wat::parse_str(text).unwrap()
    }
}

fn lower(lowered: &mut String, known: &str, how: &str) {
    writeln!(lowered, "  (core func ${known} ({how}))").unwrap();
}

fn name_it(named: &mut String, imported: &mut String, known: &str, signature: &str) {
    writeln!(named, "    (export \"{known}\" (func ${known}))").unwrap();
    writeln!(
        imported,
        "    (import \"host\" \"{known}\" (func ${known} {signature}))"
    )
    .unwrap();
}

/// A [`Guest`] in the binary format.
pub fn component(evil: &str) -> Vec<u8> {
    Guest::new(evil).build()
}
