//! Random numbers of the platform, fit for secrets.

use crate::problem::Problem;

/// `N` random bytes.
///
/// # Errors
/// [`Problem::Internal`] if the platform has none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Problem> {
    platform().map_err(|reason| {
        crate::log::failed(&format_args!("no random numbers: {reason}"));
        Problem::Internal
    })
}

/// Straight from `wasi:random`: the WASI adapter, through which crates ask, takes 128 KiB of memory
/// for itself when it is first called, which costs an upload more than the number does.
#[cfg(target_family = "wasm")]
fn platform<const N: usize>() -> Result<[u8; N], String> {
    let bytes = crate::bindings::wasi::random::random::get_random_bytes(N as u64);
    <[u8; N]>::try_from(bytes).map_err(|bytes| format!("{} bytes instead of {N}", bytes.len()))
}

/// For tests.
#[cfg(not(target_family = "wasm"))]
fn platform<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map(|()| bytes)
}
