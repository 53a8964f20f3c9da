#!/bin/sh
# Checks code and data; prints nothing but what is wrong, and one line when nothing is.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

$bin/ruff check -q .
$bin/ruff format -q --check .
$bin/mypy --no-error-summary
$bin/yamllint --strict deploy docs security .yamllint.yml
$bin/kubernetes-validate --strict --quiet deploy/kubernetes/*.yml
# The schema of compose comes with releases that need a newer jsonschema than Rasa allows: they have their own environment.
"$(sh scripts/bootstrap.sh)" tool run --quiet check-jsonschema==0.38.2 --quiet \
  --builtin-schema vendor.compose-spec deploy/compose.yml
$bin/valve-clinic content check
$bin/valve-clinic language check
$bin/valve-clinic data check
$bin/valve-clinic data doubles
$bin/valve-clinic safety check
$bin/valve-clinic privacy check
$bin/valve-clinic handoff check
echo "lint: nothing wrong"
