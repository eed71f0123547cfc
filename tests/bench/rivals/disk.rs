//! The disk without any server.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::output;

/// Copies a file by `dd conv=fsync`; in MiB per second.
pub fn dd(from: &Path, folder: &Path) -> Result<f64> {
    let to = folder.join("dd");
    let size = fs::metadata(from).map_err(|error| error.to_string())?.len();
    let mut command = Command::new("dd");
    command
        .arg(format!("if={}", from.display()))
        .arg(format!("of={}", to.display()))
        .args(["bs=1M", "conv=fsync"]);
    let begun = Instant::now();
    output(&mut command)?;
    let took = begun.elapsed();
    let written = fs::metadata(&to).map(|found| found.len());
    // It is there, or the length below says that it is not.
    let _ = fs::remove_file(&to);
    if written.ok() != Some(size) {
        return Err("dd did not write the whole file".to_owned());
    }
    Ok(size as f64 / f64::from(1 << 20) / took.as_secs_f64())
}

/// One thread that writes small files durably, one after another: write, fsync, rename;
/// in files per second.
pub fn small_files(folder: &Path, content: &[u8], time: Duration) -> Result<f64> {
    let folder = folder.join("loop");
    let run = || -> std::io::Result<f64> {
        fs::create_dir_all(&folder)?;
        let begun = Instant::now();
        let mut count = 0_u32;
        while begun.elapsed() < time {
            let staged = folder.join("staged");
            let mut file = File::create(&staged)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(staged, folder.join(count.to_string()))?;
            count += 1;
        }
        let took = begun.elapsed();
        fs::remove_dir_all(&folder)?;
        Ok(f64::from(count) / took.as_secs_f64())
    };
    run().map_err(|error| format!("{}: {error}", folder.display()))
}
