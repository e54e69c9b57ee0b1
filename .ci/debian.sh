#!/usr/bin/env bash
# Debian packages that widen the tests: nothing here is needed by `npm test`. Idempotent.
set -uo pipefail
# The core package alone: the engine and its installer, without a service that starts by itself.
packages=(openssl python3-venv mariadb-server-core mariadb-client-core chromium openssh-server)
missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
command -v apt-get >/dev/null || exit 1
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
