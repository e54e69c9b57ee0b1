#!/usr/bin/env bash
# Fetches the engines that `npm run test:engines` compares with, each by its own script. A script that cannot
# have its engine says why in one line and ends with 0: the tests decide what may be missing.
set -uo pipefail
cd "$(dirname "$0")"
for script in *.sh; do
  [ "$script" = install.sh ] && continue
  bash "$script" || echo "$script failed"
done
