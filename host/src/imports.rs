//! What the component imports from this host, and nothing else (`wit/world.wit`): one interface
//! per file, and [`client_wait`], which tracks who waits for a request's client.

pub mod client_wait;
pub mod decisions;
pub mod environment;
pub mod exchange;
pub mod guest_log;
pub mod memo;
pub mod outbound;
pub mod port;
pub mod telemetry;
