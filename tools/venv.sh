#!/bin/sh
# Makes .venv from requirements-dev.txt with Python 3.11 or newer. `make` runs this; PYTHON=/path/to/python chooses one.
set -eu

say() { printf 'cordboard: %s\n' "$*"; }
fail() { printf 'cordboard: %s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    fail "Python 3.11 or newer is needed; tried: ${PYTHON:-python3.13 python3.12 python3.11 python3}." \
        "Install one, or name one: make PYTHON=/path/to/python3.13"
fi

if [ -L .venv ]; then
    fail ".venv is a link to another checkout's: it would be emptied. Remove the link, and run the same command again."
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

say "making .venv with $("$python" --version) ($(command -v "$python"))"
if ! "$python" -m venv --clear .venv >"$log" 2>&1; then
    cat "$log" >&2
    fail "'$python -m venv' failed, see above. On Debian and Ubuntu the package python3-venv is needed."
fi

say "installing $(grep -c '==' requirements-dev.txt) pinned packages, about a minute"
if ! .venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt >"$log" 2>&1; then
    cat "$log" >&2
    fail "pip could not install requirements-dev.txt, see above. Run the same command again when that is mended."
fi

touch .venv/ready
say ".venv is ready"
