#!/usr/bin/env bash
# Installs Doxygen if it is missing and makes the API reference in HTML: docs.sh [--count] [FOLDER] writes FOLDER/html, by default
# build/docs/html, and prints the path of its first page. Warnings and undocumented public declarations are errors; --count lists the
# undocumented declarations by header instead.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh" --docs
exec python3 -B "$root/scripts/make_reference.py" "$@"
