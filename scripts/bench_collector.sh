#!/bin/sh
# bench_collector.sh [ALERTS]: how fast the collector takes alerts in, on SQLite and on a private
# PostgreSQL server, with the collector held to one core and the load generator (and PostgreSQL) on
# the others. Prints one table row a store. Needs: cmake --build build/release --target
# sonde-collector collector_load.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/build/release/bin
alerts=${1:-200000}
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
  taskset -c 0 "$bin/sonde-collector" >"$work/log" 2>&1 &
  collector=$!
  for _ in $(seq 100); do
    port=$(sed -n 's|.*listening on https://127.0.0.1:||p' "$work/log")
    [ -z "$port" ] || break
    sleep 0.1
  done
  line=$(taskset -c "$others" "$bin/collector_load" "https://127.0.0.1:$port" \
    "$work/$store/pki/ca.crt" "$work/token" "$alerts" 1000 4 0)
  cpu=$(awk -v hz="$(getconf CLK_TCK)" '{printf "%.2f", ($14 + $15) / hz}' "/proc/$collector/stat")
  memory=$(awk '/VmHWM/ {print int($2 / 1024)}' "/proc/$collector/status")
  kill "$collector"
  wait "$collector" || true
  collector=
  echo "$line" | sed 's/[{}"]//g' | awk -F'[:,]' -v s="$store" -v cpu="$cpu" -v memory="$memory" \
    '{printf "| %s | %s | %s | %s | %s | %s s | %s MiB |\n", s, $2, $6, $8, $10, cpu, memory}'
}

echo "| store | alerts | alerts/s | batch p50 ms | batch p99 ms | collector CPU | peak memory |"
echo "|---|---|---|---|---|---|---|"
run sqlite
run postgresql
