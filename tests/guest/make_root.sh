#!/usr/bin/env bash
# make_root.sh BUILD_DIR IMAGE: an ext4 image with the programs under test, their clients and all the
# libraries those load, taken from this machine.
set -euo pipefail
build=$(realpath "$1") image=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# Copies a file to the same place under the root, with the libraries it is linked to.
add() {
  local file library
  for file in "$@"; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
    for library in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
      [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
    done
  done
}

mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,usr/sbin,proc,sys,dev,tmp,etc,tests,programs}
for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
add /usr/bin/busybox /usr/bin/curl /usr/bin/wget /usr/bin/openssl /usr/bin/python3 "$(realpath "$(command -v node)")"
[ -e "$root/usr/bin/node" ] || ln -s "$(realpath "$(command -v node)")" "$root/usr/bin/node"
cp -r /usr/lib/python3.11 "$root/usr/lib/"
rm -rf "$root"/usr/lib/python3.11/{test,idlelib,lib2to3,ensurepip}
for module in /usr/lib/python3.11/lib-dynload/*.so; do add "$module"; done
mkdir -p "$root/etc/ssl" "$root/usr/lib/ssl"
cp -L /etc/ssl/openssl.cnf "$root/etc/ssl/"
ln -s /etc/ssl/openssl.cnf "$root/usr/lib/ssl/openssl.cnf"
printf 'root:x:0:0:root:/:/bin/sh\n' > "$root/etc/passwd"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"

add "$build/bin/hear"
mv "$root$build/bin/hear" "$root/hear"
cp -r "$here/../kernel" "$root/tests/"
for program in openssl_shared go_client_stripped rustls_ring_0.16; do
  add "$build/tests/kernel/programs/$program"
  mv "$root$build/tests/kernel/programs/$program" "$root/programs/"
done
cp "$here/init" "$here/guest_test.sh" "$root/"

rm -f "$image"
size=$(( $(du -sm "$root" | cut -f1) * 5 / 4 + 64 ))
mkfs.ext4 -q -d "$root" "$image" "${size}M"
