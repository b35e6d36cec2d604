#!/usr/bin/env bash
# Builds the container images of agent and collector, without a registry and without a daemon.
#   scripts/build_image.sh [BIN_DIRECTORY [OUTPUT_DIRECTORY]]
# Writes sonde.oci.tar and sonde-collector.oci.tar: OCI archives for `skopeo copy oci-archive:...`,
# `podman load`, `ctr images import`. In them: the program, the libraries it is linked with (of this
# machine's Debian), root certificates, and for the agent a static shell that the enrolment uses.
# Same input, same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${1:-build/release/bin}")
out=$(realpath -m "${2:-build/packages}")
version=${SONDE_PACKAGE_VERSION:-$(sed -n 's/^project(sonde VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH LC_ALL=C
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Every library that the program needs, at its own path in a merged /usr; and the packages they are
# from, noted where image scanners look.
copy_libraries() {
  local root=$2 library files=()
  while read -r library; do
    files+=("$(realpath "$library")")
    install -Dm755 "$(realpath "$library")" "$root/usr${library#/usr}"
  done < <(ldd "$1" | grep -o '/[^ ]*' | sort -u)
  # dpkg may know a file by its path before /usr was merged; a path it does not know is no failure.
  { dpkg -S "${files[@]}" "${files[@]#/usr}" 2> /dev/null || true; } | sed 's/:.*//' | sort -u | while read -r package; do
    dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
  done
}

make_root() {
  local name=$1 root=$2
  mkdir -p "$root"/{etc/ssl/certs,tmp,proc,sys,dev,usr/bin,usr/lib,usr/lib64,usr/sbin,var/lib/"$name",var/lib/dpkg/status.d}
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
  chmod 1777 "$root/tmp"
  chmod 700 "$root/var/lib/$name"
  install -m755 "$bin/$name" "$root/usr/bin/$name"
  strip --strip-unneeded "$root/usr/bin/$name"
  copy_libraries "$root/usr/bin/$name" "$root"
  install -m644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532::/:/bin/false\n' > "$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' > "$root/etc/group"
  printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
  if [ "$name" = sonde ]; then
    install -m755 /bin/busybox "$root/usr/bin/busybox"
    ln -s busybox "$root/usr/bin/sh"
    ln -s busybox "$root/usr/bin/test"
    install -Dm644 packaging/sonde.yaml "$root/etc/sonde/sonde.yaml"
  else
    mkdir -p "$root/etc/sonde-collector"
    "$bin/sonde-collector" config example > "$root/etc/sonde-collector/collector.yaml"
  fi
}

ldd /bin/busybox > /dev/null 2>&1 && { echo "scripts/build_image.sh: install busybox-static" >&2; exit 1; }
for name in sonde sonde-collector; do
  [ -x "$bin/$name" ] || { echo "scripts/build_image.sh: $bin/$name is missing" >&2; exit 1; }
  make_root "$name" "$work/$name"
  python3 packaging/oci/make_image.py "$work/$name" "packaging/oci/$name.json" \
    "$out/$name.oci.tar" "registry.example/$name:$version"
  echo "$out/$name.oci.tar"
done
