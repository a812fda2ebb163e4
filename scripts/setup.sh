#!/usr/bin/env bash
# Installs the Debian packages that building and testing need and that are missing: setup.sh [--ci | --docs]
# (--ci: also what only the checks of .ci/run need; --docs: only what scripts/docs.sh needs). Says nothing on standard output, and nothing
# at all when nothing is missing.
set -euo pipefail

packages=(g++ cmake ninja-build ccache pkg-config python3
  libdnnl-dev libopenblas-openmp-dev libhwy-dev libsleef-dev zlib1g-dev libxxhash-dev
  nlohmann-json3-dev libcli11-dev libspdlog-dev libboost-test-dev libbenchmark-dev dataset-fashion-mnist)
tools=(c++ cmake ninja python3)
if [ "${1:-}" = --ci ]; then
  packages+=(git chromium clang-format-14 clang-19 doxygen llvm-19 libclang-rt-19-dev)
elif [ "${1:-}" = --docs ]; then
  packages=(doxygen python3)
  tools=(doxygen python3)
elif [ $# -gt 0 ]; then
  echo "usage: setup.sh [--ci | --docs]" >&2
  exit 2
fi

say() { echo "setup: $*" >&2; }

# Goes on if the tools are there some other way; CMake then names any library it misses.
go_on_if_possible() {
  for tool in "${tools[@]}"; do
    command -v "$tool" >/dev/null || { say "$tool is missing too; stopping here"; exit 1; }
  done
  say "${tools[*]} are there, so going on without"
  exit 0
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "no apt here; what is needed, by the names of Debian's packages: ${packages[*]}"
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
    say "these packages are missing, and installing them takes root: apt-get install ${missing[*]}"
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
# A failing update is no reason to stop: the lists there may do.
apt update || say "apt-get update failed; trying with the package lists there are"
if ! apt install --no-install-recommends "${missing[@]}"; then
  cat "$log" >&2
  say "could not install ${missing[*]}"
  exit 1
fi
