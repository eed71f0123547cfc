//! End-to-end tests: the real binary over HTTP, one module per subject.

#![allow(clippy::unwrap_used)]

mod access; // who reaches whose files: callers, operations and areas as one table
mod browser; // Chromium on pages of another origin: shown, played, embedded, uploaded, and no script runs
mod cli; // what is refused at start and how, help, environment variables, development tokens
mod conditions; // preconditions of PUT and DELETE, also from many clients at once
mod copy; // copies and moves of files and folders, also between areas, interrupted, and by whom
mod cors; // other origins, and OPTIONS
mod crash; // kill -9, restart, a second host, a graceful shutdown
mod decide; // decisions of a component of one's own
mod delete; // what it removes, and nothing more
mod delete_many; // many files, or a folder, in one request
mod download; // GET and HEAD: bytes, fields, ranges, preconditions, names to save as
mod form; // multipart: names, folders, all or nothing, cut off, crafted, endless
mod hostile; // hostile components, and how little they affect others
mod iam; // tokens of real providers: whose files they open, keys that change or are out of reach
mod keys; // keys that an IAM API publishes: found, cached, renewed, out of reach
mod large; // 3 GiB up and down, 64 at once, and the host's memory
mod link; // presigned URLs, which work without a token, and what they do not open
mod list; // what is on a page, and walks over the pages; names that the caller may not list
mod maintenance; // backup, restore, and copies between stores: while others change files, killed, on full disks
mod metadata; // given with a file, shown with it, changed without its bytes
mod names; // valid or refused, and never a path on the disk
mod openapi; // the OpenAPI document: served to everyone, right to the tools of others, and to their clients
mod operations; // liveness, readiness, metrics, the component in force
mod packaging; // what operators deploy names settings and metrics that exist
mod page; // the host's web page, in Chromium, and who gets development tokens from it
mod paths; // rules by path, for every caller and operation in all areas; links and uploads under them
mod policy; // rules, limits and modes as the policy says, and policies that are refused
mod problems; // every type of refusal, provoked from outside
mod protocol; // HTTP/1.1 itself: framing, limits, connections, shutdown, the log, a component that fails
mod proxy; // behind nginx: TLS, HTTP/2, a path prefix, streamed bodies, addresses
mod retries; // answers that are lost, and requests that are repeated
mod reuse; // instances that answer more than one request
mod s3; // the engine for S3: hosts that share a bucket, a service that fails, the other modules again
mod shadow; // a policy that decides beside the one in force, without effect
mod slow; // slow clients, and what they cost others
mod support;
mod swap; // hot reload of policy and component, and rollback
mod token; // which bearer tokens are accepted, which refused, and whom they name
mod traces; // spans of requests that a collector gets by OTLP
mod upload; // PUT: what is stored, and seen by whom
mod uploads; // resumable uploads, by tus and the IETF's protocol
