#!/bin/sh
# Hurts real servers and services and checks that no turn is lost; writes the figures into docs/reliability.md.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

$bin/valve-clinic train >/dev/null
FAULTS_WRITE=1 $bin/pytest -q -p no:cacheprovider -o timeout=600 --durations=12 tests/faults "$@"
