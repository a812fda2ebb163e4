#!/usr/bin/env bash
# Installs the missing Debian packages of those required to build and test: setup.sh [--ci | --docs | --libcxx | --aarch64]. With --ci, also
# those that only .ci/run requires; with --docs, only those that scripts/docs.sh requires; with --libcxx or --aarch64, also those that
# scripts/test_libcxx.sh or scripts/test_aarch64.sh requires. Prints nothing on standard output, and nothing at all if no
# package is missing.
set -euo pipefail

packages=(g++ cmake ninja-build ccache pkg-config python3
  libdnnl-dev libopenblas-openmp-dev libhwy-dev libsleef-dev zlib1g-dev libxxhash-dev
  nlohmann-json3-dev libcli11-dev libspdlog-dev libboost-test-dev libbenchmark-dev dataset-fashion-mnist)
tools=(c++ cmake ninja python3)
if [ "${1:-}" = --ci ]; then
  packages+=(git chromium clang-format-14 clang-19 doxygen llvm-19 libclang-rt-19-dev libomp-19-dev)
elif [ "${1:-}" = --docs ]; then
  packages=(doxygen python3)
  tools=(doxygen python3)
elif [ "${1:-}" = --libcxx ]; then
  packages+=(clang-19 libc++-19-dev libc++abi-19-dev libomp-19-dev)
elif [ "${1:-}" = --aarch64 ]; then
  packages+=(g++-aarch64-linux-gnu qemu-user)
elif [ $# -gt 0 ]; then
  echo "usage: setup.sh [--ci | --docs | --libcxx | --aarch64]" >&2
  exit 2
fi

say() { echo "setup: $*" >&2; }

# Continues if the tools are installed in another way. CMake then names any missing library.
go_on_if_possible() {
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || { say "$tool is missing, too; giving up"; exit 1; }
  done
  say "found ${tools[*]}; continuing without installing packages"
  exit 0
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "apt not found; required Debian packages (or their equivalents): ${packages[*]}"
  go_on_if_possible
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p') || true
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "missing packages; install them as root: apt-get install ${missing[*]}"
    go_on_if_possible
  fi
  as_root=(sudo)
fi

say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
}
# A failed update is not fatal: the present package lists may suffice.
apt update || say "apt-get update failed; trying the present package lists"
if ! apt install --no-install-recommends "${missing[@]}"; then
  cat "$log" >&2
  say "could not install ${missing[*]}"
  exit 1
fi
