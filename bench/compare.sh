#!/usr/bin/env bash
# The library's training step beside the one written by hand: builds the release preset, runs the two in turn and prints, for each
# batch size, the median of the rounds' medians and their ratio.
# Usage: bench/compare.sh [rounds] [steps] [threads]     (BATCHES="32 128" in the environment chooses the batch sizes)
# Both train on the same images: those of $MNIST_DIR, data/mnist or Debian's Fashion-MNIST.
set -euo pipefail

rounds=${1:-5}
steps=${2:-2000}
threads=${3:-$(nproc)}
batches=${BATCHES:-32 128}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

cd "$root"
cmake --preset release >/dev/null
cmake --build build/release --target hand_step mnist_train >/dev/null

for data in "${MNIST_DIR:-}" data/mnist /usr/share/datasets/fashion-mnist ""; do
  [ -z "$data" ] || [ ! -d "$data" ] || break
done
[ -n "$data" ] || { echo "compare.sh: no images; set MNIST_DIR or run scripts/setup.sh" >&2; exit 1; }

# median_us=... of the line that "$@" prints
median_of() {
  local line
  line=$("$@" | grep -o 'median_us=[0-9.]*') || { echo "compare.sh: no median_us from: $*" >&2; return 1; }
  echo "${line#median_us=}"
}

middle() { sort -g | awk '{ value[NR] = $1 } END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'; }

for batch in $batches; do
  hand=()
  library=()
  for ((round = 0; round < rounds; ++round)); do
    hand+=("$(median_of build/release/bench/hand_step --steps "$steps" --batch "$batch" --threads "$threads" --data "$data")")
    library+=("$(median_of build/release/apps/mnist_train --bench-steps "$steps" --batch "$batch" --threads "$threads" --data "$data")")
  done
  hand_median=$(printf '%s\n' "${hand[@]}" | middle)
  library_median=$(printf '%s\n' "${library[@]}" | middle)
  awk -v b="$batch" -v t="$threads" -v h="$hand_median" -v l="$library_median" \
    'BEGIN { printf "batch=%d threads=%d hand_step_us=%.1f mnist_train_us=%.1f ratio=%.3f\n", b, t, h, l, l / h }'
done
