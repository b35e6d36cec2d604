#!/usr/bin/env bash
# clang-format on every source, clang-tidy on what changed since BASE (default: the commit before).
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-$(git rev-parse -q --verify HEAD~1 || git rev-parse HEAD)}

git ls-files '*.cc' '*.h' | grep -v '^bpf/' | xargs clang-format-19 --dry-run -Werror
git ls-files 'bpf/*.c' 'bpf/*.h' | xargs -r clang-format-19 --dry-run -Werror
echo "format: clean"

changed=$(git diff --name-only --diff-filter=d "$base" -- 'agent/*.cc' 'collector/*.cc')
if [ -n "$changed" ]; then
  echo "$changed" | xargs -n 4 -P 2 clang-tidy-19 --quiet -p build/ci
fi
echo "tidy: clean ($(echo "$changed" | grep -c . || true) files since ${base:0:12})"
