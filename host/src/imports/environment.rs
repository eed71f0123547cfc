//! The component's settings, as `wasi:cli/environment`.

use wasmtime::component::HasData;
use wasmtime_wasi::p2::bindings::cli::environment;

/// Name and value of a setting, as the component reads it from its environment.
pub type Setting = (String, String);

/// Copied for those requests alone that ask.
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
