"""The catalogue of errors: complete, in three languages, and safe to print."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, Refused, catalogue, say
from dunwell.core.terms import LANGUAGES
from tests.conftest import ROOT

CODES = sorted(catalogue())
RAISED = re.compile(r"""(?:DunwellError|Refused)\(\s*f?"([a-z_]+\.[a-z_]+)\"""")


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


class TestTheCatalogue:
    @pytest.mark.parametrize("code", CODES)
    def test_says_every_code_in_three_languages_with_the_same_parameters(self, code):
        words = catalogue()[code]
        assert set(words) == set(LANGUAGES)
        assert len({frozenset(names_in(template)) for template in words.values()}) == 1
        assert all(template.strip() for template in words.values())

    @pytest.mark.parametrize("code", CODES)
    def test_fills_plain_names_only(self, code):
        for template in catalogue()[code].values():
            assert all(name.isidentifier() for name in names_in(template)), "no attributes or items of a value"

    def test_keeps_the_two_chinese_scripts_apart(self):
        simplified, traditional = set("发账邮数设为从请无么"), set("發賬郵數設為從請無麼")
        for words in catalogue().values():
            assert not traditional & set(words["zh-Hans"])
            assert not simplified & set(words["zh-Hant"])

    def test_knows_every_code_that_the_program_raises(self):
        raised = {
            code
            for file in (ROOT / "dunwell").rglob("*.py")
            for code in RAISED.findall(file.read_text(encoding="utf-8"))
        }
        assert len(raised) > 10
        assert raised <= set(catalogue())


class TestAnError:
    def test_speaks_the_language_asked_for(self):
        error = DunwellError("work.busy", kind="run")
        assert error.words("en").startswith("Another run is at work")
        assert error.words("zh-Hans").startswith("另一个 run")
        assert error.words("zh-Hant").startswith("另一個 run")
        assert str(error) == error.words()

    def test_falls_back_to_english(self):
        assert Refused("work.busy", kind="run").words("fr").startswith("Another run")

    def test_of_an_unknown_code_is_a_mistake_of_ours(self):
        with pytest.raises(KeyError):
            DunwellError("no.such_code")

    def test_may_have_a_parameter_named_code(self):
        assert "acme" in DunwellError("creditor.unknown", code="acme", codes="main").words()

    @pytest.mark.parametrize(
        ("hostile", "shown"),
        [
            ("a\nb", r"a\nb"),
            ("\x1b[31mred", r"\x1b[31mred"),
            ("\x00", r"\x00"),
            ("abc\u202edcb", r"abc\u202edcb"),
            ("\u2066x\u2069", r"\u2066x\u2069"),
            ("a\u2028b", r"a\u2028b"),
            ("{name} {0} %s", "{name} {0} %s"),
            ("善收 <b>&amp;", "善收 <b>&amp;"),
        ],
    )
    def test_shows_hostile_values_escaped(self, hostile, shown):
        assert shown in say("settings.bad_value", "en", name="x", value=hostile, expected="y")

    @given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(LANGUAGES))
    def test_stays_on_one_line_whatever_the_value(self, value, language):
        said = say("settings.bad_value", language, name="x", value=value, expected="y")
        assert len(said.splitlines()) == 1
        assert "\x1b" not in said


class TestADate:
    def test_is_never_ambiguous(self):
        from datetime import date

        assert format_date(date(2026, 11, 2), "en") == "2 November 2026"
        assert format_date(date(2026, 11, 2), "zh-Hans") == "2026年11月2日"
        assert format_date(date(2026, 11, 2), "zh-Hant") == "2026年11月2日"
