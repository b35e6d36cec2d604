#!/bin/sh
# bench_collector.sh [STORED] [STORE...]: how fast the collector takes alerts in and shows them when
# STORED alerts (1000000) are there already, on SQLite and on a private PostgreSQL server (or on the
# STOREs named), with the collector held to one core and the load generator (and PostgreSQL) on the
# others. Prints tables. BUILD (build/release) needs: cmake --build build/release --target
# sonde-collector collector_load.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/${BUILD:-build/release}/bin
stored=${1:-1000000}
[ $# -eq 0 ] || shift
portion=200000  # measured at the beginning and at the end
work=$(mktemp -d)
chmod 755 "$work"  # PostgreSQL runs as its own user
others=1-$(($(nproc) - 1))
collector=
cleanup() {
  [ -z "$collector" ] || kill "$collector" 2>/dev/null || true
  "$root/tests/collector/postgres.sh" stop "$work/pg" || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

cpu_ticks() { awk '{print $14 + $15}' "/proc/$collector/stat"; }

# Until the collector has nothing left to correlate; the CPU seconds that this took.
settle() {
  began=$(cpu_ticks)
  last=
  now=$began
  while [ "$last" != "$now" ]; do
    sleep 3
    last=$now
    now=$(cpu_ticks)
    [ $((now - last)) -gt 3 ] || last=$now
  done
  echo $((now - began)) | awk -v hz="$(getconf CLK_TCK)" '{printf "%.1f", $1 / hz}'
}

# ingest FIRST COUNT: one table row.
ingest() {
  line=$(taskset -c "$others" "$bin/collector_load" "https://127.0.0.1:$port" \
    "$work/$store/pki/ca.crt" "$work/token" "$2" 1000 4 "$1" "$collector")
  correlating=$(settle)
  memory=$(awk '/VmHWM/ {print int($2 / 1024)}' "/proc/$collector/status")
  echo "$line" | sed 's/[{}"]//g' | awk -F'[:,]' -v s="$store" -v first="$1" -v after="$correlating" \
    -v memory="$memory" '{printf "| %s | %s | %s | %.0f | %s | %s | %.0f | %s MiB |\n",
      s, first, $6, $2 / $16, $8, $10, $2 / after, memory}'
}

run() {
  store=$1
  export SONDE_COLLECTOR_STATE_DIRECTORY="$work/$store" SONDE_COLLECTOR_RETENTION_ALERT_DAYS=36500
  export SONDE_COLLECTOR_LISTEN=127.0.0.1:0
  unset SONDE_COLLECTOR_STORE_URL
  if [ "$store" = postgresql ]; then
    SONDE_COLLECTOR_STORE_URL=$(taskset -c "$others" "$root/tests/collector/postgres.sh" start "$work/pg")
    export SONDE_COLLECTOR_STORE_URL
  fi
  "$bin/sonde-collector" token create agent-1 --role agent >"$work/token" 2>/dev/null
  "$bin/sonde-collector" token create reader --role viewer >"$work/reader" 2>/dev/null
  : >"$work/log"
  taskset -c 0 "$bin/sonde-collector" >"$work/log" 2>&1 &
  collector=$!
  for _ in $(seq 100); do
    port=$(sed -n 's|.*listening on https://127.0.0.1:||p' "$work/log")
    [ -z "$port" ] || break
    sleep 0.1
  done
  echo "| store | stored before | alerts/s | alerts per second of CPU | batch p50 ms | batch p99 ms | correlated per second of CPU | peak memory |"
  echo "|---|---|---|---|---|---|---|---|"
  ingest 0 "$portion"
  at=$portion
  while [ "$at" -lt "$stored" ]; do  # the generator makes a portion's batches beforehand, in memory
    ingest "$at" "$portion"
    at=$((at + portion))
  done
  echo
  echo "$store, $at alerts:"
  echo
  python3 "$root/tests/bench/collector/pages.py" "https://127.0.0.1:$port" "$work/$store/pki/ca.crt" "$work/reader"
  echo
  kill "$collector"
  wait "$collector" || true
  collector=
}

[ $# -gt 0 ] || set -- sqlite postgresql
for name in "$@"; do run "$name"; done
