#!/usr/bin/env bash
# Builds the library and its unit tests for aarch64 and runs them with qemu-user: test_aarch64.sh [CTEST ARGUMENT...]. The programs, the
# benchmarks and the tests that Python drives are left out, and so is the suite gemm_signals, which takes many minutes there. Installs the
# cross compiler and qemu, and downloads Debian's libraries for aarch64 into build/aarch64-sysroot: for these, root is not needed and the
# system's own list of architectures does not change.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --aarch64

sysroot=$PWD/build/aarch64-sysroot
if [ ! -e "$sysroot/complete" ]; then
  echo "test_aarch64: downloading libraries" >&2
  rm -rf "$sysroot"
  state=$(mktemp -d)
  trap 'rm -rf "$state"' EXIT
  mkdir -p "$sysroot" "$state"/{lists,archives}/partial
  options=(-q -y -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::Lists="$state/lists" -o Dir::State::status=/dev/null
    -o Dir::Cache="$state" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)")
  packages=(libc6-dev libgomp1 libhwy-dev libsleef-dev zlib1g-dev nlohmann-json3-dev libboost-test-dev)
  if ! { apt-get "${options[@]}" update && apt-get "${options[@]}" install --download-only --no-install-recommends "${packages[@]}"; } \
    </dev/null >"$state/log" 2>&1; then
    cat "$state/log" >&2
    echo "test_aarch64: could not download ${packages[*]} for arm64" >&2
    exit 1
  fi
  for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  find "$sysroot" -type l -lname '/*' -printf '%p\n%l\n' | while read -r link && read -r target; do ln -sfn "$sysroot$target" "$link"; done
  touch "$sysroot/complete"
fi

scripts/build.sh aarch64 kernels_test autograd_test nn_test
exec ctest --preset aarch64 -R '^(kernels|autograd|nn)\.' -E gemm_signals "$@"
