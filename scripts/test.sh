#!/usr/bin/env bash
# Installs missing packages, builds the release preset and runs all tests. Arguments are passed to CTest.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" release
cd "$root"
exec ctest --preset release "$@"
