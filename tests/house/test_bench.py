"""The floors of `make bench` do the work they stand for."""

from pathlib import Path

import polars as pl
import pytest

from bench import contacts, contacts_book, contacts_floor
from bench.contacts_book import AT
from dunwell.engine.contact.rule_findings import say
from dunwell.rulebook.rules_file import house_rules


class TestTheFloorOfTheContactRules:
    """Two ways to count the same windows."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        contacts_book.write(tmp_path, 4_000)
        contacts_floor.prepare(tmp_path)
        contacts_floor.count(tmp_path)
        say(contacts_book.read(tmp_path), house_rules(), AT.date()).findings.write_parquet(tmp_path / "said.parquet")
        return tmp_path

    def test_finds_the_counts_that_the_rules_tell(self, folder: Path) -> None:
        assert contacts.counts(folder) > 100

    def test_is_told_apart_by_a_single_count(self, folder: Path) -> None:
        rule = contacts_floor.counts(folder)["rule"].sort()[0]
        said = pl.read_parquet(folder / "said.parquet")
        more = said.with_columns(count=pl.col("count") + (pl.col("rule") == rule))
        more.write_parquet(folder / "said.parquet")
        with pytest.raises(RuntimeError, match=rule):
            contacts.counts(folder)
