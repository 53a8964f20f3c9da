#!/bin/sh
# Installs Debian's Chromium where it is missing and this user may do so; says why where it can't.
set -eu
browser=${CHROMIUM:-/usr/bin/chromium}
[ -x "$browser" ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "... installing Debian's chromium"
  if apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; then
    exit 0
  fi
fi
echo "no browser at $browser: the website tests will be skipped (on Debian: apt-get install chromium)" >&2
exit 1
