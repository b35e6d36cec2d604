#!/usr/bin/env bash
# Builds the packages sonde and sonde-collector for rpm from programs that are there already, built on the
# distribution they are for. Needs rpmbuild, no root.
#   scripts/build_rpm.sh [BIN_DIRECTORY [OUTPUT_DIRECTORY]]
# BIN_DIRECTORY: build/release/bin. OUTPUT_DIRECTORY: build/packages.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${1:-build/release/bin}")
out=$(realpath -m "${2:-build/packages}")
version=${SONDE_PACKAGE_VERSION:-$(sed -n 's/^project(sonde VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/SOURCES" "$out"

for program in sonde sonde-collector; do
  [ -x "$bin/$program" ] || { echo "$0: $bin/$program is missing; build it: cmake --build --preset release" >&2; exit 1; }
done
# What the recipe takes from the sources when it compiles nothing.
tar -czf "$work/SOURCES/sonde-$version.tar.gz" --transform "s|^|sonde-$version/|" \
  LICENSE CHANGELOG.md packaging systemd
sed "s/^Version:.*/Version:        $version/" packaging/rpm/sonde.spec > "$work/sonde.spec"

options=(--define "_topdir $work" --define "sonde_bin $bin" --define "_rpmdir $out" --quiet)
[ -n "$(rpm --eval '%{?_unitdir}')" ] || options+=(--load "$PWD/packaging/rpm/macros.systemd")
# What compiling needs is not needed.
rpmbuild -bb --nodeps "${options[@]}" "$work/sonde.spec"
find "$out" -name "sonde*-$version-*.rpm"
