#!/usr/bin/env bash
# Sets up, builds the release preset and runs every test; arguments are passed on to CTest.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
"$here/setup.sh"
"$here/build.sh" release
cd "$here/.."
exec ctest --preset release "$@"
