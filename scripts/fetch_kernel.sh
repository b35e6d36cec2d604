#!/usr/bin/env bash
# fetch_kernel.sh SERIES FOLDER: FOLDER/vmlinuz becomes the newest Debian cloud kernel of a series
# (5.10, 6.1, 6.12, 7.2), from a private package list: nothing is installed on this machine.
set -euo pipefail
series=$1 folder=$2
[ -s "$folder/vmlinuz" ] && exit 0
mirror=$("$(dirname "$0")/debian_mirror.sh")
# shellcheck source=scripts/apt_of_suites.sh
. "$(dirname "$0")/apt_of_suites.sh"
case $series in
  5.10) suites=("$mirror-security bullseye-security" "$mirror bullseye") ;;
  6.1) suites=("$mirror bookworm") ;;
  6.12) suites=("$mirror trixie") ;;
  *) suites=("$mirror sid") ;;
esac
apt_of_suites "$folder" "${suites[@]}"

# The image lies in linux-image-*, or in linux-binary-* where Debian has split it.
find_package() {
  apt-cache "${apt[@]}" search --names-only "^linux-$1-${series//./\\.}[.0-9].*cloud-amd64$" |
    cut -d' ' -f1 | grep -vE 'unsigned|dbg|deb1[0-9]\.' | sort -V | tail -1
}
package=$(find_package binary || true)
[ -n "$package" ] || package=$(find_package image || true)
[ -n "$package" ] || { echo "fetch_kernel.sh: no cloud kernel $series in: ${suites[*]}" >&2; exit 1; }
(cd "$folder" && apt-get "${apt[@]}" download "$package")
dpkg -x "$folder"/*.deb "$folder/package"
cp "$(find "$folder/package" -name 'vmlinuz*' -size +1M | head -1)" "$folder/vmlinuz"
rm -rf "$folder"/{package,state,cache,*.deb}
echo "fetch_kernel.sh: $package"
