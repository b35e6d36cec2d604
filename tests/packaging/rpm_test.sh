#!/usr/bin/env bash
# The rpm recipe: real packages of the programs of this build, with the files that the .debs have; clean
# for rpmlint; installed, upgraded and erased in a root of their own, where their scriptlets run.
#   rpm_test.sh BIN_DIRECTORY
set -euo pipefail
bin=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "needs root: rpm changes its root for scriptlets"

scripts/build_rpm.sh "$bin" "$work/rpm" > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "rpmbuild"; }
SONDE_PACKAGE_VERSION=99.0 scripts/build_rpm.sh "$bin" "$work/next" > "$work/log" 2>&1 || fail "rpmbuild of 99.0"
scripts/build_deb.sh "$bin" "$work/deb" > /dev/null

# Documentation lies elsewhere, and packages of Debian compress their manual pages.
files_of_rpm() {
  rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$1" |
    sed -n 's|^-[^ ]* /||p' | grep -vE '^usr/share/(doc|licenses)/' | sed 's/\.gz$//' | sort
}
files_of_deb() {
  dpkg-deb --fsys-tarfile "$1" | tar -t | sed 's|^\./||' | grep -vE '/$|^$|^usr/share/doc/' |
    sed 's|^lib/|usr/lib/|; s|zsh/vendor-completions|zsh/site-functions|; s/\.gz$//' | sort
}
for name in sonde sonde-collector; do
  rpm=$(echo "$work"/rpm/*/"$name"-0*.rpm) deb=$(echo "$work"/deb/"$name"_*.deb)
  diff <(files_of_deb "$deb") <(files_of_rpm "$rpm") || fail "$name: other files than the .deb's"
  diff <(dpkg-deb --info "$deb" conffiles | sort) <(rpm -qcp "$rpm" | sort) || fail "$name: configuration"
done
# Signature, packager and group are the distributor's to add.
rpmlint "$work"/rpm/*/*.rpm packaging/rpm/sonde.spec 2>&1 | grep ': E: ' |
  grep -vE ': E: (no-signature|no-packager-tag|no-group-tag)' && fail "rpmlint"

root=$work/root
mkdir -p "$root"/{usr/{bin,lib,lib64},etc,proc,tmp,dev}
for link in bin lib lib64; do ln -s "usr/$link" "$root/$link"; done
for program in sh cat mkdir cp rm; do
  cp -L "/bin/$program" "$root/usr/bin/"
  for library in $(ldd "/bin/$program" | grep -o '/[^ ]*'); do cp -L --parents "$library" "$root"; done
done
# What a scriptlet asks the system for, noted.
for program in systemctl groupadd useradd; do
  printf '#!/bin/sh\necho "%s $*" >> /calls\n' "$program" > "$root/usr/bin/$program"
done
printf '#!/bin/sh\nexit 2\n' > "$root/usr/bin/getent"
printf '#!/bin/sh\necho "$(cat /kernel)"\n' > "$root/usr/bin/uname"
chmod 755 "$root"/usr/bin/{systemctl,groupadd,useradd,getent,uname}
in_root() {
  rpm --root "$root" --nodeps --nosignature "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; fail "rpm $*"; }
}
noted() { grep -qxF -- "$1" "$root/calls" || fail "no '$1' in: $(cat "$root/calls")"; }
drop_in=$root/etc/systemd/system/sonde-agent.service.d/sys-admin.conf

echo 5.14.0-503.el9.x86_64 > "$root/kernel"
in_root -i "$work"/rpm/*/*.rpm
noted "useradd -r -g sonde -d /var/lib/sonde -s /usr/sbin/nologin -c Sonde agent sonde"
noted "useradd -r -g sonde-collector -d /var/lib/sonde-collector -s /usr/sbin/nologin -c Sonde collector sonde-collector"
for name in sonde sonde-collector; do  # as sysusers.d says it
  read -r _ user _ comment home shell < <(sed 's/"\([^ "]*\) \([^"]*\)"/\1_\2/' "systemd/$name.sysusers")
  noted "useradd -r -g $user -d $home -s $shell -c ${comment/_/ } $user"
done
noted "systemctl --no-reload preset sonde-agent.service"
[ -f "$drop_in" ] || fail "no sys-admin.conf for a kernel of 5.14"
"$root/usr/bin/sonde" config check "$root/etc/sonde/sonde.yaml" > /dev/null || fail "installed configuration"

echo 'log_level: "debug"  # mine' > "$root/etc/sonde/sonde.yaml"
rm "$drop_in" "$root/calls"
in_root -U "$work"/next/*/*.rpm
grep -q mine "$root/etc/sonde/sonde.yaml" || fail "the upgrade replaced the configuration"
[ ! -e "$drop_in" ] || fail "the upgrade brought sys-admin.conf back"
noted "systemctl try-restart sonde-agent.service"
! grep -q disable "$root/calls" || fail "the upgrade stopped a service for good"

in_root -e sonde sonde-collector
noted "systemctl --no-reload disable --now sonde-agent.service"
noted "systemctl --no-reload disable --now sonde-collector.service"
left=$(cd "$root" && find . -name '*sonde*' -not -path './var/lib/rpm*' -not -name '*.rpmsave')
[ -z "$left" ] || [ "$left" = ./etc/sonde ] || fail "left after erasing: $left"

echo 6.12.0 > "$root/kernel"
in_root -i "$work"/rpm/*/sonde-0*.rpm
[ ! -e "$drop_in" ] || fail "sys-admin.conf for a kernel of 6.12"
echo "rpm: the files of the .debs, lint clean, installed, upgraded, erased with their scriptlets"
