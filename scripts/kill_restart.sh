#!/usr/bin/env bash
# Kills and restarts agent and collector at random points under the traffic of real clients, and checks
# that no alert is lost or doubled and that no client notices. Run as root.
#   scripts/kill_restart.sh [COUNT] [BUILD_FOLDER] [SEED]     (default: 50 times, build/release)
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-50}
build=$(realpath "${2:-build/release}")
root=$build/tests/clients/npm

[ "$(id -u)" -eq 0 ] || { echo "$0: must run as root (eBPF): sudo $0" >&2; exit 2; }
for program in sonde sonde-collector; do
  [ -x "$build/bin/$program" ] || { echo "$0: no $build/bin/$program; build it first" >&2; exit 2; }
done
tests/clients/install.sh "$root" > /dev/null
cd tests/clients
SONDE_BINARY=$build/bin/sonde SONDE_COLLECTOR=$build/bin/sonde-collector \
  SONDE_CLIENTS_ROOT=$root SONDE_CLIENTS_NODE=$root/node exec python3 -B restart_test.py "$count" ${3:+"$3"}
