"""What tests of commands share."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.conf import settings

from tests.engine.book import DAY, Book

type Say = Callable[..., str]


@pytest.fixture
def say_of(db, capsys, monkeypatch) -> Callable[[Book], Say]:
    """Keep a book, and get what runs the command line in this process on the day of the examples."""
    # a conftest is read before Django stands
    from dunwell.jobs.cli import _run
    from tests.runs.kept import creditor, keep

    def kept(book: Book) -> Say:
        keep(book, creditor())
        return run

    def run(*line: str, fails: bool = False, language: str = "en") -> str:
        now = datetime(DAY.year, DAY.month, DAY.day, 11, tzinfo=UTC)
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, language=language, now=now))
        code = _run(line)
        told = capsys.readouterr()
        assert code == (2 if fails else 0), told
        assert "Traceback" not in told.err
        return told.err if fails else told.out

    return kept
