#!/usr/bin/env bash
# Well-known coding agents, unmodified, heard while they work: is what they said and were told what Sonde says,
# and is an order in a file that they carry out followed to the process?
#   sudo scripts/agents_live.sh [BUILD]      BUILD is a build tree, build/ci by default
# Fetches 1.5 GB of packages into the build tree the first time.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-$root/build/ci}" && pwd)
clients=$build/tests/clients/npm agents=$build/tests/clients/agents
"$root/tests/clients/install.sh" "$clients" > /dev/null
mkdir -p "$agents"
cp "$root/tests/clients/agents/package.json" "$agents/"
(cd "$agents" && npm install --no-package-lock --no-audit --no-fund --loglevel=error --ignore-scripts &&
  node node_modules/@anthropic-ai/claude-code/install.cjs && node node_modules/opencode-ai/postinstall.mjs) > /dev/null
cd "$root/tests/clients"
SONDE_BINARY=$build/bin/sonde SONDE_CLIENTS_ROOT=$clients SONDE_CLIENTS_NODE=$clients/node SONDE_AGENTS_ROOT=$agents \
  exec python3 -B agents_live.py
