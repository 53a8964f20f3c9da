#!/bin/sh
# Makes .venv as uv.lock says. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."

# What is in var/ belongs to patients.
chmod o-rwx var

stamp=.venv/.installed
want=$(cat pyproject.toml uv.lock .python-version | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x .venv/bin/valve-clinic ]; then
  exit 0
fi

say() { printf '%s\n' "$*" >&2; }

uv=$(sh scripts/bootstrap.sh)
if ! "$uv" python find 3.10 >/dev/null 2>&1; then
  say "... getting Python 3.10"
  if ! "$uv" python install 3.10 >/dev/null 2>&1; then
    say "Python 3.10 is missing (Rasa 3.6 needs it) and could not be downloaded; install it with: pyenv install 3.10"
    exit 1
  fi
fi
# Compiled now rather than by each start: five seconds of one, and of every command, where nothing may write there.
say "... installing the locked packages into .venv (about 2 GB; two minutes on a fast line)"
"$uv" sync --frozen --quiet --compile-bytecode
printf '%s' "$want" >"$stamp"
