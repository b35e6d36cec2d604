#!/bin/sh
# The address of the Debian archive that this machine installs from, without a slash at its end.
set -eu
apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
  awk '$2 == "Debian" && $3 == "Debian" { sub("/$", "", $1); print $1; found = 1; exit } END { exit !found }' || {
  echo "$0: no Debian archive in apt's sources; run apt-get update first" >&2
  exit 1
}
