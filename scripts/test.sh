#!/usr/bin/env bash
# Sets up, builds the release preset and runs every test; arguments are passed on to CTest.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" release
cd "$root"
exec ctest --preset release "$@"
