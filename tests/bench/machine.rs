//! The machine of the measurements.

use std::fs::read_to_string;

/// One line: processor, cores, memory, kernel.
pub fn describe() -> String {
    let read = |path: &str| read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = value_of(&processors, "model name").unwrap_or("an unknown processor");
    let memory = read("/proc/meminfo");
    let kib = value_of(&memory, "MemTotal").and_then(|value| value.split(' ').next());
    let gib = kib.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / f64::from(1 << 20);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{model}, {cores} cores, {gib:.0} GiB of memory, Linux {}",
        kernel.trim()
    )
}

fn value_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
