#!/usr/bin/env bash
# Makes the packages of a built program: a tarball, a Debian package, and their SBOM (CycloneDX).
# Usage: package.sh PROGRAM; into target/package. `just package` installs the tools that it needs.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packaging=host/packaging out=target/package
export PATH=$PWD/target/tools/bin:$PATH
# Of the commit, so that the same sources make the same packages.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
triple=$(rustc -vV | sed -n 's/^host: //p')
said=$("$program" --version)
version=$(cut -d' ' -f2 <<<"$said")
rm -rf $out
mkdir -p $out/root/usr/share/man/man1

install -D "$program" $out/root/usr/bin/coffer
strip --strip-unneeded $out/root/usr/bin/coffer
"$program" manual $out/manual
for page in $out/manual/man/*.1; do
    gzip -9n <"$page" >"$out/root/usr/share/man/man1/${page##*/}.gz"
done
share=$out/root/usr/share
install -Dm644 $out/manual/completions/coffer.bash $share/bash-completion/completions/coffer
install -Dm644 $out/manual/completions/_coffer $share/zsh/vendor-completions/_coffer
install -Dm644 $out/manual/completions/coffer.fish $share/fish/vendor_completions.d/coffer.fish

# One for the program, one for the component that it embeds. The tool writes one into every member of
# the workspace, with paths of this machine.
mkdir $out/sbom
sbom() {
    cargo cyclonedx -qq --manifest-path host/Cargo.toml --format json --spec-version 1.5 \
        --no-build-deps --target "$2" --override-filename package-sbom
    sed "s|path+file://$PWD/|path+file:///coffer/|g" "$1/package-sbom.json" >$out/sbom/$3.cdx.json
    find host component wit -name package-sbom.json -delete
}
sbom host "$triple" coffer
sbom component wasm32-wasip1 coffer-component

# The documents, with what they link to at the same places, but for the code.
doc=$share/doc/coffer
documents=(README.md CHANGELOG.md host/*.md host/page/pictures/light.webp
    host/packaging/{README.md,proxy/*,kubernetes/*,monitoring/alerts.yml,monitoring/dashboard.json}
    component/{*.md,policy.toml,relink/README.md,examples/company.toml}
    wit/README.md tests/README.md tests/bench/{*.md,results/*.md,charts/*})
for document in "${documents[@]}"; do
    install -Dm644 "$document" "$doc/$document"
done
install -Dm644 -t $doc $out/sbom/*.json

name=coffer-$version-$triple
mkdir -p $out/$name
cp -r $out/manual/* $out/sbom $packaging/{proxy,monitoring,kubernetes} $doc $out/$name/
mv $out/$name/{coffer,doc}
cp $out/root/usr/bin/coffer LICENSE CHANGELOG.md $packaging/systemd/coffer.{service,env} $out/$name/
tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --directory $out $name | gzip -9n >$out/$name.tar.gz

cargo deb --quiet --no-build --no-strip --manifest-path host/Cargo.toml --output $out/

rm -r $out/manual $out/sbom $out/$name
(cd $out && sha256sum coffer*.tar.gz coffer*.deb | tee SHA256SUMS)
echo "$said"
echo "shared libraries:"
ldd $out/root/usr/bin/coffer
echo "oldest C library: $(objdump -T $out/root/usr/bin/coffer | grep -o 'GLIBC_2[.0-9]*' | sort -Vu | tail -1)"
