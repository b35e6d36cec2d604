#!/usr/bin/env bash
# kernel_matrix.sh [-b BUILD_DIR] [SERIES ...]: boots Debian's kernels (default 5.10 6.1 6.12 7.2) in
# qemu without hardware help, and runs tests/guest/guest_test.sh in each. Needs a built tree
# (targets hear, kernel_client_programs). Exit code 1 when any kernel fails.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/ci
[ "${1:-}" = -b ] && { build=$2; shift 2; }
series=("$@")
[ ${#series[@]} -gt 0 ] || series=(5.10 6.1 6.12 7.2)
work=$build/guest
mkdir -p "$work"
tests/guest/make_root.sh "$build" "$work/root.ext4"

# What runs in one guest lands in its log. 6.12 crashes early now and then on cx16, 7.2 needs it.
boot() {
  local name=$1 cpu=max
  [ "$name" = 6.12 ] && cpu=max,-cx16
  timeout "${SONDE_GUEST_SECONDS:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu "$cpu" -smp 2 -m 1536 -nodefaults \
    -no-reboot -display none -kernel "$work/kernel-$name/vmlinuz" -serial "file:$work/$name.log" \
    -drive "if=none,id=d0,file=$work/root.ext4,format=raw,snapshot=on" \
    -device nvme,drive=d0,serial=r0 \
    -append "console=ttyS0 root=/dev/nvme0n1 rw init=/init panic=-1 quiet mitigations=off" || true
}

failed=0
for name in "${series[@]}"; do
  scripts/fetch_kernel.sh "$name" "$work/kernel-$name"
  for attempt in 1 2 3; do
    boot "$name"
    grep -aq '^guest: ' "$work/$name.log" && break # only a guest that never spoke is tried again
    echo "kernel $name: attempt $attempt did not boot" >&2
  done
  tr -d '\r' < "$work/$name.log" | grep -avE '^$' | sed "s/^/$name  /"
  tr -d '\r' < "$work/$name.log" | grep -aqx 'guest: exit 0' || { failed=1; echo "kernel $name: FAILED"; }
done
exit $failed
