//! The port of `wit/` as Rust, and nothing else.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    interfaces: "
        import coffer:storage/blobs@0.2.0;
        import coffer:storage/documents@0.2.0;
        import coffer:storage/exchange@0.2.0;
        import coffer:storage/uploads@0.2.0;
        import coffer:storage/telemetry@0.2.0;
    ",
    imports: {
        "coffer:storage/exchange": trappable,
        "coffer:storage/telemetry": trappable,
        default: async | trappable,
    },
    with: {
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:http/types": wasmtime_wasi_http::p2::bindings::http::types,
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "coffer:storage/blobs.blob": crate::imports::port::Blob,
        "coffer:storage/blobs.upload": crate::imports::port::Upload,
    },
});

/// The component's check of its settings.
pub mod check {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package coffer:host;

            world checked {
                export coffer:storage/self-check@0.2.0;
            }
        ",
        exports: { default: async },
    });
}

/// Requests that continue in another instance.
pub mod resume {
    wasmtime::component::bindgen!({
        path: "../wit",
        interfaces: "export coffer:storage/continuation@0.2.0;",
        exports: { default: async },
        with: {
            "wasi:http/types": wasmtime_wasi_http::p2::bindings::http::types,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        },
    });

    pub use exports::coffer::storage::continuation::GuestIndices;
}

/// What the component decides without a request.
pub mod judge {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package coffer:host;

            world judged {
                export coffer:storage/judge@0.2.0;
            }
        ",
        exports: { default: async },
        with: {
            "coffer:storage/decisions": crate::bindings::coffer::storage::decisions,
        },
    });

    pub use crate::bindings::coffer::storage::decisions;
}

/// What a policy opens that the one before it kept closed.
pub mod succession {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package coffer:host;

            world succeeded {
                export coffer:storage/succession@0.2.0;
            }
        ",
        exports: { default: async },
        with: {
            "coffer:storage/decisions": crate::bindings::coffer::storage::decisions,
        },
    });
}

/// The component's answers to operators.
pub mod explain {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package coffer:host;

            world explained {
                export coffer:storage/explain@0.2.0;
            }
        ",
        exports: { default: async },
    });
}
