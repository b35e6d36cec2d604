#!/usr/bin/env bash
# Installs packages, builds with warnings as errors, and runs every test. Run as root on Debian 12.
# SONDE_JOBS sets the number of compile jobs (default 2).
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${SONDE_JOBS:-2}

[ "$(id -u)" -eq 0 ] || { echo "scripts/test.sh: must run as root (eBPF, packages): sudo $0" >&2; exit 2; }
step() { printf '\n== %s\n' "$*"; }

step "packages"
scripts/install_packages.sh

step "build"
cmake --preset ci
cmake --build --preset ci -j"$jobs"

step "lint"
scripts/lint.sh

step "tests"
ctest --preset ci -j"$jobs"
