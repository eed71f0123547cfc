//! What one instance, and all of them together, may use.

use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

/// How much of a fresh instance's memory stays mapped for the next one, in bytes.
const KEEP_RESIDENT: usize = 64 << 10;
/// How often a running instance lets others have its thread.
const TICK: Duration = Duration::from_millis(10);
/// A component is a few core modules (itself and its WASI adapter).
const CORE_INSTANCES: u32 = 8;
/// Upper bound for one component's own bookkeeping, in bytes.
const INSTANCE_SIZE: usize = 1 << 20;
/// Upper bound for a component's tables of functions.
const TABLE_ELEMENTS: usize = 1 << 14;

/// Limits of the sandbox.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Instances at once; a request beyond waits for one to end.
    pub instances: u32,
    /// How long such a request waits.
    pub queue_time: Duration,
    /// Linear memory of an instance, in bytes.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 512,
            queue_time: Duration::from_secs(10),
            memory: 64 << 20,
        }
    }
}

impl Limits {
    /// The engine's configuration: everything is laid out ahead, since a fresh
    /// instance a request is affordable only out of a pool.
    pub(super) fn config(&self) -> Config {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(self.instances)
            .total_core_instances(self.instances.saturating_mul(CORE_INSTANCES))
            .total_memories(self.instances)
            .total_tables(self.instances.saturating_mul(2))
            .total_stacks(self.instances)
            .max_core_instances_per_component(CORE_INSTANCES)
            .max_memories_per_component(1)
            .max_tables_per_component(2)
            .max_component_instance_size(INSTANCE_SIZE)
            .max_core_instance_size(INSTANCE_SIZE)
            .table_elements(TABLE_ELEMENTS)
            .max_memory_size(self.memory)
            .async_stack_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(KEEP_RESIDENT);
        // Clearing pages by hand only wins where the kernel tells which are dirty.
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(KEEP_RESIDENT);
        }
        let mut config = Config::new();
        config
            .allocation_strategy(pool)
            .concurrency_support(false)
            .epoch_interruption(true)
            .wasm_component_model(true);
        config
    }
}

/// Ticks for as long as the engine lives.
pub(super) fn keep_ticking(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    });
}
