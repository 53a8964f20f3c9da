#!/bin/sh
# The whole check, in order; ends with one line that counts. Needs no service, secret or network but the registries.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

step() { printf '\n== %s\n' "$*"; }

step "browser for the website tests"
sh scripts/browser.sh || true

step "code and data"
sh scripts/lint.sh

step "training"
$bin/valve-clinic train
model=$($bin/valve-clinic model)

step "rasa data validate"
$bin/rasa data validate --fail-on-warnings --max-history 3 2>&1 | grep -v -e Warning -e '^  ' || true
$bin/rasa data validate --fail-on-warnings --max-history 3 >/dev/null 2>&1

step "conversation stories"
$bin/rasa test core --model "$model" --stories tests/test_stories.yml --fail-on-prediction-errors --no-plot --no-errors \
  --out results --quiet
stories=$(grep -c '^- story:' tests/test_stories.yml)

step "pytest"
log=$(mktemp)
status=0
$bin/pytest -q 2>&1 | tee "$log" || true
line=$(grep -E '^[0-9]+ (passed|failed)|(passed|failed|error).* in [0-9]' "$log" | tail -n 1)
rm -f "$log"
passed=$(printf '%s' "$line" | grep -oE '[0-9]+ passed' | cut -d' ' -f1 || true)
failed=$(printf '%s' "$line" | grep -oE '[0-9]+ failed' | cut -d' ' -f1 || true)
errors=$(printf '%s' "$line" | grep -oE '[0-9]+ error' | cut -d' ' -f1 || true)
skipped=$(printf '%s' "$line" | grep -oE '[0-9]+ skipped' | cut -d' ' -f1 || true)
bad=$((${failed:-0} + ${errors:-0}))
[ -n "${passed:-}" ] && [ "$bad" -eq 0 ] || status=1

step "all"
echo "$((${passed:-0} + stories)) passed, $bad failed, ${skipped:-0} skipped"
exit $status
