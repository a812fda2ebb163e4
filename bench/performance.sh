#!/usr/bin/env bash
# Measures all that docs/performance.md says and writes the figures into it, with the plots of docs/growth.svg. Half an hour, on a machine
# with nothing else to do. Usage: bench/performance.sh [PART...]; --help tells more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/build.sh release allocations growth_bench hand_step mnist_train ops_bench small_bench
exec /usr/bin/python3 bench/performance.py "$@"
