//! Stubs for a platform without Coffer's host: no memo and no telemetry.

use crate::bindings::exports::coffer::storage::{memo, telemetry};
use crate::{Port, Store};

impl<S: Store> memo::Guest for Port<S> {
    fn recall(_: Vec<u8>) -> Option<Vec<u8>> {
        None
    }

    fn remember(_: Vec<u8>, _: Vec<u8>, _: u32) {}
}

impl<S: Store> telemetry::Guest for Port<S> {
    fn request(_: telemetry::Operation, _: Option<telemetry::Area>) -> bool {
        false
    }

    fn token(_: telemetry::TokenOutcome) {}

    fn decided(_: telemetry::Question, _: telemetry::Verdict) {}
}
