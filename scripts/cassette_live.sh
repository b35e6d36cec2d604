#!/usr/bin/env bash
# Recorded traffic over TLS, heard live: a line for each provider and API.
#   sudo scripts/cassette_live.sh FOLDER [BUILD [CODING...]]
# FOLDER holds VCR recordings (*.yaml), which are no part of the project; BUILD is a build tree,
# build/ci by default; CODING is of identity, gzip, deflate, br, zstd, all by default. Each recording
# is played over HTTP/1.1 and over HTTP/2, request and answer cut into pieces of 1 byte up to whole.
# Exits with 1 where an exchange differs from its recording or was not heard.
set -euo pipefail
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
  echo "usage: $0 FOLDER [BUILD [CODING...]]: FOLDER is a folder of VCR recordings" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(cd "$1" && pwd)
build=$(cd "${2:-$root/build/ci}" && pwd)
clients=$build/tests/clients/npm
"$root/tests/clients/install.sh" "$clients" > /dev/null
SONDE_BINARY=$build/bin/sonde SONDE_CLIENTS_ROOT=$clients SONDE_CLIENTS_NODE=$clients/node \
  exec python3 -B "$root/tests/cassettes/live/table.py" "$folder" "${@:3}"
