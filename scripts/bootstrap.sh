#!/bin/sh
# Prints the path of a uv that this project can use, putting one into .uv/ when the machine has none.
# Needs any Python 3 with venv or pip; what is missing is said in one sentence.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9

say() { printf '%s\n' "$*" >&2; }

if command -v uv >/dev/null 2>&1; then
  found=$(uv --version 2>/dev/null | awk '{print $2}')
  oldest=$(printf '%s\n0.5.0\n' "$found" | sort -V | head -n 1)
  if [ "$oldest" = 0.5.0 ]; then
    command -v uv
    exit 0
  fi
fi
if [ -x .uv/bin/uv ]; then
  echo "$PWD/.uv/bin/uv"
  exit 0
fi

# .python-version names 3.10; pyenv's python3 fails when it has no 3.10, so the system's is tried too.
for python in python3.10 python3 /usr/bin/python3 /usr/local/bin/python3; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1 || continue
  say "... getting uv $UV_VERSION with $("$python" --version)"
  rm -rf .uv
  if "$python" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install -q "uv==$UV_VERSION" >&2; then
    echo "$PWD/.uv/bin/uv"
    exit 0
  fi
  rm -rf .uv
  if "$python" -m pip --version >/dev/null 2>&1 && "$python" -m pip install -q --target .uv "uv==$UV_VERSION" >&2 \
    && [ -x .uv/bin/uv ]; then
    echo "$PWD/.uv/bin/uv"
    exit 0
  fi
  rm -rf .uv
done
if command -v python3 >/dev/null 2>&1; then
  say "Cannot get uv: Python has neither venv nor pip, or the package registry cannot be reached; on Debian run: apt-get install python3-venv"
else
  say "Python 3 is missing; on Debian run: apt-get install python3 python3-venv"
fi
exit 1
