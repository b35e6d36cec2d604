#!/bin/sh
# with_postgres.sh COMMAND...: runs it with SONDE_TEST_STORE_URL naming a private PostgreSQL server
# that ends with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d /tmp/sonde-pg.XXXXXX)
chmod 755 "$dir"
trap '"$here/../collector/postgres.sh" stop "$dir/pg"; rm -rf "$dir"' EXIT INT TERM
SONDE_TEST_STORE_URL=$("$here/../collector/postgres.sh" start "$dir/pg")
export SONDE_TEST_STORE_URL
"$@"
