#!/bin/bash
# Measures the detectors on labelled data: scripts/eval.sh DATA [--only KIND] [--show N]
#
# DATA is a folder of public sets, one folder each (docs/DETECTION.md lists them). Prints for each set
# the recall at the shipped threshold and at 0.1 % and 1 % false positives, the false positives with
# their 95 % interval, alerts per 1,000 benign exchanges, and MB/s of `sonde scan`, its JSON included.
# SONDE names the program; without it the release build is made.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
data=${1:?usage: scripts/eval.sh DATA [--only KIND] [--show N]}
shift
if [ -z "${SONDE:-}" ]; then
  cd "$root"
  cmake --preset release >/dev/null
  cmake --build --preset release --target sonde >/dev/null
  SONDE=$root/build/release/bin/sonde
fi
exec python3 "$root/scripts/eval/measure.py" "$SONDE" "$data" "$@"
