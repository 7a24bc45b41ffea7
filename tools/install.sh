#!/usr/bin/env bash
# Installs this project with some extras into a virtual environment, in the versions of constraints.txt: install.sh VENV EXTRAS
# By uv where one is on the PATH, which takes seconds, else by pip. uv does not read pip's settings: where they name another
# index, and where uv fails, pip installs.
set -euo pipefail
venv=$1 extras=$2

by_uv() {
    command -v uv >/dev/null && ! "$venv/bin/python" -m pip config list | grep -q '\.index-url=' &&
        uv pip install --quiet --python "$venv/bin/python" --constraint constraints.txt --editable ".[$extras]"
}
by_pip() { "$venv/bin/python" -m pip install -qq --constraint constraints.txt --editable ".[$extras]"; }

by_uv </dev/null || by_pip </dev/null
