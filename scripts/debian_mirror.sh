#!/bin/sh
# The address of the Debian archive that this machine installs from, without a slash at its end. Works
# before the first apt-get update, too.
set -eu
apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
  awk '{ sub("/$", "", $1) } $1 ~ /\/debian$/ { print $1; found = 1; exit } END { exit !found }' || {
  echo "$0: apt's sources name no address that ends in /debian" >&2
  exit 1
}
