#!/usr/bin/env bash
# Builds fake-gcs-server, an emulator of Google Cloud Storage, from its Go module and prints the path of the program.
# Idempotent. Exits with 3, and says why on stderr, where Go or the module proxy is missing.
set -uo pipefail
version=v1.56.1
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/fake-gcs-$version"
if [ ! -f "$folder/complete" ]; then
  command -v go >/dev/null || { echo 'no go' >&2; exit 3; }
  mkdir -p "$folder"
  # Two test files may ask at the same time.
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    GOBIN="$folder" GOFLAGS=-mod=mod go install "github.com/fsouza/fake-gcs-server@$version" >&2 ||
      { echo 'the Go module proxy did not answer, or fake-gcs-server does not build' >&2; exit 3; }
    touch "$folder/complete"
  fi
fi
echo "$folder/fake-gcs-server"
