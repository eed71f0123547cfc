# The component's compilation target; a move to wasm32-wasip2 starts here.
target := "wasm32-wasip1"

# What compiles for it: cargo-component, or `cargo`, of whose modules coffer-relink and
# coffer-compose make components themselves.
cargo := "cargo component"

# Another platform to run components on; the same version as wasmtime in Cargo.lock.
wasmtime := "48.0.8"

# The object store that `just test-cluster` runs against.
garage := "2.5.0"

# What makes a Debian package, and an SBOM.
cargo_deb := "3.8.0"
cargo_cyclonedx := "0.5.9"

# The load generator and the rival of `just bench`, besides Debian's wrk and nginx.
oha := "1.16.0"
dufs := "0.47.0"

# What to build along with a program so that it shares its dependencies with the tests and they
# are compiled once: Cargo unifies features per command, and includes those that tests need if
# it builds a test or an example.
as_for_tests := "--workspace --example now"

# Many tests spend most of their time waiting: for a timeout, a restart, a browser.
export RUST_TEST_THREADS := env("RUST_TEST_THREADS", shell("echo $(($1 * 2))", num_cpus()))

# Lists the recipes.
default:
    @just --list --unsorted

# Builds the component; `just component policy=FILE` builds another one with that policy built in.
component policy="":
    #!/usr/bin/env bash
    set -euo pipefail
    unset COFFER_BAKED_POLICY
    name=coffer
    policy={{ quote(trim_start_match(policy, "policy=")) }}
    if [[ -n $policy ]]; then
        cd {{ quote(invocation_directory()) }}
        [[ -f $policy ]] || { echo "no such policy file: $policy" >&2; exit 1; }
        export COFFER_BAKED_POLICY=$(realpath "$policy")
        name=$(basename "${policy%.*}")
        [[ $name != coffer ]] || { echo "coffer.wasm has the default policy; rename $policy" >&2; exit 1; }
        cd {{ quote(justfile_directory()) }}
    fi
    # The cdylib instead of the rlib that tests use.
    component/toolchain.sh {{ target }} {{ cargo }} rustc --target {{ target }} --lib --crate-type cdylib \
        -p coffer-component --profile component --target-dir target/component
    made=target/component/$name.wasm
    cargo build --quiet --release {{ as_for_tests }} --bin coffer-relink
    target/release/coffer-relink \
        target/component/{{ target }}/component/coffer_component.wasm "$made.new"
    # An unchanged component keeps its mtime, so the host that embeds it is not rebuilt.
    cmp -s "$made.new" "$made" && rm "$made.new" || mv "$made.new" "$made"
    echo "$made" >&2

# The component that is asked defaults to the example. The result goes to target/deciding.
# Builds a component that asks another one before the policy decides, and composes the two.
deciding decider="":
    #!/usr/bin/env bash
    set -euo pipefail
    decider={{ quote(decider) }}
    if [[ -n $decider ]]; then
        decider=$(cd {{ quote(invocation_directory()) }} && realpath "$decider")
    else
        component/toolchain.sh {{ target }} {{ cargo }} build --target {{ target }} \
            -p coffer-decider --profile component --target-dir target/component
        decider=target/component/{{ target }}/component/coffer_decider.wasm
    fi
    component/toolchain.sh {{ target }} {{ cargo }} rustc --target {{ target }} --lib --crate-type cdylib \
        -p coffer-component --features decide --profile component --target-dir target/component
    cargo build --quiet --release {{ as_for_tests }} --bin coffer-relink --bin coffer-compose
    mkdir -p target/deciding
    made=target/deciding/$(basename "${decider%.*}").wasm
    target/release/coffer-relink \
        target/component/{{ target }}/component/coffer_component.wasm target/deciding/asking.wasm.new
    target/release/coffer-compose target/deciding/asking.wasm.new "$decider" "$made.new"
    rm target/deciding/asking.wasm.new
    cmp -s "$made.new" "$made" && rm "$made.new" || mv "$made.new" "$made"
    echo "$made" >&2

# Composes the component with adapters for other wasi-http platforms, into target/portable.
portable: component
    #!/usr/bin/env bash
    set -euo pipefail
    component/toolchain.sh {{ target }} {{ cargo }} build --target {{ target }} \
        -p coffer-filesystem -p coffer-s3 --profile component --target-dir target/component
    cargo build --quiet --release {{ as_for_tests }} --bin coffer-compose
    mkdir -p target/portable
    for store in filesystem s3; do
        adapter=target/component/{{ target }}/component/coffer_$store.wasm
        composed=target/portable/coffer-$store.wasm
        target/release/coffer-compose target/component/coffer.wasm "$adapter" "$composed.new"
        # An unchanged one keeps its mtime, so nothing that depends on it is rebuilt.
        cmp -s "$composed.new" "$composed" && rm "$composed.new" || mv "$composed.new" "$composed"
        echo "$composed" >&2
    done

# Installs the clients of resumable uploads of tests/clients into target/clients: npm packages, and Python ones in a virtual environment.
clients:
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    from=$PWD/tests/clients to=target/clients
    mkdir -p $to
    ln -sf "$from"/*.mjs "$from"/*.py $to/
    if ! cmp -s "$from/requirements.txt" $to/python/requirements.txt; then
        rm -rf $to/python
        python3 -m venv $to/python
        $to/python/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps -r "$from/requirements.txt"
        cp "$from/requirements.txt" $to/python/
    fi
    if [[ ! -d $to/node_modules ]] || ! cmp -s "$from/package-lock.json" $to/installed.json; then
        rm -f $to/installed.json
        cp "$from/package.json" "$from/package-lock.json" $to/
        # Uppy's packages ask for a newer Node.js, but run in browsers.
        npm --prefix $to ci --ignore-scripts --no-audit --no-fund --loglevel=error
        (cd $to && node --preserve-symlinks-main specs.mjs)
        cp "$from/package-lock.json" $to/installed.json
    fi
    cd $to
    node_modules/.bin/esbuild uppy.mjs --bundle --preserve-symlinks --log-level=warning --outfile=uppy.js

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

# Installs what tests/browser needs: Debian's Chromium, and its driver into target/browser.
browser: (programs "chromium")
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    mkdir -p target/browser
    ln -sfn "$PWD"/tests/browser target/browser/tests
    installed=target/browser/installed.json
    [[ -d target/browser/node_modules ]] && cmp -s tests/browser/package-lock.json $installed && exit
    cp tests/browser/package.json tests/browser/package-lock.json target/browser/
    # Only the part of pdf.js that a browser loads, without its optional packages for Node.js.
    npm --prefix target/browser ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
    cp tests/browser/package-lock.json $installed

# Takes the pictures of the page for its documentation.
pictures: component browser
    #!/usr/bin/env bash
    set -euo pipefail
    cargo build --quiet --release {{ as_for_tests }} --bin coffer
    pictures=$PWD/host/page/pictures data=$(mktemp -d)
    coproc target/release/coffer serve --dev --data-dir "$data" --listen 127.0.0.1:0 --ops-listen off --log warn
    server=$COPROC_PID
    trap 'kill $server; wait $server; rm -r "$data"' EXIT
    read -r _ _ url <&"${COPROC[0]}"
    script=$PWD/target/browser/tests/pictures.mjs
    cd "$pictures"
    node --preserve-symlinks --preserve-symlinks-main "$script" "$url"

# Installs the tools of tests/openapi into target/openapi: npm packages, and Python ones in a virtual environment.
openapi:
    #!/usr/bin/env bash
    set -euo pipefail
    cd {{ quote(justfile_directory()) }}
    mkdir -p target/openapi
    from=tests/openapi to=target/openapi
    if [[ ! -d $to/node_modules ]] || ! cmp -s $from/package-lock.json $to/installed.json; then
        cp $from/package.json $from/package-lock.json $to/
        npm --prefix $to ci --ignore-scripts --no-audit --no-fund --loglevel=error
        cp $from/package-lock.json $to/installed.json
    fi
    if ! cmp -s $from/requirements.txt $to/python/requirements.txt; then
        rm -rf $to/python
        python3 -m venv $to/python
        $to/python/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps -r $from/requirements.txt
        cp $from/requirements.txt $to/python/
    fi

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
    echo "installing wasmtime {{ wasmtime }} (a few minutes, once)" >&2
    # `serve` does not build without run and component-model-async. A fast build matters more
    # here than a fast program.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off cargo install --quiet --locked --no-default-features \
        --features run,serve,compile,cranelift,component-model-async,parallel-compilation,pooling-allocator \
        --root target/tools --target-dir target/tools/wasmtime "wasmtime-cli@{{ wasmtime }}"
    rm -r target/tools/wasmtime

# Serves from the local engine in development mode; accepts the flags of `coffer serve`.
serve *args: component
    cargo build --release {{ as_for_tests }} --bin coffer
    target/release/coffer serve --dev {{ args }}

# Runs every test; accepts the arguments of `cargo test`.
test *args: component deciding providers browser openapi clients (programs "nginx" "curl")
    cargo test --release --workspace {{ args }}

# Runs the tests on other platforms: wasmtime-filesystem, wasmtime-s3, jco-filesystem, jco-s3.
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

# Runs the S3 engine on real S3 services, or on those named: seaweedfs, ceph, swift, moto, localstack.
[positional-arguments]
test-services *args: component (services args)
    cargo test --release --workspace --test services -- "$@"

# Installs them: what PyPI has into target/services/installed, the rest from Debian's packages.
[private]
services *args:
    #!/usr/bin/env bash
    # What cannot be installed is left out, and the tests name it.
    set -uo pipefail
    wanted() { [[ ! {{ quote(args) }} =~ (seaweedfs|ceph|swift|moto|localstack) || {{ quote(args) }} == *$1* ]]; }
    for name in seaweedfs moto localstack; do
        wanted $name || continue
        requirements=tests/services/$name.txt
        made=target/services/installed/$name
        cmp -s $requirements $made/requirements.txt && continue
        echo "installing $name" >&2
        rm -rf $made
        python3 -m venv $made &&
            $made/bin/pip install --quiet --disable-pip-version-check --no-cache-dir -r $requirements >&2 &&
            cp $requirements $made/requirements.txt ||
            { echo "$name cannot be installed" >&2; rm -rf $made; }
    done
    if wanted ceph; then
        just programs ceph-mon ceph-mgr ceph-osd radosgw || echo "ceph cannot be installed" >&2
    fi
    if wanted swift && [[ ! -d /usr/lib/python3/dist-packages/swift ]]; then
        just packages python3-swift || echo "swift cannot be installed" >&2
    fi

# A policy is swapped each second, for 60 seconds or as many as given, then 300 times without load.
# Load-tests hot reload.
bench-swap seconds="60" quiet="300": component
    cargo test --release --workspace --test bench-swap -- {{ seconds }} {{ quiet }}

# Builds the program for production: target/production/coffer; optimised by a profile if there is one.
production profile=(justfile_directory() / "target/profile/coffer.profdata"): component
    #!/usr/bin/env bash
    set -euo pipefail
    # What `coffer --version` names; not in other builds, which each commit would make anew.
    commit=$(git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || true)
    export COFFER_COMMIT=${COFFER_COMMIT:-$commit}
    profile={{ quote(profile) }}
    [[ -f $profile ]] || exec cargo build --profile production -p coffer
    profile=$(realpath "$profile")
    echo "optimised by $profile" >&2
    # It may be of an earlier revision: what has changed is optimised without it.
    export CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' ${RUSTFLAGS:-} "-Cprofile-use=$profile")-Cllvm-args=-no-pgo-warn-mismatch
    host=$(rustc --print host-tuple)
    cargo build --profile production -p coffer --target "$host"
    install -D "target/$host/production/coffer" target/production/coffer

# Records what a server does under the benchmarks' load, for `just production` (PGO); half an hour.
profile: component (bench-tools "nginx" "wrk" "curl")
    #!/usr/bin/env bash
    set -euo pipefail
    host=$(rustc --print host-tuple)
    # Of rustup's component llvm-tools, or Debian's package of the same version.
    merge=$(rustc --print target-libdir)/../bin/llvm-profdata
    if [[ ! -x $merge ]]; then
        llvm=llvm-$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
        merge=/usr/lib/$llvm/bin/llvm-profdata
        [[ -x $merge ]] || just packages "$llvm"
    fi
    folder={{ quote(justfile_directory() / "target/profile") }}
    rm -rf "$folder/build" "$folder/raw"
    # The second flag: space for the values of more places.
    CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' ${RUSTFLAGS:-} "-Cprofile-generate=$folder/raw")-Cllvm-args=-vp-counters-per-site=8 \
        cargo build --profile production -p coffer --target "$host" --target-dir "$folder/build"
    cargo test --profile bench --workspace --test bench --no-run
    PATH=$PATH:/usr/sbin cargo test --profile bench --workspace --test bench -- quick --rounds 2 \
        --server "$folder/build/$host/production/coffer" ||
        echo "some rows have no figure, which does not matter here" >&2
    "$merge" merge --output "$folder/new.profdata" "$folder/raw"
    mv "$folder/new.profdata" "$folder/coffer.profdata"
    rm -r "$folder/build" "$folder/raw"

# Makes a tarball and a Debian package in target/package, with man pages, completions and an SBOM.
package program="target/production/coffer":
    #!/usr/bin/env bash
    set -euo pipefail
    [[ {{ quote(program) }} != target/production/coffer ]] || just production
    for tool in "cargo-deb {{ cargo_deb }}" "cargo-cyclonedx {{ cargo_cyclonedx }}"; do
        grep -qs "^\"$tool " target/tools/.crates.toml && continue
        echo "installing $tool (a few minutes, once)" >&2
        # They run for seconds, so they need not be fast.
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            cargo install --quiet --locked --root target/tools --target-dir target/tools/build "${tool/ /@}"
        rm -rf target/tools/build
    done
    host/packaging/package.sh {{ quote(program) }}

# Installs the Debian package where systemd runs, in a container, and uses it; as root.
test-debian: (programs "mmdebstrap")
    command -v systemd-nspawn >/dev/null || just packages systemd-container
    host/packaging/debian/try.sh

# Builds a container image of the packaged program, with buildah.
image: (programs "buildah")
    host/packaging/image.sh

# Checks what operators deploy: the unit, the packages if they are made, manifests, alerts, proxies.
test-packages: (programs "haproxy" "lintian" "nginx" "openssl")
    #!/usr/bin/env bash
    set -euo pipefail
    command -v promtool >/dev/null || just packages prometheus
    command -v systemd-analyze >/dev/null || just packages systemd
    requirements=host/packaging/kubernetes/requirements.txt made=target/kubernetes
    if ! cmp -s $requirements $made/requirements.txt; then
        rm -rf $made
        python3 -m venv $made
        $made/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps -r $requirements
        cp $requirements $made/
    fi
    host/packaging/check.sh

# Benchmarks Coffer and its rivals; `just bench quick`, `just bench growth`, `just bench --only get`.
[positional-arguments]
bench *args: production (bench-tools "nginx" "wrk" "curl")
    PATH=$PATH:/usr/sbin cargo test --profile bench --workspace --test bench -- \
        --server {{ quote(justfile_directory() / "target/production/coffer") }} "$@"

# Counts the instructions of a request and of its parts; `--write` saves them as the new baseline.
[positional-arguments]
bench-instructions *args: (production "none") (bench-tools "valgrind")
    cargo build --profile production -p coffer-component --example pure
    cargo test --release --workspace --test bench -- instructions \
        --server {{ quote(justfile_directory() / "target/production/coffer") }} "$@"

# Installs programs from Debian's packages of the same names if they are missing.
[private]
programs *programs:
    #!/usr/bin/env bash
    set -euo pipefail
    missing=()
    for program in {{ programs }}; do
        PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || missing+=("$program")
    done
    (( ${#missing[@]} == 0 )) || just packages "${missing[@]}"

# Installs Debian's packages.
[private]
packages *packages:
    #!/usr/bin/env bash
    set -euo pipefail
    echo "installing {{ packages }}" >&2
    as_root=(env)
    [[ $EUID -eq 0 ]] || as_root=(sudo)
    # Starts no service: tests and benchmarks run their own.
    install=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        apt-get -qq install --yes --no-remove --no-install-recommends {{ packages }})
    "${install[@]}" >/dev/null 2>&1 ||
        { "${as_root[@]}" apt-get -qq update && "${install[@]}" >/dev/null; }

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

# Dependencies are checked if cargo-deny is installed, known vulnerabilities if their database is too.
# Checks formatting, lints, documentation and dependencies.
lint: component
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    cargo clippy --release {{ as_for_tests }} --lib --features coffer-component/decide -- -D warnings
    cargo clippy --release --workspace --test cluster --test services --test bench-swap --test bench --test portable -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --lib --bins --examples --no-deps --document-private-items
    just lint-dependencies

[private]
lint-dependencies:
    #!/usr/bin/env bash
    set -euo pipefail
    if ! command -v cargo-deny >/dev/null; then
        echo "skipped: licences, sources and advisories of dependencies, since cargo-deny is not installed" \
            "(cargo install --locked cargo-deny)" >&2
        exit 0
    fi
    cargo deny check licenses bans sources
    databases=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
    if [[ -n $(ls -A "$databases" 2>/dev/null) ]]; then
        cargo deny check --disable-fetch advisories
    else
        echo "skipped: advisories, since $databases has no database (cargo deny fetch db)" >&2
    fi
