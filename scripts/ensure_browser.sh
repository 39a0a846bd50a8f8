#!/bin/sh
# Installs Chromium for the browser tests if there is none: from Debian's packages where that is
# possible, else with Playwright. Firefox is installed from Debian's packages where possible; without
# it its test is skipped.
set -u
python="$1"

have() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

debian_install() {
    have apt-get || return 1
    root=
    if [ "$(id -u)" != 0 ]; then
        have sudo || return 1
        root="sudo -n"
    fi
    $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends "$1"
}

have firefox-esr firefox || debian_install firefox-esr >&2 ||
    echo "no Firefox could be installed; its test will be skipped" >&2

if [ -n "${INKLING_BROWSER:-}" ] || have chromium chromium-browser google-chrome google-chrome-stable; then
    exit 0
fi
debian_install chromium && exit 0
exec "$python" -m playwright install chromium
