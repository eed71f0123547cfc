//! The process: clock, memory, file descriptors, log and output.

pub mod clock;
pub mod descriptors;
pub mod log;
pub mod memory;
pub mod output;
