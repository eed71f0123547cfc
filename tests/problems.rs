//! Every type of refusal there is, each provoked from outside.

use std::collections::BTreeSet;

use jwt_simple::prelude::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Connection, Server, Setup, assert_problem, assert_problem_parts, iam, token, user};

/// Every type of the contract, with its status. Those with a reason are not
/// provoked by [`every_refusal_is_a_problem_document_of_its_type`].
const TYPES: [(u16, &str, Option<&str>); 26] = [
    (400, "invalid-name", None),
    (400, "invalid-request", None),
    (400, "invalid-multipart", None),
    (400, "digest-mismatch", None),
    (401, "unauthenticated", None),
    (401, "invalid-token", None),
    (403, "forbidden", None),
    (403, "iam-not-configured", Some("takes a server without an IAM API: below")),
    (403, "link-invalid", None),
    (403, "link-expired", None),
    (404, "not-found", None),
    (405, "method-not-allowed", None),
    (409, "already-exists", None),
    (412, "precondition-failed", None),
    (413, "too-large", None),
    (415, "unsupported-media-type", None),
    (416, "range-not-satisfiable", None),
    (431, "headers-too-large", None),
    (500, "internal", Some("takes a component that traps: see protocol.rs")),
    (503, "unavailable", Some("takes a server with no room: below")),
    (504, "timeout", Some("takes a client that stops within a body: below")),
    (507, "no-space", Some("takes a store that is full; the host's own tests have one")),
];
