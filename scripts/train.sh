#!/bin/bash
# Rebuilds the weights of the prompt-attack model: scripts/train.sh DATA [BUILD_DIR]
#
# DATA is a folder of public sets, one folder each (docs/MODEL.md lists them). Generates the training
# set, cross-validates with whole families held out, prints the table, and writes
# agent/detect/model/weights.bin. The same data and seed give the same bytes.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
data=${1:?usage: scripts/train.sh DATA [BUILD_DIR]}
build=${2:-$root/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -f "$build/build.ninja" ]; then
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
fi
cmake --build "$build" --target prompt_train >/dev/null
python3 "$root/scripts/train/generate.py" "$data" "$work/train.jsonl"
"$build/bin/prompt_train" "$work/train.jsonl" --weights "$root/agent/detect/model/weights.bin"
