#!/usr/bin/env bash
# What decoding costs on one core, as MB/s and as a part of what simdjson alone and memcpy reach on
# the same bytes in the same run: from the wire to HTTP messages, and from the wire to exchanges.
#   scripts/bench_decode.sh [BUILD]     a release build, build/release by default
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}
cmake --build "$build" --target bench_http bench_llm > /dev/null
for program in bench_http bench_llm; do
  "$build/bin/$program" --benchmark_format=json --benchmark_min_time=0.5 --benchmark_repetitions=5 \
    --benchmark_enable_random_interleaving=true 2> /dev/null > "$build/$program.json"
done
python3 - "$build/bench_http.json" "$build/bench_llm.json" <<'EOF'
import json
import sys

for path in sys.argv[1:]:
    runs = {}
    for one in json.load(open(path))["benchmarks"]:
        if one["run_type"] == "iteration":
            runs.setdefault(one["run_name"], []).append(one["bytes_per_second"] / 1e6)
    # The best of several: what else runs on the machine only ever slows down.
    best = {name: max(values) for name, values in runs.items()}
    references = {name: value for name, value in best.items() if "imdjson" in name or "copy" in name.lower() or "emcpy" in name}
    print(f"{'':40}{'MB/s':>8}" + "".join(f"{name.split('/')[-1][-18:]:>20}" for name in references))
    for name, value in best.items():
        print(f"{name:40}{value:8.0f}" + "".join(f"{value / reference:20.3f}" for reference in references.values()))
EOF
