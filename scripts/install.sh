#!/usr/bin/env bash
# Installs the named Debian packages where they are missing.
set -euo pipefail

missing=()
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
if ! command -v apt-get > /dev/null; then
    echo "Please install: ${missing[*]} (this script knows only apt-get)" >&2
    exit 1
fi
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
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"' sh "${missing[@]}"
