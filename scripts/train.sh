#!/usr/bin/env bash
# Sets up, builds and runs mnist_train in the current folder; arguments are passed on to it (--help tells them).
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh"
"$root/scripts/build.sh" release mnist_train
exec "$root/build/release/apps/mnist_train" "$@"
