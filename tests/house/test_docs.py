"""The reference pages are written from the program, and are up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from dunwell.intake import Defaults, Known, read_files
from dunwell.intake.claim_json import read_claim
from dunwell.intake.situation_json import read_situation
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


class TestTheReadme:
    TEXT = (ROOT / "README.md").read_text(encoding="utf-8")

    def block(self, start: str) -> str:
        """The block of the page that begins so."""
        (found,) = [each for each in re.findall(r"```\n(.*?)```", self.TEXT, re.DOTALL) if each.startswith(start)]
        return str(found)

    def test_has_a_file_with_the_contract_and_the_phone_that_its_commands_speak_of(self, tmp_path: Path) -> None:
        path = tmp_path / "open-invoices.csv"
        path.write_text(self.block("customer number"), encoding="utf-8")
        batch = read_files([path], known=Known(), defaults=Defaults())
        assert batch.errors.is_empty()
        (contract,) = re.findall(r"terms set contract:(\S+)", self.TEXT)
        (statement, *_) = re.findall(r"dunwell statement (\S+)", self.TEXT)
        (debtor,) = re.findall(r"contact plan (\S+) --channel phone", self.TEXT)
        invoice = batch.frames["invoices"].row(by_predicate=pl.col("contract") == contract, named=True)
        assert (invoice["number"], invoice["debtor"]) == (statement, debtor)
        assert invoice["contract_date"] < invoice["issue_date"]
        assert batch.frames["customers"].row(by_predicate=pl.col("number") == debtor, named=True)["phone"]

    def test_describes_a_claim_and_a_situation_that_can_be_read(self) -> None:
        assert read_claim(self.block('{"as_of"')).debts[0].terms.regime.id == "de.bgb-288-2"
        (situation,) = re.findall(r"`(\{\"at\".*?\})`", self.TEXT)
        assert read_situation(situation).country == "DE"


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
