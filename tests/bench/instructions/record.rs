//! The committed figures: `instructions.toml`.

use serde::{Deserialize, Serialize};

use super::Counts;
use crate::Result;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/bench/instructions.toml"
);
const HEAD: &str = "# Instructions of one run each, as `just bench-instructions --write` counted them.\n\
                    # They depend on the compiler: update them for a new compiler, before other changes.\n\n";

/// What was counted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// The component's pure parts, natively.
    #[serde(default)]
    pub pure: Counts,
    /// A whole request in the program.
    #[serde(default)]
    pub request: Counts,
}

impl Record {
    /// The file, or an empty record if there is none yet.
    pub fn read() -> Result<Self> {
        match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str(&text).map_err(|error| format!("{FILE}: {error}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{FILE}: {error}")),
        }
    }

    /// Replaces the file.
    pub fn write(&self) -> Result<()> {
        let text = toml::to_string(self).map_err(|error| error.to_string())?;
        std::fs::write(FILE, format!("{HEAD}{text}")).map_err(|error| format!("{FILE}: {error}"))
    }
}
