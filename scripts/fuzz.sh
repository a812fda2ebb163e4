#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz: `fuzz.sh` runs each for 20 seconds, `fuzz.sh TARGET INPUTS [OPTION...]` runs one (csv, gz, idx, model,
# npy, ops or safetensors) on INPUTS inputs. Inputs that reach new code are kept in build/fuzz/corpus; the next run starts with them and with
# the malformed files of tests/corpus. An input that fails is kept there as well; `build/fuzz/tests/fuzz/TARGET_fuzz FILE` runs it again.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
# A small fake stack (use after return): every exception scans all of it.
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:max_uar_stack_size_log=16 UBSAN_OPTIONS=print_stacktrace=1

run() {
  local target=$1 corpus=build/fuzz/corpus/$1 log
  shift
  mkdir -p "$corpus"
  local seeds=("tests/corpus/${target/model/json}")
  [ -d "${seeds[0]}" ] || seeds=()
  log=$(mktemp)
  if ! "build/fuzz/tests/fuzz/${target}_fuzz" -artifact_prefix="build/fuzz/corpus/$target-" -print_final_stats=1 "$@" "$corpus" "${seeds[@]}" \
    </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, no failure"
  rm -f "$log"
}

max_len() { [ "$1" = ops ] && echo 256 || echo 4096; }

if [ $# -eq 0 ]; then
  scripts/build.sh fuzz
  for target in csv gz idx model npy ops safetensors; do run "$target" -max_len="$(max_len "$target")" -max_total_time=20; done
else
  target=${1:?} inputs=${2:?usage: fuzz.sh [TARGET INPUTS [OPTION...]]}
  shift 2
  scripts/build.sh fuzz "${target}_fuzz"
  run "$target" -max_len="$(max_len "$target")" -runs="$inputs" "$@"
fi
