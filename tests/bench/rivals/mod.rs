//! What people run today, and the ceilings that the machine sets.

pub mod disk;
pub mod dufs;
pub mod hyper;
pub mod nginx;
pub mod s3;
pub mod sdk;
