"""The demonstration's own data home: made anew each time, and never where anything else lives."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from dunwell.core.errors import DunwellError

MARKER = ".dunwell-demo"
"""A folder with this file was made by a demonstration and may be removed by the next one."""


def make_home(path: Path) -> Path:
    """An empty home at `path`. Refuses (`demo.home_in_use`) a folder that holds anything but an older demonstration."""
    path = path.expanduser().absolute()
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise DunwellError("demo.home_in_use", path=str(path))
    if path.is_dir() and any(path.iterdir()):
        if not (path / MARKER).is_file():
            raise DunwellError("demo.home_in_use", path=str(path))
        _remove(path)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        (path / MARKER).write_text("Made by `dunwell demo`; the next one removes this folder.\n", encoding="utf-8")
    except OSError as error:
        raise DunwellError("demo.home_refused", path=str(path), why=error.strerror or str(error)) from error
    return path


def write_settings(home: Path, *, language: str, now: datetime) -> None:
    """Settings for whoever looks around in the home afterwards: there it is always the evening of the last day."""
    lines = (
        "# The present of this demonstration stands still; while it does, mail leaves to this machine only.",
        f'now = "{now.isoformat()}"',
        f'language = "{language}"',
        'sqlite_synchronous = "normal"',
    )
    (home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def use_home(home: Path, *, language: str, database_url: str) -> None:
    """Point this process and those it starts at the home, whatever the user's own settings say. Before Django.

    Mail goes to this machine: the port of the mail server is set by each process that sends.
    """
    for name in [name for name in os.environ if name.startswith("DUNWELL_") and name != "DUNWELL_DEBUG"]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {
        "DUNWELL_HOME": str(home),
        "DUNWELL_LANGUAGE": language,
        "DUNWELL_SQLITE_SYNCHRONOUS": "normal",
        "DUNWELL_SMTP_HOST": "127.0.0.1",
        "DUNWELL_SMTP_SECURITY": "none",
        "DJANGO_SETTINGS_MODULE": "dunwell.config.django",
    }
    # days of a small book are thousands of tiny frames: more threads would only wait for each other
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    if database_url:
        os.environ["DUNWELL_DATABASE_URL"] = database_url


def _remove(path: Path) -> None:
    try:
        for entry in path.iterdir():
            # the marker goes last, so that an interrupted removal can be repeated
            if entry.name == MARKER:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    except OSError as error:
        raise DunwellError("demo.home_refused", path=str(path), why=error.strerror or str(error)) from error
