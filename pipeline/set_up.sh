#!/bin/sh
# Sets up what `make` needs: the system's parts, a virtual environment, the package in it.
# Usage: set_up.sh PYTHON VENV PACKAGE      (PACKAGE is "." or ".[dev]")
set -eu
python=$1 venv=$2 package=$3
PATH=$PATH:/usr/sbin:/sbin  # where Debian keeps ldconfig, and users' paths don't look

DEBIAN="apt-get install -y gcc libc6-dev python3-dev python3-venv libsuitesparse-dev libopenblas0-pthread"

say() { printf 'set-up: %s\n' "$*" >&2; }

# The parts of the system that pip can't bring: a C compiler, Python's and SuiteSparse's headers, a fast BLAS.
missing_parts() {
    command -v cc >/dev/null || command -v gcc >/dev/null || echo "a C compiler"
    "$python" -c 'import ensurepip' 2>/dev/null || echo "python3-venv"
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || echo "Python's headers"
    for prefix in /usr /usr/local /opt/homebrew "${CONDA_PREFIX:-/usr}"; do
        if [ -e "$prefix/include/suitesparse/cholmod.h" ] || [ -e "$prefix/include/cholmod.h" ]; then headers=found; fi
    done
    [ "${headers:-}" ] || echo "SuiteSparse's headers"
    if command -v apt-get >/dev/null && ! ldconfig -p | grep -q libopenblas; then echo "OpenBLAS"; fi
}

install_parts() {
    if ! command -v apt-get >/dev/null; then return 1
    elif [ "$(id -u)" = 0 ]; then as_root="env"
    elif sudo -n true 2>/dev/null; then as_root="sudo -n env"
    else return 1; fi
    say "installing $missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root DEBIAN_FRONTEND=noninteractive $DEBIAN --no-install-recommends >&2
}

advise() {
    cat >&2 <<EOF
set-up: this machine lacks: $missing. Install them, then run make again:
  Debian, Ubuntu:  sudo $DEBIAN
  Fedora:          sudo dnf install gcc python3-devel suitesparse-devel openblas
  macOS:           xcode-select --install; brew install suite-sparse openblas
  conda:           conda install -c conda-forge compilers suitesparse openblas
EOF
    exit 1
}

command -v "$python" >/dev/null || { say "there is no $python: install Python 3.11 or later"; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { say "$("$python" --version) is too old: Python 3.11 or later is needed, as in make PYTHON=python3.12"; exit 1; }

# A browser for the tests of pages: they are skipped without it, so no more than a word where it can't be had.
want_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && return
    missing="Chromium, for the tests of pages"
    DEBIAN="apt-get install -y chromium"
    install_parts || say "no Chromium: the tests of pages will be skipped (on Debian: sudo $DEBIAN)"
}

missing=$(missing_parts | paste -sd, - | sed 's/,/, /g')
[ -z "$missing" ] || install_parts || advise
case $package in *dev*) want_browser ;; esac
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
say "installing $package into $venv (torch is a download of some 2.5 GB, the first time)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$package"
