#!/bin/sh
# Find a Python that runs, then do the rest in tools/bootstrap.py. Works with nothing but a POSIX shell.
# A `python3` on the PATH proves nothing: pyenv's stands in front of every version and refuses in this folder
# when .python-version names one it has not got. So each candidate is tried by running it.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1

runs() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 </dev/null; }

for python in "${PYTHON:-}" python3.13 python3.12 python3.14 python3 python3.11 \
    /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 "$HOME"/.local/bin/python3.1*; do
    if [ -n "$python" ] && runs "$python"; then
        exec "$python" -I "$here/bootstrap.py" "$@"
    fi
done
echo "Dunwell needs Python 3.11 or newer to set itself up, and none was found." \
    "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13), then try again." >&2
exit 1
