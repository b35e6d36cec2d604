#!/usr/bin/env bash
# Builds the packages sonde and sonde-collector from binaries that are there already.
#   scripts/build_deb.sh [BIN_DIRECTORY [OUTPUT_DIRECTORY]]
# BIN_DIRECTORY: build/release/bin. OUTPUT_DIRECTORY: build/packages. Needs no root. The same input
# gives the same packages, byte for byte: times come from SOURCE_DATE_EPOCH or the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${1:-build/release/bin}")
out=$(realpath -m "${2:-build/packages}")
version=${SONDE_PACKAGE_VERSION:-$(sed -n 's/^project(sonde VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

die() { echo "scripts/build_deb.sh: $*" >&2; exit 1; }
for program in sonde sonde-collector; do
  [ -x "$bin/$program" ] || die "$bin/$program is missing; build it: cmake --build --preset release"
done
architecture=$(dpkg --print-architecture)

# What `dpkg-shlibdeps` finds that the program is linked with.
library_packages() {
  mkdir -p "$work/shlibs/debian"
  printf 'Source: sonde\n\nPackage: %s\nArchitecture: any\n' "$1" > "$work/shlibs/debian/control"
  (cd "$work/shlibs" && dpkg-shlibdeps -O -e"$2" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

# The files of both packages that are made alike: $1 is the package and program.
stage_common() {
  local name=$1 root=$2
  install -Dm755 "$bin/$name" "$root/usr/bin/$name"
  strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/$name"
  mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" \
    "$root/usr/share/zsh/vendor-completions"
  python3 packaging/help_pages.py man "$bin/$name" "packaging/man/$name.sections" |
    gzip -9n > "$root/usr/share/man/man1/$name.1.gz"
  python3 packaging/help_pages.py bash "$bin/$name" > "$root/usr/share/bash-completion/completions/$name"
  python3 packaging/help_pages.py zsh "$bin/$name" > "$root/usr/share/zsh/vendor-completions/_$name"
  install -Dm644 "systemd/$name.sysusers" "$root/usr/lib/sysusers.d/$name.conf"
  install -Dm644 "systemd/$name.tmpfiles" "$root/usr/lib/tmpfiles.d/$name.conf"
  install -Dm644 packaging/deb/copyright "$root/usr/share/doc/$name/copyright"
  {
    printf '%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n' "$name" "$version"
    printf ' -- The Sonde developers <packages@sonde.example>  %s\n' "$(date -uRd "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n > "$root/usr/share/doc/$name/changelog.gz"
}

stage_sonde() {
  local root=$1
  install -Dm644 systemd/sonde-agent.service "$root/lib/systemd/system/sonde-agent.service"
  install -Dm644 packaging/sonde.yaml "$root/etc/sonde/sonde.yaml"
  install -d "$root/etc/sonde/conf.d"
  install -Dm644 -t "$root/usr/share/doc/sonde/examples" systemd/examples/*.conf
  echo /etc/sonde/sonde.yaml > "$root/DEBIAN/conffiles"
}

stage_sonde-collector() {
  local root=$1
  install -Dm644 systemd/sonde-collector.service "$root/lib/systemd/system/sonde-collector.service"
  install -d "$root/etc/sonde-collector"
  "$bin/sonde-collector" config example > "$root/etc/sonde-collector/collector.yaml"
  install -Dm644 -t "$root/usr/share/doc/sonde-collector/examples" \
    packaging/monitoring/sonde-dashboard.json packaging/monitoring/sonde-alerts.yaml
  echo /etc/sonde-collector/collector.yaml > "$root/DEBIAN/conffiles"
}

build() {
  local name=$1 service=$2 root=$work/$1
  mkdir -p "$root/DEBIAN"
  chmod 755 "$root"
  stage_common "$name" "$root"
  "stage_$name" "$root"
  for script in preinst postinst prerm postrm; do
    [ -f "packaging/deb/$script.in" ] || continue
    sed -e "s/@NAME@/$name/g" -e "s/@SERVICE@/$service/g" "packaging/deb/$script.in" > "$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
  done
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
    -e "s|@LIBRARIES@|$(library_packages "$name" "$root/usr/bin/$name")|" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" \
    "packaging/deb/$name.control.in" > "$root/DEBIAN/control"
  (cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' |
    sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz -b "$root" "$out/${name}_${version}_${architecture}.deb" > /dev/null
  echo "$out/${name}_${version}_${architecture}.deb"
}

build sonde sonde-agent
build sonde-collector sonde-collector
