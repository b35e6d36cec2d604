#!/usr/bin/env bash
# capture_table.sh [BUILD_DIR] [--client NAME ...]: prints the table stack x client x size x direction.
# Bun and Deno come from npm into BUILD_DIR/clients; everything else from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/ci
[ $# -gt 0 ] && [ -d "$1" ] && { build=$1; shift; }
cmake --build "$build" --target hear kernel_client_programs
clients=$build/clients
programs=$(realpath "$build/tests/kernel/programs")
# The packages of one machine hold the programs themselves: no script of a package has to run.
case $(uname -m) in
  aarch64) bun=@oven/bun-linux-aarch64 deno=@deno/linux-arm64-glibc ;;
  *) bun=@oven/bun-linux-x64 deno=@deno/linux-x64-glibc ;;
esac
if [ ! -f "$clients/node_modules/$bun/bin/bun" ] || [ ! -f "$clients/node_modules/$deno/deno" ]; then
  mkdir -p "$clients"
  (cd "$clients" && npm init -y >/dev/null && npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$bun" "$deno")
fi
chmod +x "$clients/node_modules/$bun/bin/bun" "$clients/node_modules/$deno/deno"
ln -sf "$(realpath "$clients/node_modules/$bun/bin/bun")" "$programs/bun"
ln -sf "$(realpath "$clients/node_modules/$deno/deno")" "$programs/deno"
[ -x "$programs/bun_compiled" ] ||
  "$programs/bun" build --compile tests/kernel/clients/client.mjs --outfile "$programs/bun_compiled"
exec python3 tests/kernel/capture_table.py --hear "$build/bin/hear" --programs "$programs" "$@"
