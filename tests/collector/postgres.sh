#!/bin/sh
# postgres.sh start DIR | stop DIR: a private PostgreSQL server for the tests, on a unix socket in
# DIR, never on a network. It ends by itself after half an hour (POSTGRES_SECONDS), whatever became of
# the tests. POSTGRES_OPTIONS are more options of the server.
# `start` prints the URL of its maintenance database.
set -eu
command=$1
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

# PostgreSQL refuses to run as root; Debian's package brings the user postgres.
as_server_user() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
  else "$@"; fi
}

stop() {
  if [ -f "$dir/data/postmaster.pid" ]; then
    as_server_user "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  fi
  rm -rf "$dir"
}

case $command in
start)
  stop
  mkdir -p "$dir"
  [ "$(id -u)" != 0 ] || chown postgres: "$dir"
  cd "$dir"
  as_server_user "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 -N \
    >"$dir/initdb.log" 2>&1
  # No flush to disk: these tests end processes, not machines.
  # The redirection is the subshell's own: otherwise it would hold the caller's pipe open.
  (as_server_user setsid timeout "${POSTGRES_SECONDS:-1800}" "$bin/postgres" -D "$dir/data" -k "$dir" \
    -c listen_addresses= -c fsync=off -c max_connections=200 ${POSTGRES_OPTIONS:-}) \
    >"$dir/server.log" 2>&1 </dev/null &
  for _ in $(seq 300); do
    if "$bin/pg_isready" -q -h "$dir" -U postgres; then
      echo "postgresql:///postgres?host=$dir&user=postgres"
      exit 0
    fi
    sleep 0.1
  done
  echo "the PostgreSQL server did not start:" >&2
  tail -5 "$dir/server.log" >&2
  exit 1
  ;;
stop) stop ;;
*)
  echo "usage: postgres.sh start|stop DIR" >&2
  exit 2
  ;;
esac
