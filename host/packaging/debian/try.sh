#!/usr/bin/env bash
# Installs the Debian package where systemd runs, in a container without a network, and uses it:
# hardened start with credentials, reload, upgrade, restore, purge. Needs root, systemd-nspawn and mmdebstrap;
# `just test-debian` runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
package=$(ls "$PWD"/target/package/coffer_*.deb)
root=$PWD/target/debian
if [[ ! -e $root/etc/debian_version ]]; then
    rm -rf "$root"
    mmdebstrap --quiet --variant=minbase --include=systemd-sysv,ca-certificates,curl,man-db \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root"
fi

log=$(mktemp)
# Nothing that is changed stays.
systemd-nspawn --quiet --directory="$root" --volatile=overlay --bind-ro="$package:/coffer.deb" \
    --private-network --register=no --keep-unit --boot --console=read-only >"$log" 2>&1 </dev/null &
container=$!
end() {
    local code=$?
    (( code == 0 )) || { inside journalctl --no-pager --lines=40 || tail -40 "$log"; } >&2
    kill $container 2>/dev/null || true
    wait $container || true
    rm -f "$log"
}
trap end EXIT
inside() { nsenter --target "$leader" --mount --uts --ipc --net --pid -- "$@"; }
soon() {
    for _ in $(seq 300); do "$@" && return; sleep 0.1; done
    echo "never: $*" >&2
    return 1
}
step() { echo "== $*"; }
has_leader() { leader=$(pgrep --parent $container --newest systemd); }
soon has_leader
booted() { [[ $(inside systemctl is-system-running 2>/dev/null) =~ running|degraded ]]; }
soon booted
# nsenter has this machine's PATH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
field() { inside sed -n "s/^$1:\\s*//p" "/proc/$(inside systemctl show --property=MainPID --value coffer)/status"; }
healthy() { inside coffer health >/dev/null 2>&1; }
is() { [[ $1 == "$2" ]] || { echo "$1, expected $2" >&2; return 1; }; }

step installed, and not started
inside dpkg --install /coffer.deb >/dev/null
is "$(inside systemctl is-enabled coffer || true)" disabled
is "$(inside systemctl is-active coffer || true)" inactive
inside man --path coffer coffer-serve >/dev/null
inside test -s /usr/share/bash-completion/completions/coffer
is "$(inside stat --format=%a:%U:%G /etc/coffer/coffer.env)" 640:root:root

step started, with a policy, a credential, and files in /var/lib/coffer
inside sh -c 'umask 077; coffer secret >/etc/coffer/credentials/link-secret'
inside sh -c 'printf "[public]\nread = \"anyone\"\ncreate = \"anyone\"\n" >/etc/coffer/policy.toml'
inside sh -c 'cat >>/etc/coffer/coffer.env' <<'SETTINGS'
COFFER_POLICY=/etc/coffer/policy.toml
COFFER_LINK_SECRET_FILE=/run/credentials/coffer.service/coffer_link-secret
SETTINGS
inside systemctl enable --now --quiet coffer
soon healthy
url=http://127.0.0.1:8080/v1/public/files/a
put() { inside curl --silent --output /dev/null --write-out '%{http_code}' --upload-file /etc/hostname "$1"; }
is "$(put $url)" 201
inside test -e /var/lib/coffer/data/index.redb
# Nothing was found beside it.
inside test ! -e /var/lib/coffer/data/link-secret

step confined
is "$(field CapEff)" 0000000000000000
is "$(field CapBnd)" 0000000000000000
is "$(field NoNewPrivs)" 1
is "$(field Seccomp)" 2
[[ $(field Uid) != 0* ]]
is "$(inside journalctl --unit coffer --grep 'no code cache|not permitted' --quiet --output=cat || true)" ""

step another policy, without a restart
process=$(inside systemctl show --property=MainPID --value coffer)
inside sh -c 'printf "[public]\nread = \"anyone\"\ncreate = \"nobody\"\n" >/etc/coffer/next.toml'
inside mv /etc/coffer/next.toml /etc/coffer/policy.toml
refused() { [[ $(put $url-$RANDOM) == 403 ]]; }
soon refused
inside systemctl reload coffer
is "$(inside systemctl show --property=MainPID --value coffer)" "$process"
healthy

step upgraded, with a restart and the same files
inside dpkg --install /coffer.deb >/dev/null
soon healthy
[[ $(inside systemctl show --property=MainPID --value coffer) != "$process" ]]
inside curl --silent --fail --output /dev/null $url
inside grep -q link-secret /etc/coffer/coffer.env

step backed up while it serves, and restored
inside coffer backup --data-dir /var/lib/coffer/data --to /var/backups/coffer >/dev/null
inside systemctl stop coffer
inside mv /var/lib/coffer/data /var/lib/coffer/lost
inside coffer restore --from /var/backups/coffer --data-dir /var/lib/coffer/data >/dev/null
inside chown --recursive --reference=/var/lib/coffer/ /var/lib/coffer/data
inside systemctl start coffer
soon healthy
inside curl --silent --fail --output /dev/null $url

step purged, and the files are still there
inside dpkg --purge coffer >/dev/null 2>&1
inside test ! -e /usr/bin/coffer -a ! -e /etc/coffer/coffer.env
inside test -e /var/lib/private/coffer/data/index.redb
inside test -e /etc/coffer/credentials/link-secret
