//! End-to-end tests: the real binary over HTTP, one module a subject.

#![allow(clippy::unwrap_used)]

mod access; // who reaches whose files: callers, operations and areas as one table
mod browser; // Chromium on pages of another origin: shown, played, embedded, uploaded, and nothing that runs
mod cli; // what is refused at start and how, help, environment twins, development tokens
mod conditions; // preconditions of PUT and DELETE, also when many ask at once
mod cors; // other origins, and what OPTIONS says
mod crash; // kill -9, restart, a second host, an orderly stop
mod delete; // what it takes away, and nothing more
mod download; // GET and HEAD: bytes, fields, ranges, preconditions, names to save as
mod form; // multipart: names, folders, all or nothing, cut off, crafted, endless
mod hostile; // components that mean harm, and what that costs anybody else
mod iam; // tokens of real providers: whose files they open, keys that change or are out of reach
mod keys; // keys that an IAM API publishes: found, kept, renewed, out of reach
mod large; // 3 GiB up and down, 64 at once, and the host's memory
mod link; // URLs that work without a token, and what they do not open
mod list; // what is on a page, and walks over the pages
mod names; // right or refused, and never a path on the disk
mod operations; // liveness, readiness, metrics, the component in force
mod policy; // rules, limits and modes as the policy says, and policies that are refused
mod problems; // every type of refusal, provoked from outside
mod protocol; // HTTP/1.1 itself: framing, limits, connections, shutdown, the log, a component that fails
mod reuse; // instances that answer more than one request
mod s3; // the engine for S3: hosts that share a bucket, a service that fails, the other modules again
mod slow; // clients that take their time, and what that costs others
mod support;
mod swap; // changing policy and component while serving, and taking it back
mod token; // which bearer tokens are taken, which refused, and whom they name
mod upload; // PUT: what is stored, and seen by whom
