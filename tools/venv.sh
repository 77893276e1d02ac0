#!/bin/sh
# Makes .venv with Python 3.11, 3.12 or 3.13 and fills it. `make` runs this; PYTHON=/path/to/python chooses one.
# `venv.sh stale` says "stale" when the .venv that is there has lost its Python, or has another one than PYTHON.
set -eu

say() { printf 'cordboard: %s\n' "$*"; }
fail() { printf 'cordboard: %s\n' "$*" >&2; exit 1; }

# Which Python this is, however it is called: its own words, and where it is installed.
identity() { "$1" -c 'import os, sys; print(sys.version, os.path.realpath(sys.base_prefix))' 2>/dev/null; }

if [ "${1:-}" = stale ]; then
    if [ -e .venv/ready ]; then
        here=$(identity .venv/bin/python) || here=none
        if [ "$here" = none ] || { [ -n "${PYTHON:-}" ] && [ "$here" != "$(identity "$PYTHON")" ]; }; then
            echo stale
        fi
    fi
    exit
fi

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

find_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        if supported "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed, and python3 is $(python3 --version 2>/dev/null || echo not there)." \
        "Install one, or name one: make PYTHON=/path/to/python3.13"
}

if [ -z "${PYTHON:-}" ]; then
    python=$(find_python)
elif supported "$PYTHON"; then
    python=$PYTHON
else
    fail "PYTHON=$PYTHON is $("$PYTHON" --version 2>/dev/null || echo no Python that runs): 3.11, 3.12 or 3.13 is needed."
fi

if [ -L .venv ]; then
    fail ".venv is a link to another checkout's: it would be emptied. Remove the link, and run the same command again."
fi

# An activated .venv leads back to the Python that it was made with: .venv itself is emptied.
python=$("$python" -c 'import sys; print(sys._base_executable)')

say "making .venv with $("$python" --version) ($python)"
began=$(date +%s)
rm -f .venv/ready
if ! said=$("$python" -m venv --clear .venv 2>&1); then
    printf '%s\n' "$said" >&2
    fail "'$python -m venv' failed, see above. On Debian and Ubuntu the package python3-venv is needed."
fi

exec .venv/bin/python -m tools.packages "$began"
