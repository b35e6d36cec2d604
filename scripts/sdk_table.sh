#!/usr/bin/env bash
# Every call of the SDK matrix, over HTTP/1.1 and HTTP/2: is what the callers of real SDKs sent and got
# what `sonde trace --json` says?
#   sudo scripts/sdk_table.sh [BUILD [WORD]]     BUILD is a build tree, build/ci by default; only the
#                                                cases that hold WORD
# Exits with 1 where an exchange differs.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build/ci}" && pwd)
clients=$build/tests/clients/npm
"$root/tests/clients/install.sh" "$clients" > /dev/null
SONDE_BINARY=$build/bin/sonde SONDE_CLIENTS_ROOT=$clients SONDE_CLIENTS_NODE=$clients/node \
  exec python3 -B "$root/tests/clients/sdk_test.py" --table ${2+"$2"}
