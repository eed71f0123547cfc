# What the component is compiled for; moving on to wasm32-wasip2 starts here.
target := "wasm32-wasip1"

# Another platform to run components on; as wasmtime in Cargo.lock.
wasmtime := "48.0.8"

# The object store that `just test-cluster` runs against.
garage := "2.5.0"

# What `just bench` measures with and against, besides Debian's nginx and wrk.
oha := "1.16.0"
dufs := "0.47.0"

# What to build with a program so that its dependencies are those of the tests and are compiled
# once: Cargo gives them the features that one command asks for, and counts what tests ask for
# where it builds a test or an example.
as_for_tests := "--workspace --example now"

# Many tests wait for most of their time: for a timeout, a restart, a browser.
export RUST_TEST_THREADS := env("RUST_TEST_THREADS", shell("echo $(($1 * 2))", num_cpus()))

# Lists the recipes.
default:
    @just --list --unsorted

# Builds the component; `just component policy=FILE` bakes that policy into one of its own.
component policy="":
    #!/usr/bin/env bash
    set -euo pipefail
    unset COFFER_BAKED_POLICY
    name=coffer
    policy={{ quote(trim_start_match(policy, "policy=")) }}
    if [[ -n $policy ]]; then
        cd {{ quote(invocation_directory()) }}
        [[ -f $policy ]] || { echo "there is no policy $policy" >&2; exit 1; }
        export COFFER_BAKED_POLICY=$(realpath "$policy")
        name=$(basename "${policy%.*}")
        [[ $name != coffer ]] || { echo "coffer.wasm has the default policy; rename $policy" >&2; exit 1; }
        cd {{ quote(justfile_directory()) }}
    fi
    # The cdylib in place of the rlib that tests use.
    component/toolchain.sh {{ target }} cargo component rustc --lib --crate-type cdylib \
        -p coffer-component --profile component --target-dir target/component
    made=target/component/$name.wasm
    cargo build --quiet --release {{ as_for_tests }} --bin coffer-relink
    target/release/coffer-relink \
        target/component/{{ target }}/component/coffer_component.wasm "$made.new"
    # An unchanged component keeps its time, so the host that embeds it is not built again.
    cmp -s "$made.new" "$made" && rm "$made.new" || mv "$made.new" "$made"
    echo "$made" >&2

# Composes the component with adapters for other wasi-http platforms, into target/portable.
portable: component
    #!/usr/bin/env bash
    set -euo pipefail
    component/toolchain.sh {{ target }} cargo component build \
        -p coffer-filesystem -p coffer-s3 --profile component --target-dir target/component
    cargo build --quiet --release {{ as_for_tests }} --bin coffer-compose
    mkdir -p target/portable
    for store in filesystem s3; do
        adapter=target/component/{{ target }}/component/coffer_$store.wasm
        composed=target/portable/coffer-$store.wasm
        target/release/coffer-compose target/component/coffer.wasm "$adapter" "$composed.new"
        # An unchanged one keeps its time, so nothing made of it is made again.
        cmp -s "$composed.new" "$composed" && rm "$composed.new" || mv "$composed.new" "$composed"
        echo "$composed" >&2
    done

# Installs the IAM servers of tests/providers into target/providers.
providers:
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    mkdir -p target/providers
    ln -sf "$PWD"/tests/providers/*.mjs target/providers/
    installed=target/providers/installed.json
    [[ -d target/providers/node_modules ]] && cmp -s tests/providers/package-lock.json $installed && exit
    cp tests/providers/package.json tests/providers/package-lock.json target/providers/
    npm --prefix target/providers ci --ignore-scripts --no-audit --no-fund
    cp tests/providers/package-lock.json $installed

# Installs what tests/browser needs: Debian's Chromium, and into target/browser what drives it.
browser: (programs "chromium")
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    mkdir -p target/browser
    ln -sfn "$PWD"/tests/browser target/browser/tests
    installed=target/browser/installed.json
    [[ -d target/browser/node_modules ]] && cmp -s tests/browser/package-lock.json $installed && exit
    cp tests/browser/package.json tests/browser/package-lock.json target/browser/
    # Of pdf.js only what a browser loads: its engine is not Node.js.
    npm --prefix target/browser ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
    cp tests/browser/package-lock.json $installed

# Installs jco into target/platforms.
platforms:
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    mkdir -p target/platforms
    cp component/adapters/jco.mjs target/platforms/
    installed=target/platforms/installed.json
    [[ -d target/platforms/node_modules ]] && cmp -s tests/platforms/package-lock.json $installed && exit
    cp tests/platforms/package.json tests/platforms/package-lock.json target/platforms/
    npm --prefix target/platforms ci --ignore-scripts --no-audit --no-fund
    cp tests/platforms/package-lock.json $installed

# Installs wasmtime into target/tools.
wasmtime:
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    [[ $(target/tools/bin/wasmtime --version 2>/dev/null) != "wasmtime {{ wasmtime }}"* ]] || exit 0
    echo "installing wasmtime {{ wasmtime }} (some minutes, once)" >&2
    # `serve` does not build without run and component-model-async. That it builds soon counts
    # for more here than that it runs fast.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 cargo install --quiet --locked --no-default-features \
        --features run,serve,compile,cranelift,component-model-async,parallel-compilation,pooling-allocator \
        --root target/tools --target-dir target/tools/wasmtime "wasmtime-cli@{{ wasmtime }}"
    rm -r target/tools/wasmtime

# Serves on the local engine in development mode; takes the flags of `coffer serve`.
serve *args: component
    cargo build --release {{ as_for_tests }} --bin coffer
    target/release/coffer serve --dev {{ args }}

# Runs every test; takes the arguments of `cargo test`.
test *args: component providers browser
    cargo test --release --workspace {{ args }}

# Runs the tests on other platforms, those that are named: wasmtime-filesystem, wasmtime-s3, jco-filesystem, jco-s3.
test-portable *platforms="wasmtime-filesystem wasmtime-s3": portable providers
    #!/usr/bin/env bash
    set -euo pipefail
    if [[ {{ quote(platforms) }} == *wasmtime* ]]; then
        just wasmtime
    fi
    if [[ {{ quote(platforms) }} == *jco* ]]; then
        just platforms
    fi
    for platform in {{ platforms }}; do
        tests/portable.sh "$platform"
    done
    if [[ {{ quote(platforms) }} == *wasmtime-filesystem*wasmtime-s3* ]]; then
        cargo test --release --workspace --test portable
    fi

# Runs the tests on a cluster of three Garage nodes; the first run installs Garage into target/tools.
test-cluster *args: component
    #!/usr/bin/env bash
    set -euo pipefail
    if [[ $(target/tools/bin/garage --version 2>/dev/null) != *":{{ garage }} "* ]]; then
        echo "installing garage {{ garage }} (about ten minutes, once)" >&2
        cargo install --quiet --locked --no-default-features --features bundled-libs,sqlite \
            --root target/tools --target-dir target/tools/garage "garage@{{ garage }}"
        rm -r target/tools/garage
    fi
    cargo test --release --workspace --test cluster -- --nocapture --test-threads 1 {{ args }}

# Loads a server while its policy is swapped every second, for 60 seconds or as many as given.
bench-swap seconds="60": component
    cargo test --release --workspace --test bench-swap -- {{ seconds }}

# Builds the program as it is to run in production: target/production/coffer.
production: component
    cargo build --profile production -p coffer

# Measures Coffer beside its rivals; `just bench quick`, `just bench growth`, `just bench --only get`.
[positional-arguments]
bench *args: production (bench-tools "nginx" "wrk" "curl")
    PATH=$PATH:/usr/sbin cargo test --profile bench --workspace --test bench -- \
        --server {{ quote(justfile_directory() / "target/production/coffer") }} "$@"

# Counts the instructions of a request and of its parts; `--write` makes them the ones to compare with.
[positional-arguments]
bench-instructions *args: component (bench-tools "valgrind")
    cargo build --release -p coffer-component --example pure
    cargo test --release --workspace --test bench -- instructions "$@"

# Installs programs from Debian's packages of the same names, where they are missing.
[private]
programs *programs:
    #!/usr/bin/env bash
    set -euo pipefail
    missing=()
    for program in {{ programs }}; do
        PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("$program")
    done
    if (( ${#missing[@]} )); then
        echo "installing ${missing[*]}" >&2
        as_root=(env)
        [[ $EUID -eq 0 ]] || as_root=(sudo)
        # So that no service starts: the benchmark runs an nginx of its own.
        install=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
            apt-get -qq install --yes --no-remove --no-install-recommends "${missing[@]}")
        "${install[@]}" >/dev/null 2>&1 ||
            { "${as_root[@]}" apt-get -qq update && "${install[@]}" >/dev/null; }
    fi

[private]
bench-tools *programs: (programs programs)
    #!/usr/bin/env bash
    set -euo pipefail
    [[ " {{ programs }} " == *" wrk "* ]] || exit 0
    for tool in "oha {{ oha }}" "dufs {{ dufs }}"; do
        [[ $(target/tools/bin/${tool% *} --version 2>/dev/null) != "$tool" ]] || continue
        echo "installing $tool (a few minutes, once)" >&2
        cargo install --quiet --locked --root target/tools --target-dir target/tools/build "${tool/ /@}"
        rm -rf target/tools/build
    done

# Checks format, lints and documentation, and the dependencies where cargo-deny is installed; known
# vulnerabilities where their database is at hand, without fetching it.
lint: component
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    cargo clippy --release --workspace --test cluster --test bench-swap --test bench --test portable -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --lib --bins --examples --no-deps --document-private-items
    just lint-dependencies

[private]
lint-dependencies:
    #!/usr/bin/env bash
    set -euo pipefail
    if ! command -v cargo-deny >/dev/null; then
        echo "not checked: licences, sources and advisories of dependencies, since there is no cargo-deny" \
            "(cargo install --locked cargo-deny)" >&2
        exit 0
    fi
    cargo deny check licenses bans sources
    databases=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
    if [[ -n $(ls -A "$databases" 2>/dev/null) ]]; then
        cargo deny check --disable-fetch advisories
    else
        echo "not checked: advisories, since there is no database in $databases (cargo deny fetch db)" >&2
    fi
