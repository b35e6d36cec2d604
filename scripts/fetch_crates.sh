#!/usr/bin/env bash
# fetch_crates.sh SUITE PACKAGE FOLDER: the crates of a Debian package of another suite, and those it
# depends on, into FOLDER/registry, where cargo finds them. Nothing is installed on this machine.
set -euo pipefail
suite=$1 package=$2 folder=$3
[ -d "$folder/registry" ] && exit 0
mirror=$("$(dirname "$0")/debian_mirror.sh")
# shellcheck source=scripts/apt_of_suites.sh
. "$(dirname "$0")/apt_of_suites.sh"
apt_of_suites "$folder" "$mirror $suite"
# Without a status file nothing counts as installed, so all dependencies are listed.
mapfile -t packages < <(apt-get "${apt[@]}" -s install --no-install-recommends "$package" |
  sed -n 's/^Inst \(librust-[^ ]*\) .*/\1/p')
[ ${#packages[@]} -gt 0 ] || { echo "fetch_crates.sh: no $package in $suite" >&2; exit 1; }
mkdir -p "$folder/debs"
(cd "$folder/debs" && apt-get "${apt[@]}" download "${packages[@]}")
for deb in "$folder"/debs/*.deb; do dpkg -x "$deb" "$folder/files"; done
mv "$folder/files/usr/share/cargo/registry" "$folder/registry"
rm -rf "$folder"/{debs,files,state,cache}
echo "fetch_crates.sh: ${#packages[@]} packages for $package of $suite"
