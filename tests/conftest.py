"""What all tests share: data homes on both databases, real data where it is present, Hypothesis profiles."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.support.homes import Home, Homes

ROOT = Path(__file__).resolve().parent.parent
VENDORS = ("sqlite", "postgresql")
_BASE = "DUNWELL_TEST_BASE"

hypothesis.settings.register_profile(
    "quick", max_examples=40, derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.register_profile(
    "long", max_examples=150, derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the whole session, made by the controller and handed to its workers; Django on an empty home."""
    if not hasattr(config, "workerinput"):
        folder = _quick_folder()
        _sweep(folder)
        base = tempfile.mkdtemp(prefix=f"dunwell-tests-{os.getpid()}-", dir=folder)
        # PostgreSQL's unprivileged user passes through it to the folder that is its own.
        Path(base).chmod(0o711)
        os.environ[_BASE] = base
    for name in [name for name in os.environ if name.startswith("DUNWELL_") and name not in (_BASE, "DUNWELL_SHARED")]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ["DUNWELL_HOME"] = str(Path(os.environ[_BASE]) / "nobody")
    os.environ["DJANGO_SETTINGS_MODULE"] = "dunwell.config.django"
    django.setup()


def _quick_folder() -> Path:
    """Memory instead of a disk, where there is enough: copies of databases are many small files."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 2_000_000_000:
        return memory
    return Path(tempfile.gettempdir())


def _sweep(folder: Path) -> None:
    """End what a killed session of ours left running, and take its folder away."""
    from tests.support import postgres

    for left in folder.glob("dunwell-tests-*-*"):
        owner = left.name.split("-")[2]
        if left.stat().st_uid == os.geteuid() and owner.isdigit() and not _lives(int(owner)):
            postgres.remove(left)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server and take the folder away, once, after all workers."""
    if not hasattr(config, "workerinput") and _BASE in os.environ:
        from tests.support import postgres

        postgres.remove(Path(os.environ.pop(_BASE)))


@pytest.fixture(scope="session")
def homes() -> Iterator[Homes]:
    """The maker of homes."""
    from tests.support.homes import Homes

    made = Homes(Path(os.environ[_BASE]))
    yield made
    made.close()


@pytest.fixture(params=VENDORS)
def home(request: pytest.FixtureRequest, homes: Homes, tmp_path: Path) -> Iterator[Home]:
    """A migrated, empty data home of its own, on SQLite and on PostgreSQL. For processes: `home.dunwell("run", ...)`.

    One database only: `@pytest.mark.parametrize("home", ["sqlite"], indirect=True)`.
    """
    with homes.migrated(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=VENDORS)
def bare_home(request: pytest.FixtureRequest, homes: Homes, tmp_path: Path) -> Iterator[Home]:
    """A data home before `dunwell init`."""
    with homes.bare(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def db(home: Home) -> Iterator[Home]:
    """The same home, with Django of this process working on it: real connections, real commits."""
    from tests.support.homes import django_on

    with django_on(home):
        yield home


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: DUNWELL_SHARED, or `shared` beside the checkout. Skips where there is none."""
    folder = Path(os.environ.get("DUNWELL_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data: set DUNWELL_SHARED, or put them in {folder}")
    return folder
