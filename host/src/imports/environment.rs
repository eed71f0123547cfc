//! The component's settings, as `wasi:cli/environment`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use wasmtime::component::HasData;
use wasmtime_wasi::p2::bindings::cli::environment;

/// Name and value of a setting, as the component reads it from its environment.
pub type Setting = (String, String);

/// Environment variables with this prefix are secrets that a policy names.
const SECRETS: &str = "COFFER_SECRET_";
/// The same with this suffix name a file that has the secret, as service managers mount them.
const IN_FILE: &str = "_FILE";

/// Copied only for requests that read them.
pub struct EnvironmentView<'a> {
    /// All of them.
    pub settings: &'a [Setting],
}

/// The type of [`EnvironmentView`] for the linker.
pub struct HasEnvironment;

impl HasData for HasEnvironment {
    type Data<'a> = EnvironmentView<'a>;
}

impl environment::Host for EnvironmentView<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<Setting>> {
        Ok(self.settings.to_vec())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

/// Why a secret in this program's environment cannot be given to the component.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable.
    #[error("the environment variable {0} is not valid UTF-8")]
    NotText(String),
    /// The file that it names.
    #[error("{name}: {file} cannot be read: {source}", file = file.display())]
    Unreadable {
        /// The variable.
        name: String,
        /// Its value.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Only one of them could take effect.
    #[error("{0} and {0}{IN_FILE} are both set: unset one of them")]
    Twice(String),
}

/// A setting of the component.
pub fn setting(name: &str, value: String) -> Setting {
    (format!("COFFER_{name}"), value)
}

/// The secrets in this program's environment that a policy may name, and those in files that it
/// names, without the line ending.
///
/// # Errors
/// See [`SecretError`].
pub fn secrets() -> Result<Vec<Setting>, SecretError> {
    let mut secrets = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(SECRETS)) else {
            continue;
        };
        let (name, secret) = match name.strip_suffix(IN_FILE) {
            Some(short) => (short, in_file(name, value)?),
            None => {
                let not_text = |_| SecretError::NotText(name.to_owned());
                (name, value.into_string().map_err(not_text)?)
            }
        };
        if secrets.insert(name.to_owned(), secret).is_some() {
            return Err(SecretError::Twice(name.to_owned()));
        }
    }
    Ok(secrets.into_iter().collect())
}

fn in_file(name: &str, file: OsString) -> Result<String, SecretError> {
    let file = PathBuf::from(file);
    let text = std::fs::read_to_string(&file).map_err(|source| SecretError::Unreadable {
        name: name.to_owned(),
        file,
        source,
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
