#!/usr/bin/env bash
# Installs PyIceberg with its Arrow reader into a virtual environment of its own and prints the path of its python.
# Idempotent. Exits with 3, and says why on stderr, where Python or the package index is missing; with 1 where the
# index answers and the installation fails all the same.
set -uo pipefail
version=0.12.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/pyiceberg-$version"
if [ ! -f "$folder/complete" ]; then
  command -v python3 >/dev/null || { echo 'no python3' >&2; exit 3; }
  # Two test files may ask at the same time.
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    python3 -m venv "$folder" >&2 || { echo 'python3 has no venv' >&2; exit 3; }
    if ! "$folder/bin/pip" install --quiet --disable-pip-version-check "pyiceberg[pyarrow]==$version" >&2; then
      "$folder/bin/pip" --disable-pip-version-check index versions pyiceberg >/dev/null 2>&1 ||
        { echo 'the Python package index did not answer' >&2; exit 3; }
      echo "pyiceberg $version could not be installed" >&2
      exit 1
    fi
    touch "$folder/complete"
  fi
fi
echo "$folder/bin/python"
