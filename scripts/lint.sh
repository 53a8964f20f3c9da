#!/bin/sh
# Checks code and data; prints nothing but what is wrong, and one line when nothing is.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

$bin/ruff check -q .
$bin/ruff format -q --check .
$bin/mypy --no-error-summary
$bin/valve-clinic content check
$bin/valve-clinic language check
$bin/valve-clinic data check
$bin/valve-clinic data doubles
$bin/valve-clinic safety check
echo "lint: nothing wrong"
