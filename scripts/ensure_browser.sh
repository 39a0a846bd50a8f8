#!/bin/sh
# Sees that the browser tests find a Chromium, installing one when there is none:
# from Debian's packages where that is possible, else through Playwright.
set -eu
python="$1"

if [ -n "${INKLING_BROWSER:-}" ]; then
    exit 0
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -y -qq chromium && exit 0
    elif command -v sudo >/dev/null 2>&1; then
        sudo apt-get update -qq && sudo apt-get install -y -qq chromium && exit 0
    fi
fi
exec "$python" -m playwright install chromium
