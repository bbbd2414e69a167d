"""Make a fresh clone work: bring uv, the locked packages and what is missing of the system. Standard library only.

    bootstrap.py user [NEED...]     what the program needs
    bootstrap.py dev  [NEED...]     the same and the tools for tests and lint
    NEED    fonts      Noto Serif CJK for letters; without them this ends with exit code 1
            postgres   PostgreSQL's server binaries for tests; without them those tests are skipped

Runs on Python 3.11. Safe to repeat; does nothing when the lock file has not changed since.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
STAMP = VENV / ".dunwell-stamp"
UV = "uv>=0.13.9,<1"
WANTED = ((3, 13), (3, 12), (3, 14))
"""Interpreters the program runs on, best first; .python-version names the first."""

FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/Library/Fonts",
    "/System/Library/Fonts", "~/Library/Fonts",
)  # fmt: skip


class Hopeless(Exception):
    """Set-up cannot go on; the words say what a person should do."""


def main(arguments: Sequence[str]) -> int:
    """Set up for `user` or `dev`, with the named needs. Returns the exit code."""
    if not arguments or arguments[0] not in ("user", "dev") or not set(arguments[1:]) <= {"fonts", "postgres"}:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        packages(dev=arguments[0] == "dev")
        system(arguments[1:])
    except Hopeless as error:
        print(error, file=sys.stderr)
        return 1
    return 0


# --- Python packages -------------------------------------------------------------------------------------------------


def packages(*, dev: bool) -> None:
    """The locked packages in .venv, at once when nothing changed."""
    state = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml", ".python-version", "tools/bootstrap.py"):
        state.update((ROOT / name).read_bytes())
    want = state.hexdigest()
    have = STAMP.read_text().split() if STAMP.is_file() else []
    if have[:1] == [want] and (have[1:] == ["dev"] or not dev) and (VENV / "bin" / "python").exists():
        return
    uv = bring_uv()
    python = interpreter(uv)
    say(f"Installing the locked packages for Python {python} ...")
    STAMP.unlink(missing_ok=True)
    command = [uv, "sync", "--locked", "--all-extras", "--compile-bytecode", "--quiet", "--python", python]
    # Tools of a developer stay when a user's set-up is repeated.
    command += [] if dev else ["--no-dev", "--inexact"]
    # Behind a company's proxy only the system's own certificates are right.
    for certificates in ([], ["--system-certs"]):
        if subprocess.run([*command, *certificates], cwd=ROOT, env=environment(), check=False).returncode == 0:
            break
    else:
        raise Hopeless("The locked packages could not be installed (see above). Is the network reachable?")
    STAMP.write_text(f"{want}{' dev' if dev or have[1:] == ['dev'] else ''}\n")


def bring_uv() -> str:
    """The path of a uv that runs, installed by pip into .tools when there is none yet."""
    for uv in (TOOLS / "bin" / "uv", TOOLS / "lib" / "bin" / "uv"):
        if answers([str(uv), "--version"]):
            return str(uv)
    say("Bringing uv by pip ...")
    reasons = []
    for python in interpreters():
        for way in (uv_in_venv, uv_in_folder):
            uv, reason = way(python)
            if uv and answers([uv, "--version"]):
                return uv
            reasons.append(f"{python}: {reason}")
    if (uv := shutil.which("uv")) and answers([uv, "--version"]):
        return uv
    raise Hopeless(
        "uv could not be installed by pip. "
        "Debian, Ubuntu: apt-get install python3-venv python3-pip, then try again. What was tried:\n  "
        + "\n  ".join(reasons)
    )


def uv_in_venv(python: str) -> tuple[str, str]:
    """uv in a virtual environment of its own: (path or "", why not)."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    made = run([python, "-m", "venv", str(TOOLS)])
    if made.returncode:
        return "", last_line(made)
    done = run([str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", UV])
    return ("", last_line(done)) if done.returncode else (str(TOOLS / "bin" / "uv"), "")


def uv_in_folder(python: str) -> tuple[str, str]:
    """uv in a plain folder: a Debian Python without ensurepip makes no virtual environment, but its pip may work."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    done = run([python, "-m", "pip", "install", "--quiet", "--target", str(TOOLS / "lib"), UV])
    return ("", last_line(done)) if done.returncode else (str(TOOLS / "lib" / "bin" / "uv"), "")


def interpreter(uv: str) -> str:
    """The path of the best Python that the program runs on."""
    found: dict[tuple[int, ...], str] = {}
    for python in interpreters():
        found.setdefault(version(python), python)
    for wanted in WANTED:
        if wanted in found:
            return found[wanted]
    for wanted in WANTED:
        asked = run([uv, "python", "find", "--no-project", ".".join(map(str, wanted))])
        if asked.returncode == 0:
            return asked.stdout.strip()
    seen = ", ".join(sorted({f"{major}.{minor}" for major, minor in found})) or "none"
    raise Hopeless(
        f"Dunwell runs on Python 3.12 or newer (best: 3.13); found here: {seen}. Install it, then try again. "
        "pyenv: pyenv install 3.13; macOS: brew install python@3.13; Debian 13, Ubuntu 24.04: apt-get install python3; "
        f"or let uv fetch one: {uv} python install 3.13"
    )


def interpreters() -> Iterator[str]:
    """Every Python of at least 3.11 that runs, by its real path, each once; the one running this first."""
    names = [f"python{major}.{minor}" for major, minor in WANTED] + ["python3", "python3.11"]
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    candidates = [sys.executable, os.environ.get("PYTHON", "")]
    candidates += [path for name in names if (path := shutil.which(name))]
    candidates += [str(path) for path in sorted(pyenv.glob("3.*/bin/python3"), reverse=True)]
    candidates += [
        f"{folder}/{name}" for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin") for name in names
    ]
    seen = set()
    for candidate in candidates:
        if not candidate:
            continue
        # Ask for the base: a virtual environment that runs this must not become the ground of another.
        asked = run([candidate, "-I", "-c", "import sys; print(getattr(sys, '_base_executable', sys.executable))"])
        path = asked.stdout.strip()
        if asked.returncode == 0 and path not in seen and version(path) >= (3, 11):
            seen.add(path)
            yield path


def version(python: str) -> tuple[int, ...]:
    """Its version as (3, 13), or () when it does not run or is not CPython."""
    code = "import sys, json; print(json.dumps([*sys.version_info[:2], sys.implementation.name]))"
    asked = run([python, "-I", "-c", code])
    if asked.returncode:
        return ()
    major, minor, name = json.loads(asked.stdout)
    return (major, minor) if name == "cpython" else ()


# --- the system ------------------------------------------------------------------------------------------------------


def system(needs: Sequence[str]) -> None:
    """Install system packages that are missing, where that may be done; else say which, in one line."""
    missing = [need for need in needs if not present(need)]
    if missing and shutil.which("apt-get") and (may := root_prefix()) is not None:
        names = [{"fonts": "fonts-noto-cjk", "postgres": "postgresql"}[need] for need in missing]
        say(f"Installing system packages: {' '.join(names)} ...")
        quiet = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        run([*quiet, "update"])
        done = run([*quiet, "install", "-y", "--no-install-recommends", *names])
        if done.returncode:
            say(f"apt-get could not: {last_line(done)}")
    if "postgres" in missing and not present("postgres"):
        say(
            "PostgreSQL's server (initdb, pg_ctl) is missing: its tests are skipped. Debian, Ubuntu: "
            "apt-get install postgresql; macOS: brew install postgresql@17"
        )
    if "fonts" in missing and not present("fonts"):
        raise Hopeless(
            "Letters need the fonts Noto Serif CJK, and they are missing. "
            "Debian, Ubuntu: apt-get install fonts-noto-cjk; macOS: brew install font-noto-serif-cjk; then try again."
        )


def present(need: str) -> bool:
    """Is it there already?"""
    if need == "fonts":
        folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
        return any(next(folder.rglob("NotoSerifCJK*"), None) for folder in folders if folder.is_dir())
    places = [Path(path) for path in os.get_exec_path()] + list(Path("/usr/lib/postgresql").glob("*/bin"))
    return any((place / "initdb").is_file() and (place / "pg_ctl").is_file() for place in places)


def root_prefix() -> list[str] | None:
    """What to put before a command that needs root: nothing, sudo without a password, or None when it may not."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") and answers(["sudo", "-n", "true"]) else None


# --- small tools -----------------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """Our environment, less what would make uv work elsewhere; interpreters are found here, never downloaded."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    return {**kept, "UV_PYTHON_DOWNLOADS": "never"}


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command quietly, with nothing on its standard input. A command that is not there answers 127."""
    try:
        return subprocess.run(
            command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def answers(command: Sequence[str]) -> bool:
    """Does the command run and succeed?"""
    return run(command).returncode == 0


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last line a command said: usually the reason."""
    lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
    return lines[-1]


def say(words: str) -> None:
    """One line for the person who waits."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
