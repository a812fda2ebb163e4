#!/usr/bin/env bash
# Compares the library with LibTorch (Debian's libtorch-dev, if installed) and with a hand-written training step: builds the programs, runs
# the jobs in turn and prints a table. Usage: bench/compare.sh [--rounds N] [--quick] [JOB...]
# With --against it compares two builds of the library: bench/compare.sh --against BUILD_DIR [--build BUILD_DIR] [--jobs REGEX] [--rounds N]
# --help lists the options. The steps train on the images of $MNIST_DIR, data/mnist or Debian's Fashion-MNIST.
set -euo pipefail
root=$(dirname "${BASH_SOURCE[0]}")/..
case " $* " in
  *" --help "* | *" -h "* | *" --build"*) ;;
  *" --against"*) "$root/scripts/build.sh" release mnist_train ops_bench small_bench ;;
  *)
    "$root/scripts/build.sh" release allocations hand_step mnist_train ops_bench small_bench
    if dpkg-query -W libtorch-dev >/dev/null 2>&1; then
      [ -f "$root/build/peers/build.ninja" ] || cmake -S "$root/bench/peers" -B "$root/build/peers" -G Ninja >/dev/null
      cmake --build "$root/build/peers" >/dev/null
    fi
    ;;
esac
exec /usr/bin/python3 "$root/bench/compare.py" "$@"
