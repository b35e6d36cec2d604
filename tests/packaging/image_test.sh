#!/usr/bin/env bash
# The container images: good OCI archives, the same twice, that run with nothing but themselves.
#   image_test.sh BIN_DIRECTORY
set -euo pipefail
bin=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

export SOURCE_DATE_EPOCH=1767225600
scripts/build_image.sh "$bin" "$work" > /dev/null
for name in sonde sonde-collector; do
  skopeo copy --quiet "oci-archive:$work/$name.oci.tar" "oci:$work/layout-$name:test" || fail "$name is no OCI archive"
  umoci unpack --image "$work/layout-$name:test" "$work/bundle-$name" > /dev/null 2>&1 || fail "$name cannot be unpacked"
  root=$work/bundle-$name/rootfs
  [ -z "$(find "$root" -perm /6000)" ] || fail "$name has set-user-id files"
  [ -z "$(find "$root" -type f -perm /022)" ] || fail "$name has files that others can write"
  chroot "$root" "/usr/bin/$name" --version | grep -q "^$name " || fail "$name does not run alone"
  # Packed again, the tree gives the same image.
  python3 packaging/oci/make_image.py "$root" "packaging/oci/$name.json" "$work/again-1.tar" "x/$name:1"
  sleep 1
  python3 packaging/oci/make_image.py "$root" "packaging/oci/$name.json" "$work/again-2.tar" "x/$name:1"
  cmp "$work/again-1.tar" "$work/again-2.tar" || fail "two images of one tree differ"
done
chroot "$work/bundle-sonde/rootfs" /usr/bin/sonde config check /etc/sonde/sonde.yaml > /dev/null || fail "configuration"
# As the enrolment's init container runs it.
chroot "$work/bundle-sonde/rootfs" /bin/sh -c 'test -s /etc/passwd || exec sonde --help' || fail "no shell"
user=$(skopeo inspect --config "oci-archive:$work/sonde-collector.oci.tar" | python3 -c 'import json,sys; print(json.load(sys.stdin)["config"]["User"])')
[ "$user" = 65532:65532 ] || fail "the collector's user is $user"
[ "$(stat -c %u "$work/bundle-sonde-collector/rootfs/var/lib/sonde-collector")" = 65532 ] || fail "state directory"
echo "images: good archives that run alone"
