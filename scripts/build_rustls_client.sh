#!/usr/bin/env bash
# build_rustls_client.sh REGISTRY WORK OUTPUT: the test client over the rustls whose crates are in
# REGISTRY, stripped; as it was before beside it. cargo and rustc are Debian's; no network is asked.
set -euo pipefail
registry=$1 work=$2 output=$3
mkdir -p "$work"
cp -r "$(dirname "$0")/../tests/kernel/clients/rustls/." "$work"
rm -f "$work/Cargo.lock"
CARGO_HOME=$work/home RUSTC=/usr/bin/rustc /usr/bin/cargo build --quiet --release --offline \
  --manifest-path "$work/Cargo.toml" --target-dir "$work/target" \
  --config 'source.crates-io.replace-with="packaged"' \
  --config "source.packaged.directory=\"$(realpath "$registry")\""
cp "$work/target/release/rustls_client" "$output.unstripped"
strip -o "$output" "$output.unstripped"
