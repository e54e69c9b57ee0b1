#!/usr/bin/env bash
# Builds bigquery-emulator, somebody else's imitation of BigQuery, from its Go module and prints the path of the program.
# Idempotent. Exits with 3, and says why on stderr, where Go, the module or its build is missing.
# The version before, 0.6.6, is no way out: it compiles two million lines of C++ when it is installed.
set -uo pipefail
version=v0.7.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/bigquery-emulator-$version"
if [ ! -f "$folder/complete" ]; then
  command -v go >/dev/null || { echo 'no BigQuery emulator: no go' >&2; exit 3; }
  mkdir -p "$folder"
  # Two test files may ask at the same time.
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    GOBIN="$folder" GOFLAGS=-mod=mod CGO_ENABLED=0 timeout 600 \
      go install "github.com/goccy/bigquery-emulator/cmd/bigquery-emulator@$version" >&2 || {
      echo "no BigQuery emulator: the Go module proxy has no bigquery-emulator $version, or it does not build" >&2
      exit 3
    }
    touch "$folder/complete"
  fi
fi
echo "$folder/bigquery-emulator"
