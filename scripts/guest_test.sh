#!/usr/bin/env bash
# Installs the packages in a Debian 12 guest under QEMU (emulated, no KVM needed) with its own kernel,
# systemd and cgroup v2, and goes through their life there: tests/guest/scenario.sh. Run as root.
#   scripts/guest_test.sh [PACKAGE_DIRECTORY]
# PACKAGE_DIRECTORY: build/packages, from scripts/build_deb.sh. Needs mmdebstrap, qemu-system-x86 and
# 10 to 25 minutes, by how busy the machine is; root file system and kernel are kept in SONDE_GUEST_CACHE (build/guest).
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(realpath "${1:-build/packages}")
cache=$(realpath -m "${SONDE_GUEST_CACHE:-build/guest}")
minutes=${SONDE_GUEST_MINUTES:-45}
mirror=${SONDE_GUEST_MIRROR:-$(scripts/debian_mirror.sh)}
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "scripts/guest_test.sh: $*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || die "must run as root: sudo $0"
for tool in mmdebstrap qemu-system-x86_64 mkfs.ext4; do
  command -v "$tool" > /dev/null || die "$tool is missing: apt-get install mmdebstrap qemu-system-x86 e2fsprogs"
done

library_packages() {
  for deb in "$packages"/sonde_*.deb "$packages"/sonde-collector_*.deb; do dpkg -f "$deb" Depends; done |
    sed 's/([^)]*)//g; s/ //g' | paste -sd,
}
# Kept for as long as it holds what the packages depend on.
include="systemd-sysv,dbus,udev,kmod,procps,iproute2,curl,openssl,ca-certificates,python3,bpftool,podman,crun,netavark,$(library_packages)"
if [ ! -s "$cache/rootfs.tar" ] || [ "$(cat "$cache/rootfs.include" 2> /dev/null)" != "$include" ]; then
  rm -f "$cache/rootfs.tar"
  mmdebstrap --quiet --variant=minbase --include="$include" bookworm "$cache/rootfs.tar" "$mirror"
  printf '%s' "$include" > "$cache/rootfs.include"
fi
if [ ! -s "$cache/vmlinuz" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: *//p' | head -n 1)
  (cd "$work" && apt-get download "$package" > /dev/null)
  dpkg -x "$work/$package"_*.deb "$cache/kernel"
  cp "$cache"/kernel/boot/vmlinuz-* "$cache/vmlinuz"
fi

root=$work/root
mkdir "$root"
tar -xf "$cache/rootfs.tar" -C "$root"
cp -a "$cache/kernel/lib/modules" "$root/usr/lib/"
chroot "$root" depmod "$(ls "$root/usr/lib/modules")"
mkdir -p "$root/guest"
cp "$packages"/*.deb tests/guest/*.sh tests/guest/*.py "$root/guest/"
# A unit of type simple: with a oneshot the system would still be "starting" (systemctl is-system-running).
cat > "$root/etc/systemd/system/guest-test.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=simple
ExecStart=/bin/bash -c '/guest/scenario.sh > /dev/ttyS1 2>&1; systemctl poweroff -f -f'
[Install]
WantedBy=multi-user.target
UNIT
ln -s /etc/systemd/system/guest-test.service "$root/etc/systemd/system/multi-user.target.wants/"
ln -sf /bin/true "$root/etc/systemd/system/systemd-networkd-wait-online.service"
echo guest > "$root/etc/hostname"
printf '127.0.0.1 localhost guest\n' > "$root/etc/hosts"
truncate -s 2G "$work/disk"
mkfs.ext4 -q -d "$root" "$work/disk"
rm -rf "$root"

timeout "${minutes}m" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nodefaults -no-reboot \
  -display none -kernel "$cache/vmlinuz" \
  -append "console=ttyS0 root=/dev/nvme0n1 rw quiet mitigations=off no_timer_check panic=-1" \
  -drive if=none,id=d0,file="$work/disk",format=raw,snapshot=on -device nvme,drive=d0,serial=r0 \
  -serial "file:$work/console" -serial "file:$work/result" || true
cat "$work/result" 2>/dev/null || true
if ! grep -q '^GUEST: all steps passed' "$work/result"; then
  echo "--- console" >&2
  tail -n 30 "$work/console" >&2
  die "the scenario did not pass"
fi
