#!/usr/bin/env bash
# The library beside LibTorch (Debian's libtorch-dev; left out where it is not installed) and beside a training step written by hand:
# builds all, runs the jobs in turn and prints a table. Usage: bench/compare.sh [--rounds N] [--quick] [JOB...]; --help tells more.
# The steps train on the images of $MNIST_DIR, data/mnist or Debian's Fashion-MNIST.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/build.sh release allocations hand_step mnist_train ops_bench small_bench
if dpkg-query -W libtorch-dev >/dev/null 2>&1; then
  [ -f build/peers/build.ninja ] || cmake -S bench/peers -B build/peers -G Ninja >/dev/null
  cmake --build build/peers >/dev/null
fi
exec /usr/bin/python3 bench/compare.py "$@"
