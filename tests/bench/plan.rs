//! How much of everything is done.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// How long a run takes, and what it leaves out.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds of each contender.
    pub rounds: usize,
    /// How long a turn under load takes.
    pub turn: Duration,
    /// The size of a large file, in bytes.
    pub large: u64,
    /// How many files the larger store has for the row of lists.
    pub files: u64,
}

impl Plan {
    /// At most twenty minutes.
    pub const FULL: Self = Self {
        rounds: 5,
        turn: Duration::from_secs(3),
        large: 1024 * MIB,
        files: 1_000_000,
    };

    /// Shorter turns at many points, with the largest files.
    pub const GROWTH: Self = Self {
        rounds: 3,
        turn: Duration::from_secs(2),
        ..Self::FULL
    };

    /// About two minutes, for a first look.
    pub const QUICK: Self = Self {
        rounds: 3,
        turn: Duration::from_secs(1),
        large: 256 * MIB,
        files: 10_000,
    };

    /// A large file's size, for readers.
    pub fn large_name(&self) -> String {
        match self.large / MIB {
            mib if mib.is_multiple_of(1024) => format!("{} GiB", mib / 1024),
            mib => format!("{mib} MiB"),
        }
    }
}
