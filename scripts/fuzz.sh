#!/usr/bin/env bash
# Runs every fuzz target under ASan and UBSan, one after another on each processor.
#   scripts/fuzz.sh [MINUTES [TARGET...]]     MINUTES for each target (default 10); all targets
# Inputs found are kept in build/fuzz/found/TARGET and used again; a crash ends with exit code 1 and
# leaves its input there, to become a named file in tests/fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
shift || true
jobs=${SONDE_JOBS:-$(nproc)}

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(sed -n 's/^sonde_fuzz(\([a-z0-9_]*\) .*/\1/p' tests/fuzz/CMakeLists.txt)
fi

[ -f build/fuzz/build.ninja ] || cmake --preset fuzz > /dev/null
cmake --build build/fuzz -j"$jobs" --target "${targets[@]/#/fuzz_}"

run() {  # MINUTES TARGET
  local found=build/fuzz/found/$2
  mkdir -p "$found"
  if build/fuzz/bin/fuzz_"$2" -max_total_time=$(($1 * 60)) -timeout=20 -rss_limit_mb=2048 \
      -artifact_prefix="$found/crash_" "$found" "tests/fuzz/corpus/$2" > "$found.log" 2>&1; then
    printf '%-20s clean   %s\n' "$2" "$(grep -m1 '^Done' "$found.log" || true)"
  else
    printf '%-20s FAILED  see %s.log\n' "$2" "$found"
    return 1
  fi
}
export -f run
printf '%s\n' "${targets[@]}" | xargs -I{} -P "$jobs" bash -c 'run "$0" "$1"' "$minutes" {}
