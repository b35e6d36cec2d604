#!/usr/bin/env bash
# Installs the real clients and the mock provider into a folder: install.sh FOLDER [NPM]
# Does nothing where they are there already; the programs of the tests are copied each time.
set -euo pipefail
cd "$(dirname "$0")"
root=${1:?usage: install.sh FOLDER [NPM]}
npm=${2:-npm}

mkdir -p "$root/programs"
cp -ru programs/. "$root/programs/"
if ! cmp -s package-lock.json "$root/.installed"; then
  cp package.json package-lock.json "$root/"
  (cd "$root" && "$npm" ci --no-audit --no-fund --loglevel=error)
  cp package-lock.json "$root/.installed"
fi
ln -sfn "$(echo "$root"/node_modules/node-linux-*/bin/node)" "$root/node"
"$root/node" --version
