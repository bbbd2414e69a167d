"""Data homes for tests: each test gets its own copy of a migrated template, on SQLite or PostgreSQL.

Copies instead of transactions or flushes: the journal refuses to be emptied, real processes see only what was
committed, and a copy costs less than either.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from dunwell.config.django import database
from dunwell.config.environment import load
from tests.support.postgres import Cluster, binaries, locked

TEMPLATE = "dunwell_template"
DUNWELL = str(Path(sys.executable).parent / "dunwell")


@dataclass(frozen=True)
class Home:
    """A data home and its database.

    path    DUNWELL_HOME
    env     the whole environment of a `dunwell` process that works on it
    """

    path: Path
    env: dict[str, str]

    @property
    def vendor(self) -> str:
        return "postgresql" if self.env.get("DATABASE_URL") else "sqlite"

    def dunwell(
        self, *arguments: str, check: bool = True, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end. With `check`, anything but exit code 0 fails the test with what was said."""
        done = subprocess.run(
            [DUNWELL, *arguments],
            env={**self.env, **(env or {})},
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(
                f"dunwell {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, program: str = DUNWELL
    ) -> subprocess.Popen[str]:
        """Start the command line (or another program) and leave it running: for tests that kill it."""
        return subprocess.Popen(
            [program, *arguments],
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run a few lines of Python in a process of their own, with Django set up on this home."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}"],
            env=self.env, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(f"{code}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


class Homes:
    """Makes homes; the templates are made once per session and shared by all workers."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.cluster = Cluster(base)

    @contextmanager
    def bare(self, vendor: str, folder: Path) -> Iterator[Home]:
        """A home that does not exist yet, with an empty database: the ground for `dunwell init`."""
        with self._home(vendor, folder, template="template0") as home:
            yield home

    @contextmanager
    def migrated(self, vendor: str, folder: Path) -> Iterator[Home]:
        """A home with all tables and no rows."""
        if vendor == "sqlite":
            template = self.sqlite_template
            with self._home(vendor, folder) as home:
                home.path.mkdir(mode=0o700)
                shutil.copyfile(template, home.path / "dunwell.sqlite3")
                yield home
        else:
            with self._home(vendor, folder, template=self.postgres_template) as home:
                home.path.mkdir(mode=0o700)
                yield home

    @cached_property
    def sqlite_template(self) -> Path:
        folder = self.base / "sqlite"
        file = folder / "dunwell.sqlite3"
        with locked(self.base / "sqlite.lock"):
            if not (self.base / "sqlite.made").exists():
                folder.mkdir()
                self._migrate(Home(folder, environment(folder)))
                (self.base / "sqlite.made").touch()
        return file

    @cached_property
    def postgres_template(self) -> str:
        require_postgres()
        self.cluster.start()
        with locked(self.base / "template.lock"):
            if not (self.base / "template.made").exists():
                self._ask(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE template0')
                folder = self.base / "template"
                folder.mkdir()
                self._migrate(Home(folder, environment(folder, self.cluster.url(TEMPLATE))))
                (self.base / "template.made").touch()
        return TEMPLATE

    @contextmanager
    def _home(self, vendor: str, folder: Path, template: str = "") -> Iterator[Home]:
        path = folder / "home"
        if vendor == "sqlite":
            yield Home(path, environment(path))
            return
        require_postgres()
        self.cluster.start()
        name = f"test_{uuid4().hex[:16]}"
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield Home(path, environment(path, self.cluster.url(name)))
        finally:
            self._ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _ask(self, statement: str) -> None:
        if not hasattr(self, "_server") or self._server.closed:
            self._server = psycopg.connect(self.cluster.url("postgres"), autocommit=True)
        self._server.execute(statement.encode())

    def _migrate(self, home: Home) -> None:
        with django_on(home):
            call_command("migrate", verbosity=0, interactive=False)

    def close(self) -> None:
        if hasattr(self, "_server"):
            self._server.close()


@contextmanager
def django_on(home: Home) -> Iterator[None]:
    """Let Django of this process work on a home: real connections, real commits."""
    before_settings, before_connections = settings.DUNWELL, connections.settings
    _point(load(home.env), connections.configure_settings({"default": database(load(home.env))}))
    try:
        yield
    finally:
        _point(before_settings, before_connections)


def _point(dunwell: object, databases: object) -> None:
    connections.close_all()
    if hasattr(connections._connections, "default"):
        del connections["default"]
    settings.DUNWELL = dunwell
    connections.settings = databases


def environment(home: Path, database_url: str = "") -> dict[str, str]:
    """What a process sees: our PATH, this home, and nothing of the tester's own Dunwell."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZ") if name in os.environ}
    found = {
        **kept,
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error",
        "DJANGO_SETTINGS_MODULE": "dunwell.config.django",
        "DUNWELL_HOME": str(home),
        "DUNWELL_SQLITE_SYNCHRONOUS": "normal",
    }
    if database_url:
        found["DATABASE_URL"] = database_url
    return found


def require_postgres() -> None:
    """Skip the test where PostgreSQL is not installed; fail where nothing may be left out."""
    if binaries() is not None:
        return
    words = "PostgreSQL's server is not installed (initdb, pg_ctl): apt-get install postgresql"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
