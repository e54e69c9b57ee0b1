#!/usr/bin/env bash
# Installs ClickHouse as the npm package chdb (≈ 540 MB) into a folder of its own and prints the folder of the
# package. Idempotent. Exits with 3, and says why on stderr, where the npm registry does not have it for this machine.
set -uo pipefail
version=3.4.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/chdb-$version"
if [ ! -f "$folder/complete" ]; then
  # Two test files may ask at the same time.
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    echo '{"private":true}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --save-exact "chdb@$version" >&2 ||
      { echo 'the npm registry did not answer' >&2; exit 3; }
    (cd "$folder" && node -e "import('chdb').then(() => process.exit(0))") >&2 ||
      { echo 'chdb has no build for this machine' >&2; exit 3; }
    touch "$folder/complete"
  fi
fi
echo "$folder/node_modules/chdb"
