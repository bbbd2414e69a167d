"""The help of `dunwell import` and the page of files say what the program does, because they are made from it."""

from pathlib import Path

import pytest

from dunwell.actions.importing.open_items import FEWEST_ITEMS, LARGEST_SHARE_BP
from dunwell.intake import KINDS, load_mapping
from dunwell.intake.columns import REQUIRED, fields, names, names_of, plain
from dunwell.jobs.import_help import EXAMPLE, help_text, optional
from tools.docs import files_page


class TestHelpOfImport:
    def test_names_the_share_that_may_disappear_and_what_happens_beyond_it(self) -> None:
        said = " ".join(help_text().split())
        assert f"more than {LARGEST_SHARE_BP // 100} %" in said
        assert f"at least {FEWEST_ITEMS} items" in said
        assert "--accept-disappeared" in said

    def test_shows_a_mapping_file_that_can_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "mapping.toml").write_text(EXAMPLE, encoding="utf-8")
        mapping = load_mapping(tmp_path / "mapping.toml")
        assert mapping.columns == {"Beleg": "number", "Kunde": "debtor"}
        assert EXAMPLE.splitlines()[0] in help_text()

    @pytest.mark.parametrize("kind", KINDS)
    def test_lists_every_field(self, kind: str) -> None:
        needed = {field for group in REQUIRED[kind] for field in group}
        assert needed | set(optional(kind)) == set(fields(kind))
        assert all(field in help_text() for field in fields(kind))


class TestPageOfFiles:
    @pytest.mark.parametrize("kind", KINDS)
    def test_lists_names_that_are_recognised_as_their_field(self, kind: str) -> None:
        for field, listed in names_of(kind).items():
            assert {names(kind)[plain(name)] for name in listed} <= {field}
            assert f"| `{field}` | {', '.join(listed)} |" in files_page()
