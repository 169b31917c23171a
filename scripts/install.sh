#!/usr/bin/env bash
# Installs what is missing: Debian packages by name and, after `--`, Python packages into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

install_debian() {
    if ! command -v apt-get > /dev/null; then
        echo "Please install: $* (this script knows only apt-get)" >&2
        exit 1
    fi
    echo "Installing $*"
    as_root apt-get update -qq
    # Packages start their services at once; a policy of "no" keeps port 80 and the machine as they were.
    as_root sh -c '
        set -e
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            printf "#!/bin/sh\nexit 101\n" > "$policy"
            chmod +x "$policy"
            trap "rm -f $policy" EXIT
        fi
        DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends "$@"' sh "$@"
}

missing=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    # The command that the package brings.
    command=${1/chromium-driver/chromedriver}
    PATH="$PATH:/usr/sbin" command -v "$command" > /dev/null || missing+=("$1")
    shift
done
[ ${#missing[@]} -eq 0 ] || install_debian "${missing[@]}"

if [ "${1-}" = -- ]; then
    shift
    tools=target/tools
    if [ ! -x "$tools/bin/pip" ] && ! python3 -m venv "$tools" 2> /dev/null; then
        install_debian python3-venv
        python3 -m venv --clear "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$@"
fi
