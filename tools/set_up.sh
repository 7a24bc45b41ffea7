#!/usr/bin/env bash
# Makes the virtual environment that `make` works in, or adds to it: set_up.sh FOLDER EXTRAS
# TORCH and TORCH_INDEX choose the build of PyTorch; PYTHON, if set, the interpreter. The Makefile has their defaults.
set -euo pipefail
venv=$1 extras=$2

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
stop() { printf 'set-up stopped: %s\n' "$*" >&2; exit 1; }

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    stop "no Python 3.11 or newer among: ${PYTHON:-python3 python3.13 python3.12 python3.11}; install one, or name it: make PYTHON=/path/to/python3.11"
}

# skia links to OpenGL even when it draws on the CPU.
have_graphics_libraries() { "$venv/bin/python" -c 'import skia' 2>"$venv/skia-import.log"; }
install_graphics_libraries() {
    local packages="libegl1 libgl1"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "skia needs the system libraries $packages: installing them"
        DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages </dev/null
    else
        stop "skia cannot be imported ($(tail -n 1 "$venv/skia-import.log")); it needs libEGL and libGL: sudo apt-get install $packages"
    fi
}

if [ ! -x "$venv/bin/python" ]; then
    python=$(find_python)
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv" ||
        stop "$python cannot make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv"
fi

# By pip, which looks wherever this machine keeps wheels, and not compiled: most of PyTorch is never imported. The index of
# CPU builds is only added to the usual one: where it cannot be reached, the usual one serves.
say "installing $TORCH"
"$venv/bin/pip" install -qq --no-deps --no-compile --retries 2 --extra-index-url "$TORCH_INDEX" "$TORCH" </dev/null
export PATH="$venv/bin:$PATH"
command -v uv >/dev/null || "$venv/bin/pip" install -qq --constraint constraints.txt uv </dev/null ||
    say "uv cannot be had here: pip installs, which takes minutes"
say "installing crossreid[$extras]"
tools/install.sh "$venv" "$extras"

have_graphics_libraries || { install_graphics_libraries && have_graphics_libraries; } ||
    stop "skia still cannot be imported: $(tail -n 1 "$venv/skia-import.log")"
rm -f "$venv/skia-import.log"
