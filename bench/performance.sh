#!/usr/bin/env bash
# Measures all figures of docs/performance.md and writes them into the page, and the plots into docs/growth.svg. Takes half an hour; the
# machine must be idle. Usage: bench/performance.sh [PART...]; --help lists the options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/build.sh release allocations growth_bench hand_step mnist_train ops_bench small_bench
exec /usr/bin/python3 bench/performance.py "$@"
