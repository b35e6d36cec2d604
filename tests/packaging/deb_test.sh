#!/usr/bin/env bash
# Both packages: built twice alike, clean for lintian; installed, upgraded and purged in a directory
# of their own, where a changed configuration survives the upgrade and nothing survives the purge.
#   deb_test.sh BIN_DIRECTORY
set -euo pipefail
bin=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

export SOURCE_DATE_EPOCH=1767225600
scripts/build_deb.sh "$bin" "$work/one" > /dev/null
scripts/build_deb.sh "$bin" "$work/two" > /dev/null
for deb in "$work"/one/*.deb; do
  cmp "$deb" "$work/two/$(basename "$deb")" || fail "two builds of $(basename "$deb") differ"
done
lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$work"/one/*.deb || fail "lintian"

root=$work/root
mkdir -p "$root"/var/lib/dpkg/{info,updates} "$root/etc"
touch "$root"/var/lib/dpkg/{status,available}
in_root() {
  dpkg --root="$root" --force-script-chrootless --force-depends --force-not-root --force-confold \
    --no-triggers --log=/dev/null "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "dpkg $*"; }
}
in_root -i "$work"/one/*.deb
for file in usr/bin/sonde usr/bin/sonde-collector lib/systemd/system/sonde-agent.service \
  lib/systemd/system/sonde-collector.service etc/sonde/sonde.yaml etc/sonde-collector/collector.yaml; do
  [ -f "$root/$file" ] || fail "$file is not installed"
done
[ -L "$root/etc/systemd/system/multi-user.target.wants/sonde-agent.service" ] || fail "not enabled"
"$root/usr/bin/sonde" config check "$root/etc/sonde/sonde.yaml" > /dev/null ||
  fail "the installed configuration is refused"
"$root/usr/bin/sonde-collector" --config "$root/etc/sonde-collector/collector.yaml" config check > /dev/null ||
  fail "the collector's installed configuration is refused"

echo 'log_level: "debug"  # mine' > "$root/etc/sonde/sonde.yaml"
mkdir -p "$root/var/lib/sonde/spool"
touch "$root/var/lib/sonde/spool/waiting"
SONDE_PACKAGE_VERSION=99.0 scripts/build_deb.sh "$bin" "$work/next" > /dev/null
in_root -i "$work"/next/*.deb
grep -q mine "$root/etc/sonde/sonde.yaml" || fail "the upgrade replaced the configuration"
[ -f "$root/var/lib/sonde/spool/waiting" ] || fail "the upgrade removed records"

in_root --remove sonde sonde-collector
[ -f "$root/etc/sonde/sonde.yaml" ] || fail "removal took the configuration"
in_root --purge sonde sonde-collector
left=$(cd "$root" && find . -not -path './var/lib/dpkg*' \( -type f -o -type l -o -name '*sonde*' \))
[ -z "$left" ] || fail "left after the purge: $left"
echo "packages: built alike twice, lintian clean, installed, upgraded, purged"
