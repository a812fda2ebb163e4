#!/usr/bin/env bash
# Builds the library and its unit tests with clang and libc++, LLVM's standard library, and runs them: test_libcxx.sh [CTEST ARGUMENT...].
# The programs and the benchmarks are left out: Debian has their libraries (spdlog, Google Benchmark) for GCC's standard library only.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --libcxx
scripts/build.sh libcxx kernels_test autograd_test nn_test
exec ctest --preset libcxx -R '^(kernels|autograd|nn)\.' "$@"
