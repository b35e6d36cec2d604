#!/bin/sh
# How exactly the dialects read recorded traffic: a line for each provider and API.
#   scripts/cassette_table.sh FOLDER [BUILD]
# FOLDER holds VCR recordings (*.yaml), which are no part of the project; BUILD is a build tree,
# build/dev by default. Exits with 1 where an exchange differs from its recording or was not heard.
set -eu
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 FOLDER [BUILD]: FOLDER is a folder of VCR recordings" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
build=${2:-$root/build/dev}
cmake --build "$build" --target cassettes >&2
SONDE_CASSETTES=$(cd "$1" && pwd) "$build/bin/cassettes" --gtest_brief=1
