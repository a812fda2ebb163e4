#!/usr/bin/env bash
# Installs missing packages, builds mnist_train and runs it in the current folder. Arguments are passed to mnist_train; --help lists them.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" release mnist_train
exec "$root/build/release/apps/mnist_train" "$@"
