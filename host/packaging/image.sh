#!/usr/bin/env bash
# Builds the container image `coffer:VERSION` from target/package/root, with buildah or podman.
# The program comes with the libraries and certificates of this machine, on top of nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=target/package/image root=target/package/image/root
program=target/package/root/usr/bin/coffer
version=$($program --version | cut -d' ' -f2)
rm -rf $out
# own/ holds the folders that belong to the container's user: an owner here would not reach the image.
mkdir -p $root/etc/ssl/certs $root/var/lib $root/var/cache $root/tmp $out/own/lib $out/own/cache
chmod 1777 $root/tmp
install -D $program $root/usr/bin/coffer
# Names of libraries, behind symbolic links, at the paths where the program looks for them.
ldd $program | grep -o '/[^ ]*' | while read -r library; do
    install -D "$(realpath "$library")" "$root$library"
done
cp /etc/ssl/certs/ca-certificates.crt $root/etc/ssl/certs/
echo 'coffer:x:65532:65532::/var/lib/coffer:/sbin/nologin' >$root/etc/passwd
echo 'coffer:x:65532:' >$root/etc/group
echo 'hosts: files dns' >$root/etc/nsswitch.conf
cp host/packaging/container/Containerfile $out/
builder=$(command -v buildah || command -v podman)
# Docker's format: OCI's has no health checks.
"$builder" build --format docker --timestamp "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" \
    --tag "coffer:$version" $out
