#!/usr/bin/env bash
# Installs Azurite, Microsoft's emulator of Azure Storage, into a folder of its own and prints the path of its blob
# service. Idempotent. Exits with 3, and says why on stderr, where the npm registry does not have it.
set -uo pipefail
# Later ones ask for a package that not every registry has.
version=3.35.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/azurite-$version"
if [ ! -f "$folder/complete" ]; then
  # Two test files may ask at the same time.
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    echo '{"private":true}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --save-exact "azurite@$version" >&2 ||
      { echo 'the npm registry did not answer' >&2; exit 3; }
    touch "$folder/complete"
  fi
fi
echo "$folder/node_modules/azurite/dist/src/blob/main.js"
