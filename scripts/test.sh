#!/bin/sh
# The whole check, in order; ends with one line that counts. Needs no service, secret or network but the registries.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

step() { printf '\n== %s\n' "$*"; }

# Runs a command whose libraries print pages of warnings about themselves: shows its output only when it fails.
quietly() {
  output=$(mktemp)
  if "$@" >"$output" 2>&1; then
    rm -f "$output"
  else
    status=$?
    tail -n 60 "$output"
    rm -f "$output"
    echo "failed: $*"
    exit $status
  fi
}

step "browser for the website tests, and nginx for those of the deployment"
sh scripts/browser.sh || true
sh scripts/nginx.sh || true

step "code and data"
sh scripts/lint.sh

step "training (a few minutes, unless the data has a model)"
quietly $bin/valve-clinic train
model=$($bin/valve-clinic model)

step "rasa data validate"
quietly $bin/rasa data validate --fail-on-warnings --max-history 3

step "conversation stories"
quietly $bin/rasa test core --e2e --model "$model" --stories tests/test_stories.yml --fail-on-prediction-errors \
  --no-plot --out results
stories=$(grep -c '^- story:' tests/test_stories.yml)
echo "$stories stories predicted as written"

step "pytest"
report=$(mktemp)
$bin/pytest -q --ignore=tests/faults --junitxml="$report" || true
counts=$($bin/python scripts/count_tests.py "$report" "$stories")
rm -f "$report"

step "all"
echo "$counts"
case $counts in *" 0 failed"*) exit 0 ;; *) exit 1 ;; esac
