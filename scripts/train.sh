#!/usr/bin/env bash
# Sets up, builds and runs mnist_train in the current folder; arguments are passed on to it (--help tells them).
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
"$here/setup.sh"
"$here/build.sh" release mnist_train
exec "$here/../build/release/apps/mnist_train" "$@"
