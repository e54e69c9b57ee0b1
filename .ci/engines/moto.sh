#!/usr/bin/env bash
# Installs moto's server into a virtual environment of its own and prints the path of `moto_server`.
# Idempotent. Exits with 3, and says why on stderr, where Python or the package index is missing.
set -uo pipefail
version=5.2.5
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/moto-$version"
server="$folder/bin/moto_server"
if [ ! -x "$folder/complete" ]; then
  command -v python3 >/dev/null || { echo 'no python3' >&2; exit 3; }
  # Two test files may ask at the same time.
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -x "$folder/complete" ]; then
    python3 -m venv "$folder" >&2 || { echo 'python3 has no venv' >&2; exit 3; }
    "$folder/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$version" >&2 ||
      { echo 'the Python package index did not answer' >&2; exit 3; }
    printf '#!/bin/sh\n' >"$folder/complete"
    chmod +x "$folder/complete"
  fi
fi
echo "$server"
