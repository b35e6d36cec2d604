#!/usr/bin/env bash
# capture_table.sh [BUILD_DIR] [--client NAME ...]: prints the table stack x client x size x direction.
# Bun and Deno come from npm into BUILD_DIR/clients; everything else from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/ci
[ $# -gt 0 ] && [ -d "$1" ] && { build=$1; shift; }
cmake --build "$build" --target hear kernel_client_programs
clients=$build/clients
if [ ! -x "$clients/node_modules/bun/bin/bun.exe" ]; then
  mkdir -p "$clients"
  (cd "$clients" && npm init -y >/dev/null && npm install --silent --allow-scripts=bun,deno bun deno)
fi
programs=$build/tests/kernel/programs
ln -sf "$(realpath "$clients/node_modules/.bin/bun")" "$programs/bun"
ln -sf "$(realpath "$clients/node_modules/.bin/deno")" "$programs/deno"
[ -x "$programs/bun_compiled" ] ||
  "$programs/bun" build --compile tests/kernel/clients/client.mjs --outfile "$programs/bun_compiled"
exec python3 tests/kernel/capture_table.py --hear "$build/bin/hear" --programs "$programs" "$@"
