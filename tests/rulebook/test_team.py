"""A team is read from YAML, and every fault is told by its line."""

import pytest

from dunwell.core.errors import DunwellError
from dunwell.rulebook.team import check_team, read_team

GOOD = """\
name: trade
collectors:
  - {collector: Anna Wei, languages: [zh-Hans], stages: [call, person], hours: {mon: 7, fri: 3:30}}
  - {collector: ben, hours: {}}
portfolios:
  - {portfolio: large, when: amount >= 1000, collectors: [Anna Wei]}
  - {portfolio: rest, collectors: [ben, Anna Wei]}
"""


class TestATeam:
    def test_is_read(self) -> None:
        found = read_team(GOOD)
        anna, ben = found.collectors
        assert (anna.name, anna.minutes, ben.minutes) == ("Anna Wei", {"mon": 420, "fri": 210}, {})
        assert anna.can("zh-Hans", 30)
        assert not anna.can("en", 30)
        assert not anna.can("zh-Hans", 100)
        assert ben.can("en", 100)
        assert found.columns == {"amount"}
        assert found.portfolios[1].collectors == ("ben", "Anna Wei")

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("collector: ben", "collector: Anna Wei", (4, "team.twice")),
            ("collector: ben", "collector: '#1'", (4, "team.bad_name")),
            ("mon: 7", "mon: 25", (3, "team.wants_hours")),
            ("mon: 7", "mon: -1", (3, "team.wants_hours")),
            ("mon: 7", "mon: 7.5", (3, "team.wants_hours")),
            ("mon: 7", "monday: 7", (3, "strategy.unknown_key")),
            ("[zh-Hans]", "[zh]", (3, "strategy.unknown_word")),
            ("[call, person]", "[knock]", (3, "strategy.unknown_word")),
            ("[call, person]", "[]", (3, "team.empty")),
            ("collectors: [Anna Wei]", "collectors: [carl]", (6, "strategy.unknown_word")),
            ("amount >= 1000", "ammount >= 1000", (6, "strategy.unknown_column_near")),
            ("amount >= 1000", "amount >= 1e999999999", (6, "strategy.wants_number")),
            ("portfolio: rest,", "portfolio: rest, when: vip,", (7, "team.last_for_all")),
            ("when: amount >= 1000, ", "", (6, "team.takes_all")),
            ("name: trade\n", "", (1, "strategy.missing_key")),
        ],
    )
    def test_with_a_fault_is_refused_by_its_line(self, old: str, new: str, fault: tuple[int, str]) -> None:
        assert old in GOOD
        found, faults = check_team(GOOD.replace(old, new))
        assert found is None
        assert fault in [(each.line, each.error.code) for each in faults]
        with pytest.raises(DunwellError, match="Line "):
            read_team(GOOD.replace(old, new))
