#!/usr/bin/env bash
# Runs every test, also after one has failed. cargo-nextest runs those of all binaries in one pool, the long ones first;
# without it they run one binary after another.
set -euo pipefail
cd "$(dirname "$0")/.."

nextest=$(PATH="$PATH:$PWD/target/tools/bin" command -v cargo-nextest || true)
if [ -n "$nextest" ]; then
    exec "$nextest" nextest run --locked --cargo-profile tested --no-fail-fast "$@"
fi
exec cargo test --locked --profile tested --no-fail-fast "$@"
