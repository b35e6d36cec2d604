#!/usr/bin/env bash
# Everything on this host: installs packages, builds, makes keys, starts a collector on SQLite and an
# agent, and shows what the agent finds. Run as root on Debian 12; ends with Ctrl-C.
#   SONDE_HOME    where databases, keys and logs go (default /var/lib/sonde-local); kept between runs
#   SONDE_LISTEN  the portal's address (default 127.0.0.1:8443)
#   SONDE_JOBS    compile jobs (default: one per processor)
set -euo pipefail
cd "$(dirname "$0")/.."
home=${SONDE_HOME:-/var/lib/sonde-local}
listen=${SONDE_LISTEN:-127.0.0.1:8443}
bin=build/release/bin

[ "$(id -u)" -eq 0 ] || { echo "scripts/run.sh: must run as root (eBPF, packages): sudo $0" >&2; exit 2; }
step() { printf '\n== %s\n' "$*"; }

step "packages"
scripts/install_packages.sh

step "build (minutes the first time)"
cmake --preset release -DBUILD_TESTING=OFF > build-configure.log 2>&1 ||
  { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build --preset release -j"${SONDE_JOBS:-$(nproc)}" --target sonde sonde-collector

step "collector"
umask 077
mkdir -p "$home/agent"
cat > "$home/collector.yaml" <<YAML
listen: "$listen"
state_directory: $home/collector
YAML
collector() { "$bin/sonde-collector" --config "$home/collector.yaml" "$@"; }

pids=()
stop() {
  trap - INT TERM EXIT
  for pid in "${pids[@]}"; do  # the agent first: it delivers what it has before the collector ends
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}
trap stop EXIT
trap 'exit 0' INT TERM

# Waits for a line in a log; says why when the program ended before.
await() {  # PID LOG PATTERN
  for _ in $(seq 1 300); do
    grep -q -- "$3" "$2" 2>/dev/null && return 0
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  echo "no '$3' in $2:" >&2
  tail -n 20 "$2" >&2
  return 1
}

if [ ! -s "$home/admin-password" ]; then
  openssl rand -base64 18 > "$home/admin-password"
  collector user add admin --role admin --password-file "$home/admin-password"
fi
# In a session of its own, so that Ctrl-C reaches it only after the agent has delivered.
: > "$home/collector.log"
setsid "$bin/sonde-collector" --config "$home/collector.yaml" > "$home/collector.log" 2>&1 &
pids=($!)
await "${pids[0]}" "$home/collector.log" "listening on"

step "agent"
if [ ! -s "$home/agent/pki/agent.crt" ]; then
  collector agent enrol "$(hostname)" |
    "$bin/sonde" enrol "https://$listen" --ca "$home/collector/pki/ca.crt" --directory "$home/agent/pki"
fi
cat > "$home/agent.yaml" <<YAML
state_directory: $home/agent
collector:
  url: https://$listen
  ca: $home/collector/pki/ca.crt
  cert: $home/agent/pki/agent.crt
  key: $home/agent/pki/agent.key
sinks:
  stdout: true
YAML
: > "$home/agent.log"
setsid "$bin/sonde" agent --config "$home/agent.yaml" 2> "$home/agent.log" \
  > >(exec python3 scripts/show_alerts.py) &
pids=($! "${pids[@]}")
await "${pids[0]}" "$home/agent.log" "listening"
grep -o 'listening.*' "$home/agent.log" | head -n 1

cat <<TEXT

Portal     https://$listen   (its certificate is signed by $home/collector/pki/ca.crt)
Login      admin / $(cat "$home/admin-password")
Logs       $home/collector.log, $home/agent.log
Watch      sudo $bin/sonde trace     in another terminal: what programs say to language models

Findings on this host, as they come (Ctrl-C ends):
TEXT
wait "${pids[0]}"
