#!/bin/bash
# bench_collector.sh [STORED[,STORED...]] [STORE...]: how fast the collector takes alerts in and shows
# them when so many are stored already (0,1000000), on SQLite and on a private PostgreSQL server (or
# on the STOREs named). The alerts are spread over the ninety days before now. Speed is told by CPU
# time, so that other work on the machine weighs less; the collector is held to one core, the load
# generator and PostgreSQL to the others. Prints tables. What is beyond a million is copied from it (a
# multiple of a million). It takes some 3 kB of disk an alert in FOLDER
# (a new one under /tmp). BUILD (build/release) needs: cmake --build build/release --target
# sonde-collector collector_load.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/${BUILD:-build/release}/bin
marks=${1:-0,1000000}
[ $# -eq 0 ] || shift
portion=100000  # measured at each mark
whole=1000000
work=${FOLDER:-$(mktemp -d)}
mkdir -p "$work"
chmod 755 "$work"  # PostgreSQL runs as its own user
others=1-$(($(nproc) - 1))
collector=
cleanup() {
  [ -z "$collector" ] || kill "$collector" 2>/dev/null || true
  "$root/tests/collector/postgres.sh" stop "$work/pg" || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

# CPU time in clock ticks: of the collector, of PostgreSQL with those of its processes that ended.
collector_ticks() { awk '{print $14 + $15}' "/proc/$collector/stat"; }
server_ticks() {
  [ "$store" = postgresql ] || { echo 0; return; }
  main=$(head -1 "$work/pg/data/postmaster.pid")
  { awk '{print $14 + $15 + $16 + $17}' "/proc/$main/stat"
    for process in $(pgrep -P "$main"); do
      awk '{print $14 + $15}' "/proc/$process/stat" 2>/dev/null || true
    done; } | awk '{sum += $1} END {print sum}'
}

# Until the collector has nothing left to correlate and to index.
settle() {
  idle=0
  before=$(collector_ticks)
  while [ $idle -lt 2 ]; do
    sleep 2
    now=$(collector_ticks)
    if [ $((now - before)) -gt 4 ]; then idle=0; else idle=$((idle + 1)); fi
    before=$now
  done
}

# deliver FIRST COUNT BATCH CONNECTIONS: a line of JSON.
deliver() {
  taskset -c "$others" "$bin/collector_load" "https://127.0.0.1:$port" \
    "$work/$store/pki/ca.crt" "$work/token" "$2" "$3" "$4" "$1" "$collector" "$begin"
}
field() { sed "s/.*\"$2\":\([0-9.]*\).*/\1/" <<<"$1"; }

start() {
  : >"$work/log"
  port=
  taskset -c 0 "$bin/sonde-collector" >"$work/log" 2>&1 &
  collector=$!
  for _ in $(seq 600); do
    port=$(sed -n 's|.*listening on https://127.0.0.1:||p' "$work/log")
    [ -z "$port" ] || break
    sleep 0.1
  done
}

stop() {
  kill "$collector"
  wait "$collector" || true
  collector=
}

multiply() {  # by $1
  if [ "$store" = sqlite ]; then
    python3 "$root/tests/bench/collector/multiply.py" "$work/sqlite/collector.db" "$1"
  else
    psql "$SONDE_COLLECTOR_STORE_URL" -q -v times="$1" -f "$root/tests/bench/collector/multiply.sql"
  fi
}

fill() {  # up to $1
  if [ "$1" -gt "$whole" ]; then
    fill "$whole"
    settle
    stop
    multiply $(($1 / whole))
    copied=$((at * ($1 / whole - 1)))
    start
    return
  fi
  while [ "$at" -lt "$1" ]; do
    count=$(($1 - at))
    [ "$count" -le 200000 ] || count=200000  # the generator makes them beforehand, in memory
    deliver "$at" "$count" 1000 4 >/dev/null
    at=$((at + count))
  done
}

measure() {
  settle
  server=$(server_ticks)
  line=$(deliver "$at" "$portion" 1000 4)
  server_ingest=$(($(server_ticks) - server))
  ingest=$(field "$line" cpu_seconds)
  own=$(collector_ticks)
  server=$(server_ticks)
  settle
  after=$(($(collector_ticks) - own))
  server_after=$(($(server_ticks) - server))
  stored=$((at + copied))
  at=$((at + portion))
  small=$(deliver "$at" 20000 100 1)
  at=$((at + 20000))
  memory=$(awk '/RssAnon/ {anon = $2} /VmHWM/ {peak = $2} END {print int(anon / 1024), "/", int(peak / 1024)}' "/proc/$collector/status")
  disk=$(du -sm "$work/$([ "$store" = sqlite ] && echo sqlite || echo pg/data/base)" | cut -f1)
  awk -v store="$store" -v stored="$stored" -v n="$portion" -v hz="$(getconf CLK_TCK)" \
    -v wall="$(field "$line" alerts_per_second)" -v ingest="$ingest" -v si="$server_ingest" \
    -v after="$after" -v sa="$server_after" -v p50="$(field "$line" batch_p50_ms)" \
    -v p99="$(field "$line" batch_p99_ms)" -v small="$(field "$small" batch_p99_ms)" \
    -v memory="$memory" -v disk="$disk" 'BEGIN {
      printf "| %s | %d | %.0f | %.0f | %.0f | %.0f | %.0f | %s / %s | %s | %s | %s |\n", store, stored, wall, n / ingest,
        si / hz * 1e6 / n, n / (after / hz), sa / hz * 1e6 / n, p50, p99, small, memory, disk }'
}

pages() {
  printf '\n%s, %d alerts:\n\n' "$store" $((at + copied))
  python3 "$root/tests/bench/collector/pages.py" "https://127.0.0.1:$port" "$work/$store/pki/ca.crt" \
    "$work/reader"
  echo
}

run() {
  store=$1
  export SONDE_COLLECTOR_STATE_DIRECTORY="$work/$store" SONDE_COLLECTOR_RETENTION_ALERT_DAYS=36500
  export SONDE_COLLECTOR_LISTEN=127.0.0.1:0 SONDE_COLLECTOR_RETENTION_ACTIVITY_DAYS=36500
  unset SONDE_COLLECTOR_STORE_URL
  if [ "$store" = postgresql ]; then
    export POSTGRES_SECONDS=36000
    export POSTGRES_OPTIONS="-c shared_buffers=2GB -c max_wal_size=8GB -c wal_compression=lz4"
    SONDE_COLLECTOR_STORE_URL=$(taskset -c "$others" "$root/tests/collector/postgres.sh" start "$work/pg")
    export SONDE_COLLECTOR_STORE_URL
  fi
  "$bin/sonde-collector" token create agent-1 --role agent >"$work/token" 2>/dev/null
  "$bin/sonde-collector" token create reader --role viewer >"$work/reader" 2>/dev/null
  start
  begin=$(($(date +%s) * 1000 - (whole + 500000) * 777))  # copies are older
  at=0      # the next alert's number
  copied=0  # alerts besides those
  for mark in ${marks//,/ }; do
    fill "$mark"
    echo "| store | stored before | alerts/s | alerts per second of CPU | PostgreSQL beside it, us of CPU an alert | correlated and indexed per second of CPU | PostgreSQL beside it, us | 1000 alerts, p50 / p99 ms | 100 alerts, p99 ms | memory, peak MiB | disk MB |"
    echo "|---|---|---|---|---|---|---|---|---|---|---|"
    measure
    pages
  done
  stop
  "$root/tests/collector/postgres.sh" stop "$work/pg" || true
  rm -rf "${work:?}/$store"
}

[ $# -gt 0 ] || set -- sqlite postgresql
for name in "$@"; do run "$name"; done
