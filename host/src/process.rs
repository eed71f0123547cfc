//! The process: clock, memory, file descriptors and log.

pub mod clock;
pub mod descriptors;
pub mod log;
pub mod memory;
