//! Files: bytes to store, and what is on the disk.

use std::path::{Path, PathBuf};

use super::Platform;

/// Every file below a folder, with its size in bytes.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let elsewhere = std::env::var_os("COFFER_TEST_ENGINE").is_some() || !Platform::is_ours();
    if !folder.exists() && elsewhere {
        return found;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        // It may be removed meanwhile.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push((entry.path(), metadata.len()));
        }
    }
    found
}

/// Pseudo-random bytes, the same for the same seed (SplitMix64).
pub fn content(seed: u64, length: usize) -> Vec<u8> {
    let word = |index: usize| {
        let state = (index as u64)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = state.wrapping_add(seed.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(word).collect();
    bytes.truncate(length);
    bytes
}
