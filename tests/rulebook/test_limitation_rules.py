"""The rules of limitation: their own cases, asked of the engine, and what is refused because it cannot be trusted."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from dunwell.engine.limitation.clock import court_dates
from dunwell.rulebook.limitation_rules import (
    ACTS,
    CLAIM_KINDS,
    EVENT_KINDS,
    PROCEEDINGS,
    Clock,
    Deadline,
    limitation_rules,
    read_limitation_rules,
)
from dunwell.rulebook.rules_file import RuleError, house_rules
from tests.conftest import ROOT
from tests.engine.limitation_books import answer, claim, event, frames

RULES = limitation_rules()
CASES = [pytest.param(rule, case, id=f"{rule.id}: {case['name']}") for rule in RULES.clocks for case in rule.cases]
DEADLINES = [
    pytest.param(rule, case, id=f"{rule.id}: {case['date']}") for rule in RULES.deadlines for case in rule.cases
]
EARLY, DAY = date(1900, 1, 1), timedelta(1)


def asked(case: dict[str, Any], as_of: date) -> dict[str, Any]:
    """The clock of a case. Its events are proven unless it says otherwise."""
    events = [
        event(each["kind"], each["date"], number, until_date=each.get("until"), proof=each.get("proof", "a receipt"))
        for number, each in enumerate(case.get("events", []), 1)
    ]
    owed = claim(
        place=case["place"],
        kind=case["kind"],
        due_date=case["due"],
        arose_date=case.get("arose"),
        last_instalment_date=case.get("last_instalment"),
        agreed_until=case.get("agreed_until"),
        debtor_kind=case.get("debtor", "business"),
    )
    return answer(owed, events, as_of)


class TestTheCase:
    @pytest.mark.parametrize(("rule", "case"), CASES)
    def test_of_a_clock_is_what_the_engine_finds(self, rule: Clock, case: dict[str, Any]) -> None:
        last = max([case["strict"], *(each["date"] for each in case.get("events", []))])
        found = asked(case, last)
        assert (found["cautious_date"], found["strict_date"]) == (case["cautious"], case["strict"])
        assert {cover.place for cover in rule.covers} >= {case["place"]}

    @pytest.mark.parametrize(("rule", "case"), CASES)
    def test_of_a_clock_turns_on_the_exact_day(self, rule: Clock, case: dict[str, Any]) -> None:
        last = max(each["date"] for each in [*case.get("events", []), {"date": EARLY}])
        if last <= case["cautious"]:
            assert asked(case, case["cautious"])["state"] == "running"
        if last <= case["strict"]:
            assert not asked(case, case["strict"])["time_barred"]
        over = asked(case, max(last, case["strict"] + DAY))
        assert over["time_barred"]
        assert over["state"] in ("expired", "extinguished")

    @pytest.mark.parametrize(("rule", "case"), DEADLINES)
    def test_of_a_court_paper_is_what_the_engine_finds(self, rule: Deadline, case: dict[str, Any]) -> None:
        claims, events = frames([claim(place=rule.place)], [event(rule.event, case["date"])])
        found = {row["rule"]: row["last_date"] for row in court_dates(claims, events, RULES).to_dicts()}
        assert found[rule.id] == case["last"]


class TestTheHouseRules:
    def test_say_of_every_event_what_it_does(self) -> None:
        for clock in RULES.clocks:
            for terms in clock.versions:
                assert set(terms.effects) == set(EVENT_KINDS) - {"proceedings_ended"}

    def test_quote_only_what_stands_in_the_text_at_hand(self, shared_data: Path) -> None:
        text = " ".join((shared_data / "law" / "reg_f_2026-03.txt").read_text(encoding="utf-8").split())
        quotes = [rule.citation.quote for rule in RULES.threats if rule.citation.quote]
        assert len(quotes) == 1
        assert all(quote in text for quote in quotes)

    def test_are_unverified_wherever_no_official_wording_is_at_hand(self) -> None:
        assert not any(clock.verified for clock in RULES.clocks)
        assert {rule.id for rule in RULES.threats if rule.citation.verified} == {"us.no-suit-when-barred"}
        # the weaker source counts
        assert {clock.id: clock.confidence for clock in RULES.clocks}["uk.england-wales"] == "recalled"

    def test_give_periods_for_a_few_american_states_from_memory_and_none_for_the_whole_country(self) -> None:
        places = {cover.place for clock in RULES.clocks for cover in clock.covers if cover.place.startswith("US")}
        assert places == {"US-CA", "US-FL", "US-IL", "US-NY", "US-TX"}
        states = [clock for clock in RULES.clocks if clock.id.startswith("us-")]
        assert {(clock.citation.confidence, clock.citation.quote) for clock in states} == {("recalled", "")}

    def test_give_every_american_claim_that_has_one_date_the_other_one_too(self) -> None:
        covered: dict[str, set[tuple[str, str, str]]] = {"cautious": set(), "strict": set()}
        for cover in (cover for clock in RULES.clocks for cover in clock.covers if cover.place.startswith("US")):
            for reading in (cover.reading,) if cover.reading else tuple(covered):
                covered[reading] |= {(cover.place, kind, debtor) for kind in cover.kinds for debtor in cover.debtors}
        assert covered["cautious"] == covered["strict"]
        assert len(covered["strict"]) == 5 * 3 * 2

    def test_are_told_in_the_table_of_the_page(self) -> None:
        page = (ROOT / "docs" / "limitation.md").read_text(encoding="utf-8")
        rows = {line.split("|")[1].strip().strip("`"): line for line in page.splitlines() if line.startswith("| `")}
        assert set(rows) == {clock.id for clock in RULES.clocks}
        for clock in RULES.clocks:
            terms = clock.versions[-1]
            period = f"{terms.months // 12} years" if terms.months % 12 == 0 else f"{terms.months} months"
            helps = [act for act in ACTS if terms.effects[act] in ("restarts", "saves", "suspends")]
            assert f"| {period} " in rows[clock.id], clock.id
            assert all(act.replace("_", " ") in rows[clock.id] for act in helps), clock.id
            assert f"| {clock.confidence} |" in rows[clock.id], clock.id

    def test_read_the_same_every_time(self) -> None:
        again = read_limitation_rules(dict(RULES.texts))
        assert again == RULES
        changed = {name: text + "\n" for name, text in RULES.texts.items()}
        assert read_limitation_rules(changed).hash != RULES.hash


def effects() -> dict[str, list[str]]:
    return {"restarts": ["demand"], "nothing": [kind for kind in (*ACTS, "obstacle") if kind != "demand"]}


def values(**changes: Any) -> dict[str, Any]:
    """Good values, changed; None takes a key away."""
    good = {
        "period": {"years": 3},
        "start": {"cautious": "due", "strict": "day_after_due"},
        "instalments": "each",
        "agreed": False,
        "moves_from_days_off": False,
        "at_end": "barred",
        "after_end": "nothing",
        "effects": effects(),
        "end_of_proceedings": "nothing",
    } | changes
    return {key: value for key, value in good.items() if value is not None}


def clock(**changes: Any) -> dict[str, Any]:
    """A good clock, changed; None takes a key away."""
    good = {
        "id": "x.clock",
        "kind": "clock",
        "title": {"en": "Long", "zh-Hans": "长", "zh-Hant": "長"},
        "covers": [{"place": "XX", "kinds": ["general"]}],
        "values": {date(2020, 1, 1): values()},
        "citation": {"source": "a law", "confidence": "official", "quote": ""},
        "effects_citation": {"source": "a law", "confidence": "copy", "quote": ""},
        "review_by": date(2027, 1, 1),
        "cases": [
            {
                "name": "one",
                "place": "XX",
                "kind": "general",
                "due": date(2023, 1, 1),
                "cautious": date(2026, 1, 1),
                "strict": date(2026, 1, 2),
            }
        ],
    } | changes
    return {key: value for key, value in good.items() if value is not None}


def with_values(**changes: Any) -> dict[str, Any]:
    return {"values": {date(2020, 1, 1): values(**changes)}}


def read(*rules: object) -> Any:
    return read_limitation_rules({"x.yaml": yaml.safe_dump(list(rules), allow_unicode=True)})


class TestARule:
    def test_that_is_whole_is_read(self) -> None:
        found = read(clock()).clocks[0]
        assert (found.versions[0].months, found.verified, found.confidence) == (36, False, "copy")

    def test_is_verified_only_when_both_its_sources_are(self) -> None:
        quoted = {"source": "a law", "confidence": "official", "quote": "three years"}
        assert not read(clock(citation=quoted)).clocks[0].verified
        assert read(clock(citation=quoted, effects_citation=quoted)).clocks[0].verified

    def test_takes_the_version_in_force(self) -> None:
        later = {date(2020, 1, 1): values(), date(2030, 1, 1): values(period={"years": 5})}
        found = read(clock(values=later)).clocks[0]
        assert [found.on(day).months for day in (date(2000, 1, 1), date(2029, 12, 31), date(2030, 1, 1))] == [
            36,
            36,
            60,
        ]

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"citation": None}, "exactly the keys"),
            ({"citation": {"confidence": "official"}}, "needs the source"),
            ({"effects_citation": {"source": "x", "confidence": "rumour"}}, "confidence is one of"),
            ({"cases": []}, "without a case"),
            ({"title": {"en": "Long", "zh-Hans": "长"}}, "title needs"),
            ({"title": {"en": "Long", "zh-Hans": "长", "zh-Hant": 5}}, "title needs"),
            ({"kind": "law"}, "kind is one of"),
            ({"id": 5}, "id is a word"),
            ({"review_by": "soon"}, "review_by is a day"),
            ({"extra": 1}, "exactly the keys"),
            ({"covers": []}, "covers is a list"),
            ({"covers": [{"place": "XX", "kinds": ["loan"]}]}, "loan is unknown"),
            ({"covers": [{"place": "XX", "kinds": ["general"], "date": "late"}]}, "cautious or strict"),
            ({"covers": [{"place": "XX", "kinds": ["general"]}] * 2}, "XX general cautious business stands twice"),
            ({"values": {}}, "from a day on"),
            ({"values": {"always": values()}}, "is a day"),
            (with_values(period={"years": 0}), "from 1 to 100"),
            (with_values(period={"years": True}), "from 1 to 100"),
            (with_values(period={"years": 3.5}), "from 1 to 100"),
            (with_values(period={"years": 3, "months": 1}), "a number of years or of months"),
            (with_values(period={}), "a number of years or of months"),
            (with_values(start={"cautious": "due"}), "start is a table"),
            (with_values(start={"cautious": "due", "strict": "some day"}), "start is one of"),
            (with_values(instalments="first"), "instalments is one of"),
            (with_values(agreed=1), "agreed is one of"),
            (with_values(moves_from_days_off="no"), "moves_from_days_off is one of"),
            (with_values(at_end="gone"), "at_end is one of"),
            (with_values(after_end=None), "values is a table"),
            (with_values(surprise=1), "values is a table"),
            (with_values(effects={"restarts": ["demand"]}), "the effect of suit, .* is missing"),
            (with_values(effects=effects() | {"saves": ["demand"]}), "demand has two effects"),
            (with_values(effects=effects() | {"revives": ["demand"]}), "effects is a table"),
            (with_values(effects=effects() | {"restarts": ["miracle"]}), "miracle is unknown"),
            (with_values(effects=effects() | {"restarts": ["obstacle"]}), "obstacle is unknown"),
            (with_values(effects=effects() | {"suspends": ["demand"]}), "demand is unknown"),
            (with_values(obstacle_months=6), "obstacle is said in both places"),
            (with_values(lapse={"unless": ["demand"], "months": 6}), "lapses is said in both places"),
            (with_values(then="x.clock"), "saves is said in both places"),
            (with_values(outer_years=2), "not shorter than the period"),
            ({"cases": [{"name": "one"}]}, "a case is a table"),
            ({"cases": [clock()["cases"][0] | {"place": "YY"}]}, "about another claim"),
            ({"cases": [clock()["cases"][0] | {"strict": "2026-01-02"}]}, "strict is a day"),
            (
                {"cases": [clock()["cases"][0] | {"events": [{"date": date(2024, 1, 1), "kind": "curse"}]}]},
                "no kind of",
            ),
        ],
    )
    def test_that_cannot_be_trusted_is_refused(self, changes: dict[str, Any], why: str) -> None:
        with pytest.raises(RuleError, match=why):
            read(clock(**changes))

    def test_that_stands_twice_is_refused(self) -> None:
        with pytest.raises(RuleError, match=r"x\.clock stands twice"):
            read(
                clock(),
                clock(covers=[{"place": "YY", "kinds": ["general"]}], cases=[clock()["cases"][0] | {"place": "YY"}]),
            )

    def test_that_leads_to_no_other_rule_is_refused(self) -> None:
        saved = {"saves": ["demand"], "nothing": effects()["nothing"]}
        with pytest.raises(RuleError, match=r"x\.none cannot follow"):
            read(clock(**with_values(effects=saved, then="x.none")))
        with pytest.raises(RuleError, match=r"x\.clock cannot follow"):
            read(clock(**with_values(effects=saved, then="x.clock")))

    def test_with_a_key_twice_is_refused(self) -> None:
        text = yaml.safe_dump([clock()]).replace("  id: x.clock\n", "  id: x.clock\n  id: y.clock\n")
        with pytest.raises(RuleError, match="id stands twice"):
            read_limitation_rules({"x.yaml": text})

    @pytest.mark.parametrize(
        "text", ["- just words", "{a: 1}", "- [", "5", "- {? [a] : 1}", "- !!python/object:os.x {}"]
    )
    def test_of_no_known_shape_is_refused(self, text: str) -> None:
        with pytest.raises(RuleError, match=r"x\.yaml"):
            read_limitation_rules({"x.yaml": text})

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"debtors": ["state"]}, "state is unknown"),
            ({"debtors": []}, "debtors is a list"),
            ({"places": "US"}, "places is a list"),
            ({"cases": []}, "exactly the keys"),
        ],
    )
    def test_about_threats_is_refused_when_unclear(self, changes: dict[str, Any], why: str) -> None:
        good = {key: clock()[key] for key in ("id", "title", "citation", "review_by")}
        threat = good | {"kind": "threat", "places": ["XX"], "debtors": ["consumer"]}
        assert read(threat).threats[0].places == ("XX",)
        with pytest.raises(RuleError, match=why):
            read(threat | changes)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"from": "moonrise"}, "names a place, an event"),
            ({"what": "party"}, "names a place, an event"),
            ({"days": -1}, "from 1 to 100"),
            ({"months": 1}, "exactly the keys"),
            ({"cases": [{"date": "2026"}]}, "a case is a table"),
        ],
    )
    def test_about_court_papers_is_refused_when_unclear(self, changes: dict[str, Any], why: str) -> None:
        good = {key: clock()[key] for key in ("id", "title", "citation", "review_by")} | {
            "kind": "deadline",
            "place": "XX",
            "from": "payment_order_served",
            "what": "objection_ends",
            "days": 15,
            "cases": [{"date": date(2026, 3, 2), "last": date(2026, 3, 17)}],
        }
        assert read(good).deadlines[0].days == 15
        with pytest.raises(RuleError, match=why):
            read(good | changes)


class TestKinds:
    def test_of_events_and_claims_stand_once(self) -> None:
        assert len(set(EVENT_KINDS)) == len(EVENT_KINDS)
        assert len(set(CLAIM_KINDS)) == len(CLAIM_KINDS)
        assert set(PROCEEDINGS) < set(ACTS)


class TestTheHousesRuleOnDemands:
    def test_knows_as_much_of_each_place_as_the_limitation_rules_do(self) -> None:
        known: dict[str, set[bool]] = {}
        for text in RULES.texts.values():
            for rule in yaml.safe_load(text):
                if (
                    rule["kind"] != "clock"
                    or rule.get("effects_citation", rule["citation"])["confidence"] == "recalled"
                ):
                    continue
                for cover in rule["covers"]:
                    if "general" in cover["kinds"]:
                        effects = list(rule["values"].values())[-1]["effects"]
                        saves = "demand" in (*effects.get("restarts", ()), *effects.get("lapses", ()))
                        assert saves or "demand" in effects["nothing"]
                        known.setdefault(cover["place"], set()).add(saves)
        rules = house_rules()
        of_nothing = rules.named("house.demand-that-saves").scope.lists["place"]
        assert of_nothing == {place for place, saves in known.items() if saves == {False}}
        assert rules.named("house.demand-that-saves.known").scope.lists["place"] == set(known)
