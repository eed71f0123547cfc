#!/usr/bin/env bash
# Runs a command with a Rust that compiles for TARGET, `cargo component` for one:
#
#   component/toolchain.sh TARGET COMMAND [ARGUMENT…]
#
# What is missing is installed first: cargo-component by cargo, the target by
# rustup, or else from the Rust and wasi-libc packages of Debian. What is built
# here stays in target/tools; later runs only check it.
set -euo pipefail

readonly cargo_component=0.21.1
readonly debian_packages=(rustc-web rust-web-src rust-web-llvm wasi-libc)

# The distribution's Rust, its libraries and their source.
readonly system_rustc=/usr/bin/rustc
readonly system_rustlib=/usr/lib/rustlib

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/target/tools
readonly tools
readonly sysroot=$tools/sysroot

say() {
  printf 'toolchain: %s\n' "$*" >&2
}

fail() {
  say "error: $*"
  exit 1
}

main() {
  [[ $# -ge 2 ]] || fail "usage: ${0##*/} TARGET COMMAND [ARGUMENT…]"
  readonly target=$1
  shift
  command -v cargo >/dev/null || fail "cargo is missing; install Rust first"
  mkdir -p "$tools"
  [[ "$1 ${2-}" != "cargo component" ]] || provide_cargo_component
  provide_target
  # Every platform supports SIMD (Core Specification 2.0); memchr finds a form's boundaries with it.
  local name
  name=$(tr a-z- A-Z_ <<<"$target")
  export "CARGO_TARGET_${name}_RUSTFLAGS=-Ctarget-feature=+simd128"
  export PATH=$tools/bin:$PATH
  exec "$@"
}

provide_cargo_component() {
  local found
  found=$("$tools/bin/cargo-component" --version 2>/dev/null) || found=none
  if [[ $found == "cargo-component $cargo_component" ]]; then
    say "$found is installed"
  else
    say "installing cargo-component $cargo_component (a few minutes, once)"
    # It builds in half the time without optimisation and debug information.
    CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug \
      --root "$tools" "cargo-component@$cargo_component" ||
      fail "cannot install cargo-component"
  fi
}

provide_target() {
  if rustc_has_target; then
    say "$target comes with $(rustc --version)"
  elif sysroot_is_current; then
    say "$target was built with $("$system_rustc" --version)"
    use_sysroot
  elif add_target_with_rustup; then
    say "$target was added by rustup"
  elif install_system_rust; then
    build_sysroot
    use_sysroot
  else
    fail "the target $target is missing: run 'rustup target add $target'," \
      "or install ${debian_packages[*]} (Debian)"
  fi
}

rustc_has_target() {
  [[ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]]
}

add_target_with_rustup() {
  command -v rustup >/dev/null || return 1
  say "asking rustup for $target"
  local said
  # One attempt is enough, since there is a fallback.
  said=$(RUSTUP_MAX_RETRIES=0 RUST_BACKTRACE=0 rustup --quiet target add "$target" 2>&1) &&
    rustc_has_target ||
    { say "rustup did not add it: ${said%%$'\n'*}" && return 1; }
}

# Succeeds once the distribution's Rust, its source, a linker and a C library
# for WASI are installed.
install_system_rust() {
  if ! system_rust_is_complete; then
    say "installing ${debian_packages[*]}"
    apt_install "${debian_packages[@]}" || return 1
  fi
  if [[ -z $(linker) ]]; then
    # rust-web-llvm's rust-lld is a link to a program of the package `lld-…`.
    local lld
    lld=$(readlink /usr/bin/rust-lld) || return 1
    say "installing $lld"
    apt_install "$lld" || return 1
  fi
  system_rust_is_complete && [[ -n $(linker) ]]
}

system_rust_is_complete() {
  [[ -x $system_rustc && -d $system_rustlib/src/rust/library/std && -n $(libc_directory) ]]
}

# Installs packages, but never removes others.
apt_install() {
  command -v apt-get >/dev/null || return 1
  local as_root=(env)
  [[ $EUID -eq 0 ]] || as_root=(sudo)
  local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq)
  local install=("${apt[@]}" install --yes --no-remove --no-install-recommends "$@")
  "${install[@]}" >/dev/null 2>&1 ||
    { "${apt[@]}" update >/dev/null && "${install[@]}" >/dev/null; }
}

libc_directory() {
  local start
  for start in /usr/lib/wasm32-{wasi,wasip1}/crt1-command.o; do
    [[ ! -e $start ]] || { dirname "$start" && return; }
  done
}

# The linker that belongs to the Rust on PATH, or to the system.
linker() {
  local rust_lld
  for rust_lld in "$(rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld /usr/bin/rust-lld; do
    [[ ! -x $rust_lld ]] || { echo "$rust_lld" && return; }
  done
}

sysroot_is_current() {
  [[ -x $sysroot/bin/rust-lld && -d $sysroot/lib/rustlib/$target ]] &&
    cmp -s "$sysroot/built-by" <("$system_rustc" -vV 2>/dev/null)
}

# Builds the standard library for the target and lays out a sysroot with it and
# what the linker needs.
build_sysroot() {
  say "building std for $target with $("$system_rustc" --version) (a minute, once)"
  local build=$tools/std host
  mkdir -p "$build/src"
  printf '[package]\nname = "std-for-wasm"\nedition = "2021"\n[workspace]\n' >"$build/Cargo.toml"
  echo '#![no_std]' >"$build/src/lib.rs"
  # RUSTC_BOOTSTRAP permits -Zbuild-std; the bitcode permits link-time optimisation.
  (cd "$build" && RUSTC=$system_rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
    cargo build --quiet --release -Zbuild-std=std,panic_abort \
    --target "$target" --target-dir target) ||
    fail "cannot build std for $target"

  rm -rf "$sysroot"
  host=$("$system_rustc" -vV | sed -n 's/^host: //p')
  local libraries=$sysroot/lib/rustlib/$target/lib
  mkdir -p "$libraries/self-contained" "$sysroot/bin"
  find "$build/target/$target/release/deps" -name '*.rlib' ! -name 'libstd_for_wasm-*' -exec cp {} "$libraries" \;
  cp "$(libc_directory)"/{crt1-command.o,crt1-reactor.o,libc.a} "$libraries/self-contained"
  ln -s "$system_rustlib/$host" "$sysroot/lib/rustlib/$host"
  ln -s "$(linker)" "$sysroot/bin/rust-lld"
  printf '#!/bin/sh\nexec %s --sysroot "%s" "$@"\n' "$system_rustc" "$sysroot" >"$sysroot/bin/rustc"
  chmod +x "$sysroot/bin/rustc"
  # Written last, to mark all of the above as complete.
  "$system_rustc" -vV >"$sysroot/built-by"
  rm -rf "$build"
}

# Puts the sysroot's rustc first in PATH. rustup's cargo proxy would put rustup's
# rustc before it, so the cargo behind the proxy is used.
use_sysroot() {
  local cargo
  cargo=$(rustup which cargo 2>/dev/null) || cargo=$(command -v cargo)
  export RUSTC=$sysroot/bin/rustc
  export PATH=$sysroot/bin:${cargo%/*}:$PATH
}

main "$@"
