#!/bin/sh
# Installs Debian's nginx where it is missing and this user may do so; says why where it can't.
set -eu
[ -x /usr/sbin/nginx ] && exit 0
policy=/usr/sbin/policy-rc.d
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "... installing Debian's nginx"
  # Without a policy, the package starts a server of its own on port 80.
  made=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    made=yes
  fi
  apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends nginx-light >/dev/null 2>&1 || true
  [ -z "$made" ] || rm -f $policy
  [ -x /usr/sbin/nginx ] && exit 0
fi
echo "no nginx at /usr/sbin/nginx: the tests that start one will be skipped (on Debian: apt-get install nginx-light)" >&2
exit 1
