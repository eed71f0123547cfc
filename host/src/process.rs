//! What the program has of its machine: time, memory, descriptors, and a log.

pub mod clock;
pub mod descriptors;
pub mod log;
pub mod memory;
