#!/bin/sh
# run_tests.sh PYTHON [ARGUMENTS]: runs pytest with the arguments; without any, all tests, those
# that drive no browser in two processes. Browsers take two processors each, so their tests wait for
# conditions undisturbed, one after the other.
set -u
python=$1
shift
if [ $# -gt 0 ]; then
  exec "$python" -m pytest "$@"
fi
status=0
"$python" -m pytest -m "not ui" -n 2 --dist loadfile || status=$?
"$python" -m pytest -m ui || status=$?
exit $status
