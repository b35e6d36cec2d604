#!/bin/sh
# The address of the Debian archive that this machine installs from, without a slash at its end. Reads
# apt's sources themselves: `apt-get indextargets` knows nothing before the first update.
set -eu
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
  sed 's/#.*//' | grep -oE 'https?://[^] ]+/debian/?( |$)' | sed 's#/* *$##' | head -n 1 | grep . || {
  echo "$0: apt's sources name no address that ends in /debian" >&2
  exit 1
}
