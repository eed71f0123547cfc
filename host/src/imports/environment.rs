//! The component's settings, as `wasi:cli/environment`.

use wasmtime::component::HasData;
use wasmtime_wasi::p2::bindings::cli::environment;

/// Name and value of a setting, as the component reads it from its environment.
pub type Setting = (String, String);

/// Environment variables with this prefix are secrets that a policy names.
const SECRETS: &str = "COFFER_SECRET_";

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

/// A variable of this program's environment that the component cannot be given.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not valid UTF-8")]
pub struct NotText(String);

/// A setting of the component.
pub fn setting(name: &str, value: String) -> Setting {
    (format!("COFFER_{name}"), value)
}

/// The secrets in this program's environment that a policy may name.
///
/// # Errors
/// [`NotText`].
pub fn secrets() -> Result<Vec<Setting>, NotText> {
    let named = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(SECRETS).then_some((name, value))
    });
    named
        .map(|(name, value)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(NotText(name)),
        })
        .collect()
}
