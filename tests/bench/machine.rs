//! The machine of the measurements.

use std::fs::read_to_string;

/// One line: processor, cores, memory, kernel.
pub fn describe() -> String {
    let model = processor();
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

/// The processor as part of a file's name: `amd-epyc`.
pub fn slug() -> String {
    let model = processor().to_lowercase();
    let model = model.replace("(r)", "").replace("(tm)", "");
    let words = model.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

fn processor() -> String {
    let processors = read("/proc/cpuinfo");
    let model = value_of(&processors, "model name");
    model.unwrap_or("an unknown processor").to_owned()
}

fn read(path: &str) -> String {
    read_to_string(path).unwrap_or_default()
}

fn value_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
