//! The resource limits of one instance, and of all together.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

use super::judge::MOST_JUDGING;

/// How much of an instance's stack and of its tables stays mapped for the next one, in bytes.
const KEEP_RESIDENT: usize = 64 << 10;
/// The same for its memory: what a request of the component may write without growing it, see
/// `component/build.rs`. A page that was written once counts from then on, so with less than that, a
/// request that needs many pages has each later one in its place give pages back and fault them in.
const KEEP_MEMORY_RESIDENT: usize = 128 << 10;
/// The time slice after which a running instance yields its thread.
const TICK: Duration = Duration::from_millis(10);
/// Extra instances, so that a component can be checked while all others are busy.
const SPARE: u32 = 4;
/// Max idle instances of a thread for reuse.
const MOST_IDLE: u32 = 16;
/// Upper bound for one component's own bookkeeping, in bytes.
const INSTANCE_SIZE: usize = 1 << 20;

/// A component from elsewhere may be Coffer's and one that decides.
pub const COMPOSED: u32 = 2;

/// Limits of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxLimits {
    /// Max concurrent instances; further requests wait for one to end.
    pub instances: u32,
    /// Max instances, besides those, that wait for their clients; further requests are refused.
    pub waiting: u32,
    /// How many requests one instance may answer, one after the other; 1 is a fresh instance per
    /// request.
    pub reuse: u32,
    /// Queue timeout: how long a request waits for an instance.
    pub queue_time: Duration,
    /// Max linear memory of an instance, in bytes; of each component that it is composed of.
    pub memory: usize,
    /// Max elements of an instance's tables, most of them functions.
    pub table_elements: usize,
    /// Of how many components, each with a memory, one may be composed.
    pub components: u32,
    /// Max core instances of a component: itself and its WASI adapter are a few.
    pub core_instances: u32,
    /// Max CPU time per request; waiting does not count, and a large body gives more.
    pub cpu_time: Duration,
    /// Request timeout: from a request's header to the end of its instance, including the body.
    pub request_time: Duration,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            instances: 512,
            waiting: 1024,
            reuse: 1,
            queue_time: Duration::from_secs(10),
            memory: 64 << 20,
            table_elements: 1 << 14,
            components: COMPOSED,
            core_instances: 8,
            cpu_time: Duration::from_secs(2),
            request_time: Duration::from_secs(6 * 60 * 60),
        }
    }
}

impl SandboxLimits {
    /// Max idle instances of a thread for reuse: more than run at the same moment are of no use.
    pub(super) fn idle(&self) -> u32 {
        MOST_IDLE.min(self.instances)
    }

    /// The engine's configuration: everything is preallocated, since a fresh instance per request
    /// is affordable only from a pool.
    pub(super) fn config(&self) -> Config {
        let mut pool = PoolingAllocationConfig::new();
        let mut instances = self.instances.saturating_add(self.waiting);
        instances = instances.saturating_add(SPARE + MOST_JUDGING);
        if self.reuse > 1 {
            // Idle ones: of the component in force, and of the previous one.
            let threads = available_parallelism().map_or(1, NonZero::get);
            let threads = u32::try_from(threads).unwrap_or(u32::MAX);
            let idle = threads.saturating_mul(2).saturating_mul(self.idle());
            instances = instances.saturating_add(idle);
        }
        let tables = self.components.saturating_mul(2);
        pool.total_component_instances(instances)
            .total_core_instances(instances.saturating_mul(self.core_instances))
            .total_memories(instances.saturating_mul(self.components))
            .total_tables(instances.saturating_mul(tables))
            .total_stacks(instances)
            .max_core_instances_per_component(self.core_instances)
            .max_memories_per_component(self.components)
            .max_tables_per_component(tables)
            .max_component_instance_size(INSTANCE_SIZE)
            .max_core_instance_size(INSTANCE_SIZE)
            .table_elements(self.table_elements)
            .max_memory_size(self.memory)
            .async_stack_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(KEEP_RESIDENT);
        // Clearing pages by hand is faster only if the kernel reports which are dirty.
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(KEEP_MEMORY_RESIDENT);
        }
        let mut config = Config::new();
        config
            .allocation_strategy(pool)
            .concurrency_support(false)
            .epoch_interruption(true)
            // The kind of trap is enough; its frames are addresses in a stripped module.
            .wasm_backtrace_max_frames(None)
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

#[cfg(test)]
mod tests {
    use std::error::Error;

    use wasmparser::{DataKind, Operator, Parser, Payload};

    use super::*;

    /// What a usual request writes besides the heap: of the stack, and of the data.
    const STACK_AND_DATA: usize = 24 << 10;

    #[test]
    fn what_a_request_of_the_embedded_component_writes_stays_mapped() -> Result<(), Box<dyn Error>>
    {
        let component = include_bytes!(env!("COFFER_EMBEDDED_COMPONENT"));
        let (mut memory, mut data) = (0, 0);
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::MemorySection(memories) => {
                    for each in memories {
                        memory += usize::try_from(each?.initial << 16)?;
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        let segment = segment?;
                        let DataKind::Active { offset_expr, .. } = segment.kind else {
                            return Err("data without an address".into());
                        };
                        let Operator::I32Const { value } =
                            offset_expr.get_operators_reader().read()?
                        else {
                            return Err("data at a computed address".into());
                        };
                        data = data.max(usize::try_from(value)? + segment.data.len());
                    }
                }
                _ => {}
            }
        }
        let heap = memory - data;
        assert!(heap > 0 && data > 0, "{memory} {data}");
        assert!(heap + STACK_AND_DATA <= KEEP_MEMORY_RESIDENT, "{heap}");
        Ok(())
    }
}
