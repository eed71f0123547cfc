#!/usr/bin/env bash
# Checks what operators deploy, without deploying it: the unit, the Debian package if there is one,
# manifests, alert rules, the dashboard's queries, and the proxies' configurations. `just
# test-packages` runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packaging=$PWD/host/packaging
export PATH=$PATH:/usr/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step() { echo "== $*"; }

step systemd unit
# It is verified with a program in place of the one that is not installed.
sed "s|^ExecStart=[^ ]*|ExecStart=/bin/true|; /^Documentation=/d" $packaging/systemd/coffer.service \
    >"$work/coffer.service"
systemd-analyze verify "$work/coffer.service"
# The best is 0; 2 is the most that counts as safe for a service on the network here.
systemd-analyze security --offline=yes --threshold=20 "$work/coffer.service" | tail -1

if compgen -G 'target/package/*.deb' >/dev/null; then
    step Debian package
    # Debian's archive alone wants a changelog in its format and a maintainer with an address.
    lintian --fail-on error --suppress-tags no-changelog,malformed-contact \
        target/package/*.deb
fi

step Kubernetes manifests
ls $packaging/kubernetes/*.yaml | grep -v kustomization |
    xargs target/kubernetes/bin/kubernetes-validate --strict --quiet
for file in $packaging/kubernetes/*.yaml; do
    name=$(basename "$file")
    [[ $name == kustomization.yaml ]] || grep -qx "  - $name" $packaging/kubernetes/kustomization.yaml ||
        { echo "kustomization.yaml lacks $name" >&2; exit 1; }
done

step alert rules
promtool check rules $packaging/monitoring/alerts.yml
promtool test rules $packaging/monitoring/alerts.test.yml

step dashboard
target/kubernetes/bin/python $packaging/monitoring/queries.py $packaging/monitoring/dashboard.json \
    >"$work/queries.yml"
promtool check rules "$work/queries.yml"

step nginx
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=files.example.com \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cat "$work/cert.pem" "$work/key.pem" >"$work/both.pem"
sed "s|/etc/ssl/private/files.example.com.key|$work/key.pem|; s|/etc/ssl/files.example.com.pem|$work/cert.pem|" \
    $packaging/proxy/nginx.conf >"$work/coffer.conf"
echo "pid $work/pid; events {} http { include $work/coffer.conf; }" >"$work/nginx.conf"
nginx -t -q -e stderr -c "$work/nginx.conf"

step HAProxy
sed "s|/etc/haproxy/files.example.com.pem|$work/both.pem|" $packaging/proxy/haproxy.cfg >"$work/haproxy.cfg"
haproxy -c -q -f "$work/haproxy.cfg"
