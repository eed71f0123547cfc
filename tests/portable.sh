#!/usr/bin/env bash
# Runs the end-to-end tests on another platform than Coffer's host:
#
#   tests/portable.sh PLATFORM [ARGUMENT…]
#
# The arguments are those of the test binary. tests/portable.skip says which tests are
# skipped there and why; they are counted and shown. `just test-portable` builds and
# installs what is needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly portable=target/portable
readonly skip_file=tests/portable.skip

main() {
  [[ $# -ge 1 ]] || fail "usage: ${0##*/} PLATFORM [ARGUMENT…]"
  readonly platform=$1
  shift
  case $platform in
    wasmtime-*) compile_for_wasmtime "${platform#*-}" ;;
    jco-*) transpile_for_jco "${platform#*-}" ;;
    *) fail "unknown platform $platform" ;;
  esac
  local -a tests skipped=()
  mapfile -t tests < <(cargo test --quiet --release --workspace --test coffer -- --list --format terse |
    sed -n 's/: test$//p')
  [[ ${#tests[@]} -gt 0 ]] || fail "no tests found"
  find_skipped
  local -a arguments=()
  local name
  for name in "${skipped[@]}"; do
    arguments+=(--skip "$name")
  done
  echo "$platform: ${#skipped[@]} of ${#tests[@]} tests are skipped"
  COFFER_TEST_PLATFORM=$platform cargo test --quiet --release --workspace --test coffer -- \
    --exact "${arguments[@]}" "$@"
}

fail() {
  echo "portable: $*" >&2
  exit 1
}

# Adds the tests that the list names for this platform to `skipped`, and shows them. A line
# that matches no test is a mistake.
find_skipped() {
  local where what reason name found
  while IFS='|' read -r where what reason; do
    where=${where// /} what=${what// /}
    [[ -n $what && $where != \#* ]] || continue
    # shellcheck disable=SC2053 # it is a pattern
    [[ $platform == $where ]] || continue
    found=0
    for name in "${tests[@]}"; do
      # shellcheck disable=SC2053
      if [[ $name == $what ]]; then
        skipped+=("$name")
        found=$((found + 1))
      fi
    done
    [[ $found -gt 0 ]] || fail "$skip_file: no test matches $what"
    printf 'skipped: %3d  %s:%s\n' "$found" "$what" "$reason"
  done <$skip_file
}

# Once for all servers of the tests.
compile_for_wasmtime() {
  local wasm=$portable/coffer-$1.wasm compiled=$portable/coffer-$1.cwasm
  [[ $compiled -nt $wasm ]] || target/tools/bin/wasmtime compile "$wasm" -o "$compiled"
}

# What `jco serve` generates and runs, generated once and given its port at run time.
transpile_for_jco() {
  local wasm=$portable/coffer-$1.wasm made=$portable/coffer-$1.jco
  [[ $made/_run.js -nt $wasm ]] && return
  rm -rf "$made"
  JCO_RUN_PATH=true target/platforms/node_modules/.bin/jco serve --jco-dir "$made" --port 1 \
    --host 127.0.0.1 --jco-import target/platforms/jco.mjs "$wasm"
  sed -i -e 's/^ *let port = 1;/let port = Number(process.env.COFFER_JCO_PORT);/' \
    -e '/Server listening/ s/:1\.\.\./:${port}.../' "$made/_run.js"
  [[ $(grep -c -e COFFER_JCO_PORT -e ':${port}' "$made/_run.js") == 2 ]] ||
    fail "this jco reports its port in another way"
}

main "$@"
