#!/bin/sh
# Runs the browser tests with the newest Panel, Bokeh and param that the package index has,
# pre-releases included, in a virtual environment of its own, and lists what broke.
#
# sh scripts/test_upstream.sh PYTHON FOLDER [arguments of pytest]
set -eu

python=$1
folder=$2
shift 2

"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -e ".[test]"
# The versions that pyproject.toml allows are exceeded on purpose; pip warns of that.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --pre --upgrade \
    panel bokeh param
echo "tested versions:"
"$folder/bin/python" -m pip list --disable-pip-version-check | grep -E "^(panel|bokeh|param) "
sh scripts/ensure_browser.sh "$folder/bin/python"

report=build/upstream.txt
status=0
"$folder/bin/python" -m pytest tests/ui -q --tb=short "$@" >"$report" 2>&1 || status=$?
grep -E "^(FAILED|ERROR)|SiteError|passed|failed" "$report" || tail -n 20 "$report"
echo "the whole report is in $report"
exit $status
