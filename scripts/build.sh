#!/usr/bin/env bash
# Configures and builds a preset: build.sh PRESET [TARGET...]. Prints nothing on standard output. Standard error has a line per step that is
# not up to date, and the build's whole output after an error. With CI=true, warnings are errors.
set -euo pipefail
preset=${1:?usage: build.sh PRESET [TARGET...]}
shift
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
folder=build/$preset

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  if [ -t 2 ]; then
    "$@" </dev/null >&2
  elif ! "$@" </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
}

werror=OFF
[ "${CI:-}" != true ] || werror=ON
if [ ! -f "$folder/build.ninja" ] || ! grep -qx "CHAINRULE_WARNINGS_AS_ERRORS:BOOL=$werror" "$folder/CMakeCache.txt"; then
  echo "build: configuring $folder" >&2
  quietly cmake --preset "$preset" -DCHAINRULE_WARNINGS_AS_ERRORS=$werror
fi
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
if ! ninja -C "$folder" -n "${targets[@]:1}" 2>/dev/null | grep -q 'no work to do'; then
  echo "build: building $folder" >&2
fi
quietly cmake --build "$folder" "${targets[@]}"
