"""The reference pages are written from the program, and are up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

_LINK = re.compile(r"\]\(<?([^)#>\s]*)")


class TestLinks:
    @pytest.mark.parametrize(
        "page",
        [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))],
        ids=lambda page: str(page.relative_to(ROOT)),
    )
    def test_of_a_page_lead_somewhere(self, page: Path) -> None:
        links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if link and ":" not in link]
        assert [link for link in links if not (page.parent / link).exists()] == []

    def test_are_found(self) -> None:
        assert "docs/glossary.md" in _LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))


class TestReference:
    def test_says_what_the_program_says(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tools.docs", "--check"],
            cwd=ROOT,
            env={**os.environ, "DUNWELL_LANGUAGE": "en"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
