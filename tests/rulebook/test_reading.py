"""Rules that cannot be trusted and strategies that cannot be followed are refused, in words that say why."""

from datetime import date
from typing import Any

import pytest
import yaml

from dunwell.rulebook.rules_file import RuleError, Rules, house_rules, read_rules

COUNT = {"most": 7, "days": 7, "per": "person", "outcomes": ["no_answer"]}
NEW_YEAR = {date(2026, 1, 1): COUNT}


def rule(**changes: Any) -> dict[str, Any]:
    """A good rule, changed; None takes a key away."""
    good = {
        "id": "x.cap",
        "title": {"en": "Enough", "zh-Hans": "够了", "zh-Hant": "夠了"},
        "applies": {"channel": ["phone"], "place": ["US"]},
        "kind": "count",
        "effect": "forbidden",
        "strength": "law",
        "values": NEW_YEAR,
        "citation": {"source": "a law", "confidence": "official", "quote": ""},
        "review_by": date(2027, 1, 1),
        "cases": [{"name": "one", "contacts": [], "finding": "allowed"}],
    } | changes
    return {key: value for key, value in good.items() if value is not None}


def of(kind: str, **values: Any) -> dict[str, Any]:
    """What changes a good rule to one of another kind, with these values."""
    return {"kind": kind, "values": {date(2026, 1, 1): values}}


def exception(name: str, lifts: bool, confidence: str = "official", **applies: list[str]) -> dict[str, Any]:
    """A good exception of `x.cap`."""
    citation = {"source": "a law", "confidence": confidence, "quote": "words"}
    return rule(id=name, excepts="x.cap", applies=applies, citation=citation, **of("exception", lifts=lifts))


def read(*rules: object) -> Rules:
    return read_rules({"x/x.yaml": yaml.safe_dump(list(rules), allow_unicode=True)})


WEIGHTS = dict.fromkeys(("email", "letter", "sms", "phone", "visit", "im", "reached"), 1)
OFFICE = {"from": "08:00", "until": "18:00", "weekdays": [1, 2, 3, 4, 5]}


class TestARule:
    def test_that_is_whole_is_read(self) -> None:
        found = read(rule())
        assert found.named("x.cap").on(date(2025, 12, 31)) is None
        told = found.named("x.cap").on(date(2026, 1, 1))
        assert told is not None
        assert told == COUNT | {"direction": "out", "minutes": None, "after_first": [], "by": "anybody"}
        assert found.in_force(date(2025, 12, 31), "count") == []
        assert (found.named("x.cap").pack, found.named("x.cap").channels) == ("x", ("phone",))
        with pytest.raises(KeyError):
            found.named("y")

    def test_ends_where_its_values_are_null(self) -> None:
        found = read(rule(values=NEW_YEAR | {date(2026, 5, 1): None, date(2026, 7, 1): COUNT | {"most": 3}}))
        on = {day: found.in_force(day, "count") for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 7, 1))}
        assert [[value["most"] for _, value in told] for told in on.values()] == [[7], [], [3]]

    @pytest.mark.parametrize(
        ("effect", "binds"),
        [("forbidden", "advice"), ("presumed-violation", "advice"), ("advice", "advice"), ("note", "note")],
    )
    def test_that_is_only_recalled_never_binds(self, effect: str, binds: str) -> None:
        recalled = {"source": "a law", "confidence": "recalled"}
        found = read(rule(effect=effect, citation=recalled), rule(id="y.cap", effect=effect))
        assert (found.named("x.cap").effect, found.named("y.cap").effect) == (binds, effect)
        assert [each.id for each in found.binding.rules] == ["y.cap"]

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"citation": None}, "a rule has the keys"),
            ({"extra": 1}, "a rule has the keys"),
            ({"strength": None}, "a rule has the keys"),
            ({"cases": None}, "a rule has the keys"),
            ({"citation": {"confidence": "official"}}, "needs the source"),
            ({"citation": {"source": " ", "confidence": "official"}}, "needs the source"),
            ({"citation": {"source": "a law"}}, "confidence is one of"),
            ({"citation": {"source": "a law", "confidence": "somebody said"}}, "confidence is one of"),
            ({"citation": {"source": "a law", "confidence": "official", "page": 3}}, "citation is a table of"),
            ({"citation": "a law"}, "citation is a table"),
            ({"title": "Enough"}, "title is a table"),
            ({"applies": ["phone"]}, "applies is a table"),
            ({"values": 7}, "values is a table"),
            ({"cases": []}, "without a case"),
            ({"cases": {"name": "one"}}, "without a case"),
            ({"cases": [{"name": "one"}]}, "a case has a name, a situation, and a finding"),
            ({"cases": [{"finding": "allowed"}]}, "a case has a name"),
            ({"cases": [{"name": "one", "finding": "tolerated"}]}, "a finding of advice, allowed, forbidden"),
            ({"cases": ["one"]}, "a case has a name"),
            ({"given": ["at"]}, "given is a table"),
            ({"title": {"en": "Enough", "zh-Hans": "够了"}}, "title needs en, zh-Hans, zh-Hant"),
            ({"title": {"en": "Enough", "zh-Hans": "够了", "zh-Hant": ""}}, "title needs"),
            ({"kind": "mood"}, "unknown kind, effect or strength"),
            ({"effect": "maybe"}, "unknown kind, effect or strength"),
            ({"strength": "strong"}, "unknown kind, effect or strength"),
            ({"strength": "house"}, "a house rule is cited as the house's"),
            ({"citation": {"source": "us", "confidence": "house"}}, "a house rule is cited as the house's"),
            ({"first_day": "perhaps"}, "first_day is one of told, year_only, not_told"),
            ({"excepts": "y"}, "an exception, and nothing else, names what it excepts"),
            (of("exception", lifts=True), "an exception, and nothing else, names what it excepts"),
            ({"excepts": "y"} | of("exception", lifts=False, begun=["same_channel"]), "asked where an exception lifts"),
            ({"excepts": "y"} | of("exception", lifts=True, begun=["same_mood"]), "begun is a list of same_channel"),
            ({"excepts": "y"} | of("exception", lifts=True, begun="same_channel"), "begun is a list of same_channel"),
            ({"excepts": "y"} | of("exception", lifts=True), "excepts names no rule: y"),
            ({"unless": ["a_smile"]}, "unless is a list of cease_request"),
            ({"unless": "consent"}, "unless is a list of"),
            ({"rebuttal": ["Not a code"]}, "rebuttal is a list of codes"),
            ({"rebuttal": "wrong_number"}, "rebuttal is a list of codes"),
            ({"review_by": "soon"}, "review_by is a day"),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(RuleError, match=why) as caught:
            read(rule(**changes))
        assert "x.cap" in str(caught.value)

    @pytest.mark.parametrize(
        ("applies", "why"),
        [
            ({"channel": ["telex"]}, "channel is some of email, letter"),
            ({"channel": "phone"}, "channel is a list of words"),
            ({"channel": []}, "channel is a list of words"),
            ({"channel": [1]}, "channel is a list of words"),
            ({"weather": ["rain"]}, "applies names weather, known are place, debtor"),
            ({"debtor": ["natural person"]}, "debtor is some of consumer, business"),
            ({"place": ["usa"]}, "a place is a country or a part of it"),
            ({"place": ["US-NEVADA"]}, "a place is a country or a part of it"),
            ({"at_place": ["moon"]}, "at_place is some of"),
        ],
    )
    def test_whose_scope_nobody_knows_is_refused(self, applies: dict[str, Any], why: str) -> None:
        with pytest.raises(RuleError, match=f"x/x.yaml: 'x.cap': {why}"):
            read(rule(applies=applies))

    @pytest.mark.parametrize("place", ["EU", "US", "CA-ON", "GB-EAW"])
    def test_holds_in_a_country_a_part_of_it_or_the_union(self, place: str) -> None:
        assert read(rule(applies={"place": [place]})).named("x.cap").scope.lists["place"] == {place}

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"values": {}}, "values are given from a day on"),
            ({"values": {"always": COUNT}}, "values are given from a day on"),
            (of("count", most=7, days=7), "values of the kind count need: most, outcomes, per"),
            (of("count", **COUNT, hours=3), "values of the kind count need"),
            ({"values": {date(2026, 1, 1): [7, 7]}}, "values of the kind count need"),
            (of("count", **(COUNT | {"most": -1})), "most is a whole number, at least 0"),
            (of("count", **(COUNT | {"most": True})), "most is a whole number"),
            (of("count", **(COUNT | {"days": 0})), "days is a whole number, at least 1"),
            (of("count", **COUNT, by="everybody"), "by is one of anybody, collector"),
            (of("count", **COUNT, minutes=5), "a count looks back some days, or some minutes"),
            (of("count", **(COUNT | {"days": None, "minutes": 1.5})), "minutes is a whole number"),
            (of("count", **(COUNT | {"per": "city"})), "per is one of person, account, debt, address"),
            (of("count", **(COUNT | {"outcomes": ["lost"]})), "outcomes is a list of reached"),
            (of("count", **(COUNT | {"outcomes": "reached"})), "outcomes is a list of reached"),
            (of("count", **COUNT, after_first=["lost"]), "after_first is a list of reached"),
            (of("count", **COUNT, direction="up"), "direction is one of out, in, any"),
            (of("wait", days=0, per="debt", after=["reached"]), "days is a whole number, at least 1"),
            (of("wait", days=7, per="debt", after=["lost"]), "after is a list of"),
            (of("wait", days=7, per="city", after=["reached"]), "per is one of"),
            (of("wait", days=7, per="debt", after=["reached"], direction="up"), "direction is one of"),
            (of("wait", days=7, after=["reached"]), "values of the kind wait need: after, days, per"),
            (of("intensity", days=7, most=8, weights={"email": 1}), "weights are whole numbers for each of"),
            (of("intensity", days=7, most=8, weights=WEIGHTS | {"im": -1}), "weights are whole numbers"),
            (of("intensity", days=7, most=0, weights=WEIGHTS), "most is a whole number, at least 1"),
            (of("intensity", days=0, most=8, weights=WEIGHTS), "days is a whole number, at least 1"),
            (of("register", entries=["mood"]), "entries is a list of"),
            (of("register"), "values of the kind register need: entries"),
            (of("requires", entry="mood"), "entry is one of"),
            (of("requires", entry="notice_sent", days_after=-1), "days_after is a whole number, at least 0"),
            (of("requires", entry="notice_sent", within_days=0), "within_days is a whole number, at least 1"),
            (of("requires", entry="notice_sent", purpose="The notice"), "purpose is a code"),
            (of("visitors", least=0), "least is a whole number, at least 1"),
            (of("complaint", days=3), "values of the kind complaint need: none; may have: none"),
            (of("never", days=3), "values of the kind never need: none"),
            (of("promise", grace_days=-1), "grace_days is a whole number, at least 0"),
            (of("promise"), "values of the kind promise need: grace_days"),
            (of("season"), "a season has spans"),
            (of("season", spans=[[date(2026, 2, 2), date(2026, 2, 1)]]), "two days, the first not after the second"),
            (of("season", spans=[[date(2026, 2, 2)]]), "a span of a season is two days"),
            (of("season", spans=[["2026-02-02", "2026-02-03"]]), "a span of a season is two days"),
            (of("season", yearly=[["12-24"]]), "a span of each year is two days"),
            (of("season", yearly=[["12-24", "12-32"]]), "a span of each year is two days"),
            (of("season", yearly=[["12-24", "01-02"]]), "does not pass the year's end"),
            (of("content", must=["An opt-out"]), "must is a list of codes"),
            (of("content", must_not="threats"), "must_not is a list of codes"),
            (of("recording", may="perhaps"), "may is one of required, allowed, ask, forbidden"),
            (of("conduct", points=["Be kind"]), "points is a list of codes"),
            (of("hours", **OFFICE, spans=[OFFICE]), "hours are one span, or a list of spans"),
            (of("hours", spans=["08:00"]), "a span of hours has from, until and weekdays"),
            (of("hours"), "a span of hours has from, until and weekdays"),
            (of("hours", spans=[{"from": "08:00", "until": "18:00"}]), "a span of hours has from, until and weekdays"),
            (of("hours", **(OFFICE | {"from": "8:00"})), 'hours are written like "08:00"'),
            (of("hours", **(OFFICE | {"from": 800})), 'hours are written like "08:00"'),
            (of("hours", **(OFFICE | {"until": "25:00"})), 'hours are written like "08:00"'),
            (of("hours", **(OFFICE | {"until": "08:00"})), "hours end after they begin"),
            (of("hours", **(OFFICE | {"until": "24:30"})), "hours end after they begin"),
            (of("hours", **(OFFICE | {"from": "02:30"})), "between 0 and 4 o'clock"),
            (of("hours", **(OFFICE | {"weekdays": [0]})), "weekdays are numbers from 1"),
            (of("hours", **(OFFICE | {"weekdays": []})), "weekdays are numbers from 1"),
            (of("hours", **OFFICE, until_included="yes"), "until_included is true or false"),
            (of("hours", **OFFICE, holidays="half"), "holidays are one of open, closed, nationwide"),
        ],
    )  # fmt: skip
    def test_whose_values_say_nothing_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(RuleError, match=why) as caught:
            read(rule(**changes))
        assert "x/x.yaml: 'x.cap'" in str(caught.value)

    def test_that_stands_twice_is_refused(self) -> None:
        with pytest.raises(RuleError, match=r"x\.cap stands twice"):
            read(rule(), rule())

    @pytest.mark.parametrize("text", ["- just words", "{a: 1}", "- [", "5", "- [1, 2]"])
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(RuleError):
            read_rules({"x/x.yaml": text})

    def test_gives_what_all_its_cases_share_once(self) -> None:
        shared = {"channel": "phone", "debtor": {"kind": "consumer", "country": "US"}}
        cases = [{"name": "at home", "debtor": {"country": "CN"}, "finding": "allowed"}]
        [case] = read(rule(given=shared, cases=cases)).named("x.cap").cases
        assert (case["channel"], case["debtor"]) == ("phone", {"kind": "consumer", "country": "CN"})

    def test_has_a_review_day_ahead_of_its_values(self) -> None:
        for each in house_rules().rules:
            assert each.review_by > each.values[-1][0], each.id

    def test_text_changes_the_hash(self) -> None:
        texts = house_rules().texts
        assert read_rules({name: text + "\n" for name, text in texts.items()}).hash != house_rules().hash
        assert read_rules(dict(texts)).hash == house_rules().hash


class TestAnException:
    def test_lifts_its_rule_or_speaks_inside_another_that_does(self) -> None:
        found = read(
            rule(), exception("wide", lifts=True, debtor=["business"]),
            exception("narrow", lifts=False, debtor=["business"], collector=["agency"]),
        )  # fmt: skip
        assert [each.excepts for each in found.rules if each.kind == "exception"] == ["x.cap"] * 2

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"debtor": ["business"]}, {"collector": ["agency"]}),
            ({"debtor": ["business"]}, {"debtor": ["business"]}),
            ({}, {}),
            ({"place": ["CA"], "debtor": ["business"]}, {"place": ["CA-ON"]}),
            ({"place": ["EU"], "debtor": ["business"]}, {"place": ["DE"]}),
        ],
    )
    def test_that_contradicts_another_where_both_hold_does_not_load(
        self, one: dict[str, list[str]], other: dict[str, list[str]]
    ) -> None:
        with pytest.raises(RuleError, match=r"a and b are exceptions of x\.cap that contradict one another"):
            read(rule(), exception("a", lifts=True, **one), exception("b", lifts=False, **other))
        assert len(read(rule(), exception("a", lifts=True, **one), exception("b", lifts=True, **other)).rules) == 3

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"debtor": ["business"]}, {"debtor": ["consumer"]}),
            ({"place": ["CA"]}, {"place": ["US"]}),
            ({"place": ["CA"]}, {"place": ["CA-ON"]}),
            ({"place": ["EU"]}, {"place": ["DE"]}),
        ],
    )
    def test_that_holds_elsewhere_or_inside_another_loads(
        self, one: dict[str, list[str]], other: dict[str, list[str]]
    ) -> None:
        assert len(read(rule(), exception("a", lifts=True, **one), exception("b", lifts=False, **other)).rules) == 3

    def test_that_has_ended_contradicts_nothing(self) -> None:
        ended = exception("a", lifts=True) | {"values": {date(2025, 1, 1): {"lifts": True}, date(2026, 1, 1): None}}
        assert len(read(rule(), ended, exception("b", lifts=False)).rules) == 3

    @pytest.mark.parametrize("excepts", ["y", "b"])
    def test_of_no_rule_is_refused(self, excepts: str) -> None:
        with pytest.raises(RuleError, match=f"a: excepts names no rule: {excepts}"):
            read(rule(), exception("a", lifts=True) | {"excepts": excepts}, exception("b", lifts=True))

    def test_lifts_or_does_not(self) -> None:
        with pytest.raises(RuleError, match="lifts is true or false"):
            read(rule(), exception("a", lifts=True) | {"values": {date(2026, 1, 1): {"lifts": "often"}}})
