"""May we contact, asked a second time: the oracle against answers found by hand, the engine against the oracle."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
import yaml

from dunwell.documents.contact_answer import ChannelAnswer
from dunwell.documents.contact_answer import Finding as EngineFinding
from dunwell.engine.contact import situation as engine
from dunwell.intake.situation_json import situation_of
from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.places import zones_by_country
from dunwell.rulebook.rules_file import house_rules, read_rules
from tests.engine.contact_situations import REGIONS, VALUES, Batch, batch, batch_of_answers
from tests.oracles.contact import Asked, Finding, Table, Told, World, answer

type Answered = tuple[
    str, dict[tuple[str, str | None], tuple[str, int | None, int | None]], tuple[int, int | None] | None
]
"""Verdict; what each rule says of each debt: effect, count, until; the next window."""
NEW_YORK, DENVER, CHICAGO = "America/New_York", "America/Denver", "America/Chicago"
WORLD = World({"US": [NEW_YORK, CHICAGO, DENVER], "CN": ["Asia/Shanghai"]}, {"US": frozenset({date(2026, 7, 3)})})


def rule(kind: str, effect: str = "forbidden", confidence: str = "official", **rest: Any) -> Table:
    """A rule on phone calls, in force since 2020."""
    citation = {"confidence": confidence, "quote": "words"}
    made = {"id": kind, "kind": kind, "effect": effect, "citation": citation, **rest}
    made.setdefault("applies", {"channel": ["phone"]})
    made["values"] = {date(2020, 1, 1): made["values"]}
    return made


RANG = ["reached", "dropped", "message_left", "no_answer", "wrong_person"]
SEVEN = rule("count", "presumed-violation", unless=["direct_consent"],
             values={"most": 7, "days": 7, "per": "debt", "outcomes": RANG})  # fmt: skip
TALK = rule("wait", "presumed-violation", unless=["direct_consent"],
            values={"days": 7, "after": ["reached"], "per": "debt"})  # fmt: skip
HOURS = rule("hours", values={"from": "08:00", "until": "21:00"})


def ask(rules: Sequence[Table], at: str, zones: Sequence[str] = (NEW_YORK,), **rest: Any) -> Told:
    """A call in New York, if nothing else is said."""
    situation = {"at": at, "channel": "phone", "debtor": {"country": "US", "zones": list(zones)}, **rest}
    return answer(rules, situation, WORLD)[situation["channel"]]


def called(*days: str, outcome: str = "no_answer", **rest: Any) -> list[Table]:
    return [{"at": f"{day}T10:00:00-04:00", "outcome": outcome, **rest} for day in days]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def window(*texts: str) -> tuple[int, ...]:
    return tuple(seconds(text) for text in texts)


APRIL = ["2026-04-01", "2026-04-02", "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06", "2026-04-07"]


class TestTheOracle:
    """Examples of the Official Interpretations of Regulation F, and bounds counted by hand."""

    def test_counts_seven_calls_in_seven_days(self) -> None:
        calls = called(*APRIL)
        assert ask([SEVEN], "2026-04-07T12:00:00-04:00", contacts=calls[:6]).verdict == "allowed"
        eighth = ask([SEVEN], "2026-04-07T12:00:00-04:00", contacts=calls)
        assert eighth.verdict == "presumed-violation"
        (found,) = eighth.findings
        assert (found.counted, found.until) == (7, seconds("2026-04-08T00:00:00-04:00"))
        assert ask([SEVEN], "2026-04-08T00:00:00-04:00", contacts=calls).verdict == "allowed"

    def test_begins_a_window_at_the_earliest_midnight(self) -> None:
        """A call at 23:30 in Denver is on the next day in New York."""
        calls = [*called(*APRIL[1:]), {"at": "2026-03-31T23:30:00-06:00", "outcome": "no_answer"}]
        both = ask([SEVEN], "2026-04-07T12:00:00-04:00", [NEW_YORK, DENVER], contacts=calls)
        (found,) = both.findings
        assert (found.counted, found.until) == (7, seconds("2026-04-08T00:00:00-04:00"))
        assert ask([SEVEN], "2026-04-07T12:00:00-04:00", [DENVER], contacts=calls).verdict == "allowed"

    def test_waits_until_seven_days_after_a_talk_whoever_called(self) -> None:
        talk = called("2026-08-13", outcome="reached", direction="in")
        for at, verdict in [
            ("2026-08-13T10:00:00-04:00", "presumed-violation"), ("2026-08-19T23:59:59-04:00", "presumed-violation"),
            ("2026-08-20T00:00:00-04:00", "allowed"),
        ]:  # fmt: skip
            assert ask([TALK], at, contacts=talk).verdict == verdict

    def test_lets_a_consent_lift_what_it_was_given_for_until_the_next_talk(self) -> None:
        first = called("2026-04-03", outcome="reached")
        consent = [{"kind": "direct_consent", "from": "2026-04-03T10:00:00-04:00"}]
        assert ask([TALK], "2026-04-06T10:00:00-04:00", contacts=first).verdict == "presumed-violation"
        assert ask([TALK], "2026-04-06T10:00:00-04:00", contacts=first, registers=consent).verdict == "allowed"
        second = first + called("2026-04-06", outcome="reached")
        told = ask([TALK], "2026-04-08T10:00:00-04:00", contacts=second, registers=consent)
        assert told.verdict == "presumed-violation"
        (found,) = told.findings
        assert found.until == seconds("2026-04-10T00:00:00-04:00")  # the second talk was under the consent

    def test_counts_no_call_under_a_consent_and_all_after_its_seven_days(self) -> None:
        calls = called("2026-06-01", "2026-06-02", "2026-06-03", *["2026-06-08"] * 8)
        consent = [{"kind": "direct_consent", "from": "2026-06-04"}]
        assert ask([SEVEN], "2026-06-09T10:00:00-04:00", contacts=calls).verdict == "presumed-violation"
        assert ask([SEVEN], "2026-06-10T23:59:59-04:00", contacts=calls, registers=consent).verdict == "allowed"
        later = calls + called(*["2026-06-11"] * 7)
        told = ask([SEVEN], "2026-06-11T20:00:00-04:00", contacts=later, registers=consent)
        assert {found.counted for found in told.findings} == {7}

    def test_counts_calls_for_the_debts_they_were_about_and_talks_for_those_talked_about(self) -> None:
        talk = called("2026-11-09", outcome="reached", debts=["medical"], talked=["medical", "card"])
        one = rule("count", values={"most": 1, "days": 7, "per": "debt"})
        told = ask([one, TALK], "2026-11-10T10:00:00-05:00", contacts=talk)
        assert {(found.rule, found.debt) for found in told.findings} == {
            ("count", "medical"), ("wait", "medical"), ("wait", "card"),
        }  # fmt: skip
        assert ask([one], "2026-11-10T10:00:00-05:00", contacts=talk, about=["card"]).verdict == "allowed"

    def test_counts_each_number_by_itself(self) -> None:
        calls = called(*["2026-04-07"] * 6, address="a") + called("2026-04-07", "2026-04-07", address="b")
        six = rule("count", values={"most": 6, "days": 1, "per": "address", "outcomes": ["no_answer"]})
        asked = {name: ask([six], "2026-04-07T12:00:00-04:00", contacts=calls, address=name) for name in ("a", "b")}
        assert {name: told.verdict for name, told in asked.items()} == {"a": "forbidden", "b": "allowed"}
        assert ask([six], "2026-04-07T12:00:00-04:00", contacts=calls).verdict == "allowed"
        assert ask([six], "2026-04-07T12:00:00-04:00", contacts=calls[:6]).verdict == "forbidden"

    def test_includes_the_bound_of_minutes(self) -> None:
        five = rule("count", values={"most": 1, "minutes": 5})
        calls = called("2026-04-07")
        assert ask([five], "2026-04-07T10:05:00-04:00", contacts=calls).verdict == "forbidden"
        assert ask([five], "2026-04-07T10:05:01-04:00", contacts=calls).verdict == "allowed"

    @pytest.mark.parametrize(
        ("clock", "verdict"),
        [("07:59:59", "forbidden"), ("08:00:00", "allowed"), ("20:59:59", "allowed"), ("21:00:00", "forbidden")],
    )
    def test_keeps_the_hours_of_the_debtor_s_clock(self, clock: str, verdict: str) -> None:
        assert ask([HOURS], f"2026-04-07T{clock}-04:00").verdict == verdict

    def test_keeps_the_hours_of_every_zone_he_may_be_in(self) -> None:
        told = ask([HOURS], "2026-04-07T09:59:59-04:00", [NEW_YORK, DENVER])
        assert told.verdict == "forbidden"
        assert told.window == window("2026-04-07T10:00:00-04:00", "2026-04-07T21:00:00-04:00")
        narrow = rule("hours", values={"from": "09:00", "until": "17:00"})
        apart = ask([narrow], "2026-04-07T12:00:00+00:00", [NEW_YORK, "Asia/Shanghai"])
        assert (apart.verdict, apart.window) == ("forbidden", None)

    def test_knows_the_date_line(self) -> None:
        """25 hours lie between Kiritimati and Pago Pago: the same clock, but for an hour, on the day before."""
        told = ask([HOURS], "2026-04-07T08:30:00+14:00", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
        assert told.window == window("2026-04-07T09:00:00+14:00", "2026-04-07T21:00:00+14:00")
        weekdays = rule("hours", values={"from": "08:00", "until": "21:00", "weekdays": [1, 2, 3, 4, 5]})
        monday = ask([weekdays], "2026-04-06T10:00:00+14:00", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
        assert monday.window == window("2026-04-07T09:00:00+14:00", "2026-04-07T21:00:00+14:00")

    def test_opens_at_eight_o_clock_after_the_clocks_were_put_on(self) -> None:
        told = ask([HOURS], "2026-03-07T22:00:00-05:00")
        assert told.window == window("2026-03-08T12:00:00+00:00", "2026-03-09T01:00:00+00:00")
        early = rule("hours", values={"from": "02:30", "until": "03:30"})
        assert ask([early], "2026-03-08T00:00:00-05:00").window == window(
            "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"
        )
        twice = rule("hours", values={"from": "01:30", "until": "01:45"})
        again = ask([twice], "2026-11-01T01:50:00-04:00")
        assert again.window == window("2026-11-01T01:30:00-05:00", "2026-11-01T01:45:00-05:00")

    def test_keeps_several_spans_an_included_end_and_holidays(self) -> None:
        ontario = [
            {"from": "07:00", "until": "21:00", "weekdays": [1, 2, 3, 4, 5, 6]},
            {"from": "13:00", "until": "17:00", "weekdays": [7], "until_included": True},
        ]
        several = rule("hours", values={"spans": ontario, "holidays": "closed"})
        for at, verdict in [
            ("2026-04-05T12:59:59-04:00", "forbidden"), ("2026-04-05T17:00:00-04:00", "allowed"),
            ("2026-04-05T17:00:01-04:00", "forbidden"), ("2026-04-06T07:00:00-04:00", "allowed"),
            ("2026-04-06T21:00:00-04:00", "forbidden"), ("2026-07-03T12:00:00-04:00", "forbidden"),
        ]:  # fmt: skip
            assert ask([several], at).verdict == verdict

    def test_lets_the_window_wait_for_the_last_finding_and_be_cut_by_it(self) -> None:
        season = rule("season", "advice", values={"spans": [[date(2026, 4, 6), date(2026, 4, 8)]]})
        told = ask([HOURS, season], "2026-04-07T12:00:00-04:00")
        assert (told.verdict, told.window) == (
            "advice", window("2026-04-09T08:00:00-04:00", "2026-04-09T21:00:00-04:00")
        )  # fmt: skip
        now = ask([HOURS], "2026-04-07T12:00:00-04:00")
        assert now.window == window("2026-04-07T12:00:00-04:00", "2026-04-07T21:00:00-04:00")
        assert ask([], "2026-04-07T12:00:00-04:00").window == (seconds("2026-04-07T12:00:00-04:00"), None)
        ceased = rule("register", values={"entries": ["cease_request"]})
        told = ask([ceased], "2026-04-07T12:00:00-04:00", registers=[{"kind": "cease_request", "from": "2026-04-07"}])
        assert (told.verdict, told.window) == ("forbidden", None)

    def test_keeps_hours_that_were_agreed_only_in_those(self) -> None:
        agreed = [{"kind": "hours_agreed", "from": "2026-04-01", "hours": ["21:00", "22:00"]}]
        late = {**HOURS, "unless": ["hours_agreed"]}
        told = ask([late], "2026-04-07T21:30:00-04:00", registers=agreed)
        assert told.verdict == "allowed"
        assert ask([late], "2026-04-07T22:00:00-04:00", registers=agreed).verdict == "forbidden"

    def test_respects_what_he_told_us(self) -> None:
        asleep = {"kind": "inconvenient_time", "from": "2026-04-01", "weekdays": [1, 2, 3], "hours": ["15:00", "17:00"]}
        told = rule("register", values={"entries": ["inconvenient_time", "opt_out"]})
        found = ask([told], "2026-04-07T16:00:00-04:00", registers=[asleep])
        assert {each.until for each in found.findings} == {seconds("2026-04-07T17:00:00-04:00")}
        assert ask([told], "2026-04-07T17:00:00-04:00", registers=[asleep]).verdict == "allowed"
        assert ask([told], "2026-04-09T16:00:00-04:00", registers=[asleep]).verdict == "allowed"
        out = {"kind": "opt_out", "from": "2026-04-07", "channel": "phone", "address": "a"}
        other = ask([told], "2026-04-07T16:00:00-04:00", registers=[out], address="b")
        assert other.verdict == "allowed"
        assert ask([told], "2026-04-07T16:00:00-04:00", registers=[out], address="a").verdict == "forbidden"

    def test_asks_for_a_notice_that_is_old_enough(self) -> None:
        notice = rule("requires", values={"entry": "notice_sent", "purpose": "placement", "days_after": 6})
        sent = [{"kind": "notice_sent", "purpose": "placement", "from": "2026-05-01"}]
        early = ask([notice], "2026-05-06T23:59:59-04:00", registers=sent)
        assert early.verdict == "forbidden"
        assert ask([notice], "2026-05-07T00:00:00-04:00", registers=sent).verdict == "allowed"
        assert ask([notice], "2026-05-07T00:00:00-04:00").verdict == "forbidden"

    def test_weighs_everything_that_went_out(self) -> None:
        weights = {"phone": 2, "email": 1, "reached": 3}
        heavy = rule("intensity", values={"days": 7, "weights": weights, "most": 8})
        contacts = called("2026-04-02", outcome="reached") + called("2026-04-03", outcome="sent", channel="email")
        assert ask([heavy], "2026-04-07T12:00:00-04:00", contacts=contacts).verdict == "allowed"
        told = ask([heavy], "2026-04-07T12:00:00-04:00", contacts=contacts + called("2026-04-04"))
        assert [(found.counted, found.until) for found in told.findings] == [(8, seconds("2026-04-09T00:00:00-04:00"))]

    def test_takes_what_is_not_known_for_every_list_but_never_for_an_excuse(self) -> None:
        business = rule("conduct", values={"points": ["x"]}, applies={"debtor": ["consumer"], "place": ["CN"]})
        assert len(answer([business], {"at": "2026-04-07T12:00:00Z", "channel": "sms"}, WORLD)["sms"].findings) == 1
        silent = rule(
            "exception", id="silent", excepts="hours", applies={"debtor": ["business"]}, values={"lifts": True}
        )
        at = "2026-04-07T23:00:00-04:00"
        assert ask([HOURS, silent], at).verdict == "forbidden"
        company = {"country": "US", "zones": [NEW_YORK], "kind": "business"}
        assert ask([HOURS, silent], at, debtor=company).verdict == "allowed"
        scope = {"debtor": ["business"], "collector": ["agency"]}
        loud = rule("exception", id="loud", excepts="hours", applies=scope, values={"lifts": False})
        assert ask([HOURS, silent, loud], at, debtor=company).verdict == "allowed"
        assert ask([HOURS, silent, loud], at, debtor=company, collector="agency").verdict == "forbidden"

    def test_lets_a_rule_that_is_only_recalled_advise_and_not_excuse(self) -> None:
        at = "2026-04-07T23:00:00-04:00"
        recalled = {**HOURS, "citation": {"confidence": "recalled"}}
        assert ask([recalled], at).verdict == "advice"
        silent = rule("exception", confidence="recalled", excepts="hours", applies={}, values={"lifts": True})
        assert ask([HOURS, silent], at).verdict == "forbidden"

    def test_lets_a_rule_without_its_wording_forbid_and_not_excuse(self) -> None:
        at = "2026-04-07T23:00:00-04:00"
        unseen = {"confidence": "official", "quote": ""}
        assert ask([{**HOURS, "citation": unseen}], at).verdict == "forbidden"
        silent = rule("exception", excepts="hours", applies={}, values={"lifts": True})
        assert ask([HOURS, silent], at).verdict == "allowed"
        assert ask([HOURS, {**silent, "citation": unseen}], at).verdict == "forbidden"

    def test_uses_the_values_of_the_day(self) -> None:
        ended = {**HOURS, "values": {**HOURS["values"], date(2026, 4, 8): None}}
        assert ask([ended], "2026-04-07T23:59:59-04:00").verdict == "forbidden"
        assert ask([ended], "2026-04-08T00:00:00-04:00").verdict == "allowed"
        assert ask([ended], "2026-04-08T00:00:00-04:00", [NEW_YORK, DENVER]).verdict == "forbidden"


def findings(seeds: range) -> Iterator[tuple[Sequence[Table], Table, Table, Finding]]:
    """All that random rules say about random situations: the rules, the situation, the rule, what it says."""
    for seed in seeds:
        made = batch(seed, 25)
        for situation in made.situations if made.rules else []:
            for channel, told in answer(made.rules or [], situation, WORLD).items():
                for found in told.findings:
                    rule = next(rule for rule in made.rules or [] if rule["id"] == found.rule)
                    yield made.rules or [], {**situation, "channel": channel}, rule, found


class TestTheRandomSituations:
    """What the engine is held to is not empty, and hangs together."""

    def test_make_every_kind_of_rule_speak_and_be_silent(self) -> None:
        spoken = Counter(rule["kind"] for _, _, rule, _ in findings(range(1, 120)))
        assert {kind for kind in VALUES if spoken[kind] < 3} == set()
        verdicts = Counter(
            told.verdict
            for seed in range(1, 100, 5)
            for situation in batch(seed, 25).situations
            for told in answer(batch(seed, 0).rules or [], situation, WORLD).values()
        )
        assert {verdict for verdict, count in verdicts.items() if count >= 3} == {
            "allowed", "advice", "presumed-violation", "forbidden",
        }  # fmt: skip

    def test_are_silent_from_the_moment_that_is_told_and_not_before(self) -> None:
        """For rules whose values do not change meanwhile, and that no entry begins to feed."""
        seen = 0
        for rules, situation, rule, found in findings(range(1, 40)):
            lasting = rule["kind"] in ("hours", "count", "wait", "intensity", "season") and len(rule["values"]) == 1
            # whether something is an answer hangs on the moment too, and whether an entry lifts the rule
            told_of = {entry["kind"] for entry in situation.get("registers", ())}
            moves = situation.get("purpose") == "answer" or not told_of.isdisjoint(rule.get("unless", ()))
            if found.until is None or not lasting or moves:
                continue
            beside = ("exception", "answer")
            alone = [rule, *(other for other in rules if other["kind"] in beside and len(other["values"]) == 1)]
            for moment, speaks in ((found.until - 1, True), (found.until, False)):
                at = datetime.fromtimestamp(moment, UTC).isoformat()
                told = answer(alone, {**situation, "at": at}, WORLD)[situation["channel"]]
                same = {(each.rule, each.debt, each.address) for each in told.findings}
                assert ((found.rule, found.debt, found.address) in same) is speaks, (situation, rule, found)
            seen += 1
        assert seen > 100


def world(country: str) -> World:
    """All zones, and the holidays of one country and its parts, as the engine is given them."""
    places = [country, *(f"{country}-{region}" for region in REGIONS.get(country, ()))]
    days = (date(2024, 1, 1), date(2029, 12, 31))
    return World(zones_by_country(), {place: frozenset(public_holidays(place, *days)) for place in places})


def told_by_engine(made: Batch, rules: Rules, around: World) -> list[dict[str, Answered]]:
    """What the engine says of all situations of a batch at once, by channel."""
    read = [situation_of(each) for each in made.situations]
    known = [
        replace(each, days_off=around.holidays) if each.country in (None, made.holidays_of) else each for each in read
    ]
    return [{each.channel: _engine(each) for each in answers} for answers in engine.answer(known, rules)]


def _engine(told: ChannelAnswer) -> Answered:
    by_rule: dict[tuple[str, str | None], list[EngineFinding]] = {}
    for each in told.findings:
        by_rule.setdefault((each.rule, each.debt), []).append(each)
    said = {}
    for key, found in by_rule.items():
        ends = [each.until_at for each in found]
        last = None if None in ends else max(end for end in ends if end is not None)
        said[key] = (found[0].effect, found[0].count, _second(last))
    opens = _second(told.next_from)
    return told.verdict, said, None if opens is None else (opens, _second(told.next_until))


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _oracle(told: Told) -> Answered:
    said = {(each.rule, each.debt): (each.effect, each.counted, each.until) for each in told.findings}
    return told.verdict, said, told.window


def compare(made: Batch) -> None:
    """Hold the engine to the oracle; the shortest situation they disagree about is told."""
    rules = house_rules() if made.rules is None else read_rules({"random/rules.yaml": yaml.safe_dump(made.rules)})
    plain = [rule for text in rules.texts.values() for rule in yaml.safe_load(text)]
    counting = {rule["id"] for rule in plain if rule["kind"] in ("count", "wait", "intensity")}
    around = world(made.holidays_of)
    wrong: list[str] = []
    for situation, found in zip(made.situations, told_by_engine(made, rules, around), strict=True):
        expected = {channel: _oracle(told) for channel, told in answer(plain, situation, around).items()}
        assert found.keys() == expected.keys()
        for channel, (verdict, said, window) in found.items():
            # a count is told by other kinds too, of what they count
            only = {
                key: (effect, count if key[0] in counting else None, until)
                for key, (effect, count, until) in said.items()
            }
            if (verdict, only, window) != expected[channel]:
                wrong.append(f"{situation}\n{channel}\nengine {(verdict, only, window)}\noracle {expected[channel]}")
    if wrong:
        pytest.fail(f"{len(wrong)} differ, one of them\n{min(wrong, key=len)}\nby {made.rules or 'the house rules'}")


class TestTheEngine:
    """Many situations in one frame: the engine asks about all of them at once."""

    @pytest.mark.parametrize("seed", range(0, 200, 10))
    def test_says_the_same_as_the_oracle_of_recording(self, seed: int) -> None:
        made = batch(seed, 40)
        rules = house_rules() if made.rules is None else read_rules({"random/rules.yaml": yaml.safe_dump(made.rules)})
        plain = [rule for text in rules.texts.values() for rule in yaml.safe_load(text)]
        kinds = {rule["id"]: rule["kind"] for rule in plain}
        around = world(made.holidays_of)
        random = Random(seed)
        for situation in made.situations:
            told = {"kind": random.choice(["recording_consent", "recording_refused"]), "from": situation["at"]}
            if random.random() < 0.3:
                told["address"] = random.choice(["+1 555 0100", situation.get("address") or "+1 555 0101"])
            if random.random() < 0.3:
                told["channel"] = random.choice(["phone", "visit"])
            if random.random() < 0.7:
                situation["registers"] = [*situation.get("registers", []), told]
        answered = engine.answer([situation_of(each) for each in made.situations], rules)
        for situation, channels in zip(made.situations, answered, strict=True):
            for said in channels:
                found = [(each.rule, each.detail) for each in said.findings if kinds.get(each.rule) == "recording"]
                expected = Asked(plain, situation, around, said.channel).recording()
                assert found == ([] if expected is None else [expected]), situation

    @pytest.mark.parametrize("seed", range(20))
    def test_equals_the_oracle(self, seed: int) -> None:
        compare(batch(seed, 100))

    @pytest.mark.parametrize("seed", range(10))
    def test_equals_the_oracle_about_answers_to_what_was_begun(self, seed: int) -> None:
        made = batch_of_answers(seed, 60)
        compare(made)
        rules = made.rules or []
        plain = [rule for rule in rules if rule["kind"] != "exception"]
        lifted = [
            answer(plain, each, WORLD)[each["channel"]].verdict != answer(rules, each, WORLD)[each["channel"]].verdict
            for each in made.situations
        ]
        # the exception decides about some of them, and not about all
        assert 0 < sum(lifted) < len(lifted)

    def test_leaves_no_hours_out_that_an_agreement_lifts(self) -> None:
        wish = {"kind": "inconvenient_time", "from": "2026-04-01", "hours": ["08:00", "12:00"]}
        agreed = {"kind": "hours_agreed", "from": "2026-04-01"}
        asks = rule("register", "forbidden", unless=["hours_agreed"], values={"entries": ["inconvenient_time"]})
        whole = {
            **asks, "title": dict.fromkeys(("en", "zh-Hans", "zh-Hant"), "wish"), "strength": "law",
            "citation": {**asks["citation"], "source": "a law"}, "review_by": date(2027, 1, 1),
            "cases": [{"name": "none", "finding": "allowed"}],
        }  # fmt: skip
        at = {"at": "2026-04-07T09:00:00-04:00", "channel": "phone", "debtor": {"zones": [NEW_YORK]}}
        made = [{**at, "registers": [wish]}, {**at, "registers": [wish, agreed]}]
        compare(Batch([whole], made, "US"))
        told = told_by_engine(Batch([whole], made, "US"), read_rules({"x/x.yaml": yaml.safe_dump([whole])}), WORLD)
        assert [each["phone"][0] for each in told] == ["forbidden", "allowed"]

    @pytest.mark.long
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("seed", range(1_000, 1_100))
    def test_equals_the_oracle_many_times(self, seed: int) -> None:
        compare(batch(seed, 500))
