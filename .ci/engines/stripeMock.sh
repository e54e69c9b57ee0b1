#!/usr/bin/env bash
# Builds Stripe's own mock of its API from its Go module and prints the path of the program. Idempotent.
# Exits with 3, and says why on stderr, where Go or the module proxy is missing.
set -uo pipefail
version=v0.203.0
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/stripe-mock-$version"
if [ ! -f "$folder/complete" ]; then
  command -v go >/dev/null || { echo 'no go' >&2; exit 3; }
  mkdir -p "$folder"
  # Two test files may ask at the same time.
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    GOBIN="$folder" GOFLAGS=-mod=mod go install "github.com/stripe/stripe-mock@$version" >&2 ||
      { echo 'the Go module proxy did not answer, or stripe-mock does not build' >&2; exit 3; }
    touch "$folder/complete"
  fi
fi
echo "$folder/stripe-mock"
