"""The worked examples of US law on contacts, those of the commentary on Regulation F among them, asked of the engine.

Those in the files of worked examples run where these are at hand; the commentary's examples on calls run everywhere.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from dunwell.engine.contact.situation import ChannelAnswer, Finding, answer
from dunwell.intake.situation_json import situation_of
from dunwell.rulebook.notice_periods import notice_periods
from dunwell.rulebook.rules_file import Rules, house_rules, read_rules
from dunwell.rulebook.situation import Situation
from tests.rulebook.examples import examples_of

NEW_YORK = ZoneInfo("America/New_York")
US = read_rules({name: text for name, text in house_rules().texts.items() if name.startswith("us/")})
FREQUENCIES = {"us.regf.seven-in-seven": "A", "us.regf.after-conversation": "B", "us.regf.location-seven-in-seven": "A"}
SENT = {"kind": "notice_sent", "purpose": "validation", "from": "2026-01-01"}
OUTCOMES = {
    "unanswered": "no_answer", "lcm": "message_left", "limited-content message": "message_left", "placed": "no_answer",
    "conversation": "reached",
}  # fmt: skip
type Table = dict[str, Any]


def moment(day: str, clock: str = "12:00:00") -> str:
    """A moment in New York, as JSON has it."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), NEW_YORK).isoformat()


def told_of(at: str, **told: Any) -> Situation:
    """A call of a collector about a consumer's card, if nothing else is said."""
    situation = {
        "at": at, "channel": "phone", "collector": "agency", "debt": {"kind": "credit_card"},
        "debtor": {"kind": "consumer", "country": "US", "zones": ["America/New_York"]}, **told,
    }  # fmt: skip
    situation["registers"] = [*told.get("registers", []), SENT]
    return situation_of(situation)


def asked(at: str, *, rules: Rules = US, **told: Any) -> ChannelAnswer:
    """What the rules say of it."""
    [[said]] = answer([told_of(at, **told)], rules)
    return said


def said_by(rule: str, said: ChannelAnswer) -> Finding | None:
    return next((each for each in said.findings if each.rule == rule), None)


def counting_all() -> Rules:
    """The rules with the bound of seven calls at one, so that they tell what they counted."""
    lowered = {
        name: text.replace("{most: 7, days: 7, per: debt", "{most: 1, days: 7, per: debt")
        for name, text in US.texts.items()
    }
    assert lowered != US.texts
    return read_rules(lowered)


def calls_of(listed: Sequence[Table], **rest: Any) -> list[Table]:
    """Calls of an example: spread over the days of a span, those of one day an hour apart from eight on."""
    found = []
    for each in listed:
        first, _, last = each["date"].partition("..")
        days = (date.fromisoformat(last or first) - date.fromisoformat(first)).days + 1
        number = [-(-each.get("n", 1) // days)] * days
        number = [min(n, max(0, each.get("n", 1) - sum(number[:i]))) for i, n in enumerate(number)]
        for i, n in enumerate(number):
            day = (date.fromisoformat(first) + timedelta(days=i)).isoformat()
            found += [
                {"at": moment(day, f"{8 + hour:02}:30:00"), "outcome": OUTCOMES[each["result"]], **rest}
                for hour in range(n)
            ]
    assert len(found) == sum(each.get("n", 1) for each in listed)
    return sorted(found, key=lambda call: call["at"])


def violated(calls: Sequence[Table], **told: Any) -> list[tuple[int, str]]:
    """The calls that were in excess of a frequency when they were made, by number and prong."""
    ours = [n for n, call in enumerate(calls) if call.get("direction") != "in"]
    situations = [told_of(calls[n]["at"], contacts=list(calls[:n]), about=calls[n].get("debts"), **told) for n in ours]
    return [
        (n + 1, FREQUENCIES[each.rule])
        for n, [said] in zip(ours, answer(situations, US), strict=True)
        for each in said.findings
        if each.rule in FREQUENCIES
    ]


CONVERSATION = [
    {"at": moment("2026-08-11"), "outcome": "no_answer"}, {"at": moment("2026-08-14"), "outcome": "reached"},
]  # fmt: skip
"""Comment 14(b)(2)(ii)-1.ii: on Tuesday nobody answered, on Friday they talked."""


@pytest.fixture
def example(shared_data):
    """An example by its id: what is given, what is expected."""
    found = {each["id"]: each for each in examples_of(shared_data, lambda each: each["jurisdiction"].startswith("US"))}
    return lambda name: (found[name]["inputs"], found[name]["expected"])


@pytest.fixture
def every(shared_data):
    return {each["id"] for each in examples_of(shared_data, lambda each: each["jurisdiction"].startswith("US"))}


CONNECTED = {
    "rang": {"outcome": "no_answer"},
    "connected_to_voicemail": {"outcome": "no_answer"},
    "ringless_voicemail": {"outcome": "message_left"},
    "number_not_in_service": {"outcome": "not_connected"},
    "busy": {"outcome": "not_connected"},
    "dropped": {"outcome": "dropped"},
    "email": {"channel": "email", "outcome": "sent"},
    "sms": {"channel": "sms", "outcome": "sent"},
}
FACTORS = {
    "US-14b2ii-2.ii": "active_litigation",
    "US-14b2ii-2.iii": "asked_for_information",
    "US-14b2ii-2.iv.A": "urgent_and_not_in_our_hands",
    # a discount that ends when the collector says so: nothing among the factors is about it
    "US-14b2ii-2.iv.C": "discount_in_our_hands",
}
ASKED = {
    "US-14a-2.i", "US-14b1-2", "US-14b2i-1.i", "US-14b2i-1.ii", "US-14b2i-1.ii-x", "US-14b2i-1.iii", "US-14b2i-2.i",
    "US-14b2ii-1.i", *FACTORS, "US-14b3i-3.i", "US-14b3i-3.iii", "US-14b4-2.ii", "US-14b4-2.v", "US-14b4-2.vi",
    "US-14h1-3.i", "US-6b1-1.i", "US-6b1-1.ii", "US-6b1-2.i", "US-6b1i-2.ii", "US-6d4ii-35", "US-6e-1.i", "US-34b5-a",
    "US-34b5-2", "US-30a-2", "US-100",
}  # fmt: skip


class TestTheExamples:
    def test_are_all_asked_here(self, every):
        known = ASKED | {f"US-14b3ii-{name}" for name in CONNECTED}
        assert every <= known
        assert every >= ASKED

    def test_of_seven_calls_from_the_first_day_on(self, example):
        given, wanted = example("US-14b2i-1.i")
        calls = calls_of(given["calls"])
        assert violated(calls) == []
        counted = said_by("us.regf.seven-in-seven", asked(moment("2026-04-07", "23:59:59"), contacts=calls))
        assert counted is not None
        assert counted.count == wanted["count_as_of_04_07"]
        assert wanted["call_allowed_on_04_08"]
        next_call = {"at": moment(given["next_call"], "08:00:00"), "outcome": "no_answer"}
        assert violated([*calls, next_call]) == []

    def test_of_the_eighth_call(self, example):
        given, wanted = example("US-14b2ii-1.i")
        assert violated(calls_of(given["calls"])) == [(wanted["count"], wanted["prong"])]

    def test_of_a_conversation_that_the_consumer_began(self, example):
        given, _ = example("US-14b2i-1.ii")
        talk = {"at": moment(given["conversation"]["date"]), "outcome": "reached", "direction": "in"}
        allowed = {"at": moment(given["next_call_not_before"], "08:00:00"), "outcome": "no_answer"}
        assert violated([talk, allowed]) == []
        given, wanted = example("US-14b2i-1.ii-x")
        assert violated([talk, {"at": moment(given["call"]), "outcome": "no_answer"}]) == [(2, wanted["prong"])]

    def test_of_calls_to_a_third_person(self, example):
        given, wanted = example("US-14b2i-1.iii")
        calls = calls_of(given["calls"], to="third_person")
        assert violated(calls, to="third_person") == []
        said = asked(moment("2026-10-12", "20:00:00"), contacts=calls, to="third_person")
        counted = said_by("us.regf.location-seven-in-seven", said)
        assert counted is not None
        assert counted.count == wanted["count"]
        # and only one that reaches him: 1006.10(c)
        assert said_by("us.regf.location-once", said) is None

    @pytest.mark.parametrize("name", FACTORS)
    def test_of_what_may_rebut_the_presumption(self, example, name):
        given, wanted = example(name)
        assert given["base"] == "US-14b2ii-1.ii-a"
        again = moment("2026-08-14", "12:01:00") if name.endswith("iv.A") else moment("2026-08-17")
        said = asked(again, contacts=CONVERSATION)
        assert said.verdict == "presumed-violation"
        assert said_by("us.regf.after-conversation", said)
        assert (FACTORS[name] in US.named("us.regf.after-conversation").rebuttal) is wanted["rebuttal_factor"]

    def test_of_consent(self, example):
        given, wanted = example("US-14b3i-3.i")
        calls = calls_of(given["calls"])
        consent = {"kind": "direct_consent", "from": calls[0]["at"]}
        again = {"at": moment(given["call"]), "outcome": "no_answer"}
        assert violated([*calls, again]) == [(2, "B")]
        assert wanted["without_consent"] == "violation"
        assert violated([*calls, again], registers=[consent]) == []

    def test_of_consent_by_mail(self, example):
        given, wanted = example("US-14b3i-3.iii")
        calls = calls_of(given["calls"])
        consent = [{"kind": "direct_consent", "from": given["consent"]["received"]}]
        assert violated(calls, registers=consent) == []
        assert violated(calls) != []
        last = wanted["consent_last_day"]
        counting = counting_all()
        on_last = asked(moment(last, "23:59:59"), contacts=calls, registers=consent, rules=counting)
        assert said_by("us.regf.seven-in-seven", on_last) is None
        after = calls_of([{"date": "2026-06-11", "n": 1, "result": "unanswered"}])
        later = asked(moment("2026-06-11", "20:00:00"), contacts=[*calls, *after], registers=consent, rules=counting)
        counted = said_by("us.regf.seven-in-seven", later)
        assert counted is not None
        assert counted.count == len(calls) + len(after) - wanted["excluded_calls"] - 3  # those of 1 to 3 June have left

    def test_of_what_connects(self, example, every):
        found = {name.removeprefix("US-14b3ii-") for name in every if name.startswith("US-14b3ii-")}
        assert found
        six = calls_of([{"date": "2026-04-01..2026-04-06", "n": 6, "result": "unanswered"}])
        for name in found:
            _, wanted = example(f"US-14b3ii-{name}")
            calls = [*six, {"at": moment("2026-04-07", "10:00:00"), **CONNECTED[name]}]
            said = asked(moment("2026-04-07"), contacts=calls)
            assert (said_by("us.regf.seven-in-seven", said) is not None) is wanted["counts_as_call"], name

    def test_of_a_message_meant_for_two_debts(self, example):
        given, wanted = example("US-14b4-2.ii")
        for chosen in wanted["may_choose"]:
            message = {"at": moment("2026-11-09"), "outcome": "message_left", "debts": [chosen]}
            said = asked(moment("2026-11-10"), contacts=[message], about=given["debts"], rules=counting_all())
            assert [each.debt for each in said.findings if each.rule == "us.regf.seven-in-seven"] == [chosen]

    def test_of_a_talk_about_no_debt(self, example):
        given, wanted = example("US-14b4-2.v")
        calls = [
            {
                "at": moment(f"2026-11-{9 + i % 3:02}", f"{9 + i}:00:00".zfill(8)),
                "outcome": "no_answer",
                "debts": [debt],
            }
            for debt, n in given["unanswered"].items()
            for i in range(n)
        ]
        talk = {"at": moment("2026-11-12"), "outcome": "reached", "debts": ["medical"]}
        assert by_debt([*calls, talk], given["debts"]) == wanted

    def test_of_a_consumer_who_turns_to_another_debt(self, example):
        given, wanted = example("US-14b4-2.vi")
        talk = {"at": moment("2026-11-09"), "outcome": "reached", "debts": ["medical"], "talked": ["medical", "card"]}
        assert by_debt([talk], given["debts"]) == wanted

    def test_of_many_calls_in_one_day(self, example):
        given, wanted = example("US-14b2i-2.i")
        calls = calls_of(given["calls"])
        assert violated(calls) == []
        said = asked(calls[-1]["at"], contacts=calls[:-1])
        flag = said_by("us.regf.concentrated-calls", said)
        assert flag is not None
        assert flag.effect == "advice"
        assert wanted["soft_flag"].startswith("high concentration (6 calls")
        assert said_by("us.regf.concentrated-calls", asked(calls[-2]["at"], contacts=calls[:-2])) is None

    def test_of_calls_and_mails_together(self, example):
        given, wanted = example("US-14a-2.i")
        calls = calls_of([{"date": "2026-04-01..2026-04-07", "n": given["calls"], "result": "unanswered"}])
        mails = [{"at": moment(f"2026-04-{day:02}"), "channel": "email", "outcome": "sent"} for day in range(3, 7)]
        assert violated(calls) == []
        assert wanted["general_harassment_likely"]
        everything = sorted([*calls, *mails], key=lambda each: each["at"])
        said = asked(moment("2026-04-07"), contacts=everything, channel="email", rules=house_rules())
        note = said_by("us.regf.harassment", said)
        assert note is not None
        assert "no_harassment_in_sum" in (note.detail or "")
        # the law gives no number for it; the house's own does
        assert said_by("house.natural.intensity", said) is not None

    def test_of_an_obscene_message(self, example):
        _, wanted = example("US-14b1-2")
        calls = calls_of([{"date": "2026-04-01", "n": 1, "result": "lcm"}])
        assert violated(calls) == []
        note = said_by("us.regf.harassment", asked(moment("2026-04-02"), contacts=calls))
        assert note is not None
        # what was said in a voicemail no rule can know: it is told before the call
        assert "no_obscene_language" in (note.detail or "")
        assert wanted["other_violation"] == "1006.14(a),(d)"

    def test_of_a_medium_refused(self, example):
        given, wanted = example("US-14h1-3.i")
        assert (given["statement"], wanted["blocked_medium"]) == ("stop calling", "telephone calls")
        refused = [{"kind": "opt_out", "from": "2026-03-02", "channel": "phone"}]
        for channel in ("phone", "email", "sms", "letter", "visit", "im"):
            said = asked(moment("2026-03-04"), channel=channel, registers=refused)
            assert (said_by("us.regf.medium-refused", said) is not None) is (channel == "phone")

    def test_of_weekdays_in_the_notes_of_the_creditor(self, example):
        _, wanted = example("US-6b1-1.i")
        noted = [
            {"kind": "inconvenient_time", "from": "2026-03-02", "until": f"2026-{wanted['until']}", "weekdays": [2, 4]}
        ]
        names = [
            f"{day:%A}"
            for day in (date(2026, 12, 21) + timedelta(days=n) for n in range(7))
            if said_by("us.regf.inconvenient-time", asked(moment(day.isoformat()), registers=noted))
        ]
        assert names == wanted["blocked_weekdays"]
        assert said_by("us.regf.inconvenient-time", asked(moment("2027-01-05"), registers=noted)) is None

    def test_of_hours_on_weekdays_and_no_weekends(self, example):
        _, wanted = example("US-6b1-1.ii")
        assert wanted["blocked"] == ["weekdays 15:00-17:00", "Saturday", "Sunday"]
        clocks = ["08:00:00", "14:59:59", "15:00:00", "16:59:59", "17:00:00", "20:59:59"]
        for day in (date(2026, 3, 2) + timedelta(days=n) for n in range(7)):
            calls = [told_of(moment(day.isoformat(), clock), registers=BUSY) for clock in clocks]
            shut = [said_by("us.regf.inconvenient-time", said) is not None for [said] in answer(calls, US)]
            assert shut == ([True] * 6 if day.isoweekday() > 5 else [False, False, True, True, False, False])

    def test_of_his_mail_at_an_inconvenient_time(self, example):
        given, wanted = example("US-6b1-2.i")
        assert given["blocked"] == "weekdays 15:00-17:00"
        mail = [{"at": moment("2026-03-04", "15:30:00"), "channel": "email", "direction": "in", "outcome": "sent"}]
        for clock in ("15:30:01", "16:59:59"):
            reply = asked(moment("2026-03-04", clock), channel="email", purpose="answer", registers=BUSY, contacts=mail)
            assert said_by("us.regf.inconvenient-time", reply) is None
            call = asked(moment("2026-03-04", clock), registers=BUSY, contacts=mail)
            assert (said_by("us.regf.inconvenient-time", call) is None) is wanted["may_call"]
            # a call is no answer to a mail, whatever it is told to be for
            answering = asked(moment("2026-03-04", clock), purpose="answer", registers=BUSY, contacts=mail)
            assert (said_by("us.regf.inconvenient-time", answering) is None) is wanted["may_call"]
        # how many answers one message had is not counted: whoever answers is told
        note = said_by("us.regf.harassment", reply)
        assert note is not None
        assert "one_answer_to_each_message" in (note.detail or "")
        assert wanted["replies_per_message"] == 1

    def test_of_two_zones(self, example):
        given, wanted = example("US-6b1i-2.ii")
        opens, closes = wanted["window_in_New_York"].split("-")
        zones = [given["mobile_zone"], given["landline_zone"]]
        said = asked(moment("2026-07-01", "03:00:00"), debtor={"kind": "consumer", "country": "US", "zones": zones})
        assert said.next_from is not None
        assert said.next_until is not None
        found = [each.astimezone(NEW_YORK) for each in (said.next_from, said.next_until)]
        assert [f"{each:%Y-%m-%d %H:%M}" for each in found] == [f"2026-07-01 {opens}", f"2026-07-01 {closes}"]

    def test_of_the_words_that_stop_texts(self, example):
        given, wanted = example("US-6e-1.i")
        note = said_by("us.regf.opt-out-notice", asked(moment("2026-07-01"), channel="sms"))
        assert note is not None
        # whether a text carries them is asked of the text; the rule says that each must
        assert "opt_out_notice" in (note.detail or "").split()
        assert "STOP" in given["sms_contains"]
        assert wanted["opt_out_ok"]

    def test_of_notice_of_an_email_address(self, example):
        given, wanted = example("US-6d4ii-35")
        sent = date.fromisoformat(given["creditor_notice_sent"])
        earliest = last("us.regf.email-opt-out", sent)
        assert earliest.isoformat() == wanted["earliest_opt_out_date"]
        assert (date.fromisoformat(given["opt_out_by"]) >= earliest) is wanted["ok"]
        notice = [{"kind": "notice_sent", "purpose": "email_procedure", "from": sent.isoformat()}]
        for day, spoken in [(earliest, True), (earliest + timedelta(days=1), False)]:
            said = asked(moment(day.isoformat()), channel="email", registers=notice)
            assert (said_by("us.regf.email-procedure", said) is not None) is spoken

    def test_of_the_validation_period(self, example):
        given, wanted = example("US-34b5-a")
        sent = date.fromisoformat(given["notice_sent"])
        assert last("us.regf.assumed-receipt", sent).isoformat() == wanted["assumed_receipt"]
        assert last("us.regf.validation-period", sent).isoformat() == wanted["period_end"]
        given, wanted = example("US-34b5-2")
        assert wanted["base"] == "second notice"
        sent = date.fromisoformat(given["second_notice"])
        assert last("us.regf.assumed-receipt", sent).isoformat() == wanted["assumed_receipt"]
        assert last("us.regf.validation-period", sent).isoformat() == wanted["period_end"]

    def test_of_waiting_before_a_bureau_is_told(self, example):
        given, wanted = example("US-30a-2")
        waited = last("us.regf.before-reporting", date.fromisoformat(given["letter_mailed"]))
        assert (waited + timedelta(days=1)).isoformat() == wanted["may_report_from"]
        assert (waited - date.fromisoformat(given["letter_mailed"])).days == wanted["wait_days"]

    def test_of_records(self, example):
        given, wanted = example("US-100")
        for period, event, until in [
            ("us.regf.records", "last_activity", "records_until"),
            ("us.regf.recordings", "call_recorded", "recording_until"),
        ]:
            assert last(period, date.fromisoformat(given[event])).isoformat() == wanted[until]


BUSY = [
    {"kind": "inconvenient_time", "from": "2026-03-02", "weekdays": [1, 2, 3, 4, 5], "hours": ["15:00", "17:00"]},
    {"kind": "inconvenient_time", "from": "2026-03-02", "weekdays": [6, 7]},
]


def last(period: str, event: date) -> date:
    found = notice_periods()[period].last_day(event)
    assert found is not None
    assert found.known
    return found.day


def by_debt(calls: Sequence[Table], debts: Sequence[str]) -> dict[str, dict[str, int]]:
    """Calls and conversations by debt, as the rules count them on 12 November."""
    said = asked(moment("2026-11-12", "20:00:00"), contacts=list(calls), about=list(debts), rules=counting_all())
    counts = {(each.rule, each.debt): each.count or 0 for each in said.findings}
    return {
        debt: {
            "calls": counts.get(("us.regf.seven-in-seven", debt), 0),
            "conversations": counts.get(("us.regf.after-conversation", debt), 0),
        }
        for debt in debts
    }


class TestTheCommentary:
    """Official examples on calls that no file of examples has, from Supplement I to 12 CFR 1006."""

    def test_on_a_number_that_was_somebody_elses(self) -> None:
        """14(b)(2)(i)-3.i: corrected on Thursday, the calls of Monday and Wednesday were not to him."""
        calls = calls_of(
            [
                {"date": "2026-04-06", "n": 4, "result": "unanswered"},
                {"date": "2026-04-08", "n": 3, "result": "unanswered"},
            ]
        )
        assert said_by("us.regf.seven-in-seven", asked(moment("2026-04-09"), contacts=calls))
        corrected = [{**call, "to": "third_person"} for call in calls]
        told = asked(moment("2026-04-09"), contacts=corrected, rules=counting_all())
        assert said_by("us.regf.seven-in-seven", told) is None

    def test_on_a_call_before_the_week_is_over(self) -> None:
        """14(b)(2)(ii)-1.ii: any call before Friday, 21 August."""
        for day, prongs in [("2026-08-14", ["B"]), ("2026-08-17", ["B"]), ("2026-08-20", ["B"]), ("2026-08-21", [])]:
            call = {"at": moment(day, "20:00:00"), "outcome": "no_answer"}
            assert [prong for _, prong in violated([*CONVERSATION, call])] == prongs

    def test_on_a_call_that_the_law_requires(self) -> None:
        """14(b)(2)(ii)-2.i: it stays a presumption, and the law's requirement rebuts it."""
        assert "required_by_law" in US.named("us.regf.seven-in-seven").rebuttal

    def test_on_a_fee_that_the_creditor_sets(self) -> None:
        """14(b)(2)(ii)-2.iv.B: a reminder on Monday of a fee due on Tuesday."""
        assert violated([*CONVERSATION, {"at": moment("2026-08-17"), "outcome": "no_answer"}]) == [(3, "B")]
        assert "urgent_and_not_in_our_hands" in US.named("us.regf.after-conversation").rebuttal

    def test_on_a_consent_that_was_spent(self) -> None:
        """14(b)(3)(i)-3.ii: he was called back and talked to; the call after that is presumed a violation."""
        calls = [
            {"at": moment("2026-04-03"), "outcome": "reached"}, {"at": moment("2026-04-06"), "outcome": "reached"},
            {"at": moment("2026-04-08"), "outcome": "no_answer"},
        ]  # fmt: skip
        assert violated(calls, registers=[{"kind": "direct_consent", "from": calls[0]["at"]}]) == [(3, "B")]

    def test_on_three_debts(self) -> None:
        """14(b)(4)-2.i: 21 unanswered calls, seven counted to each."""
        debts = ["medical", "a", "b"]
        calls = [
            {"at": moment(f"2026-04-{1 + n:02}", f"{9 + 3 * i:02}:00:00"), "outcome": "no_answer", "debts": [debt]}
            for n in range(7)
            for i, debt in enumerate(debts)
        ]
        assert violated(calls) == []
        said = asked(moment("2026-04-07", "20:00:00"), contacts=calls, about=debts)
        full = Counter(each.debt for each in said.findings if each.rule == "us.regf.seven-in-seven" and each.count == 7)
        assert full == Counter(debts)

    def test_on_a_talk_about_one_debt_and_about_both(self) -> None:
        """14(b)(4)-2.iii and iv."""
        talk = {"at": moment("2026-11-09"), "outcome": "reached"}
        once, never = {"calls": 1, "conversations": 1}, {"calls": 0, "conversations": 0}
        debts = ["medical", "card"]
        assert by_debt([{**talk, "debts": ["medical"]}], debts) == {"medical": once, "card": never}
        assert by_debt([{**talk, "debts": debts}], debts) == {"medical": once, "card": once}

    def test_on_student_loans_under_one_number(self) -> None:
        """14(b)(4)-2.vii: they are one debt, and recorded as one."""
        calls = calls_of([{"date": "2026-04-01..2026-04-07", "n": 7, "result": "unanswered"}], debts=["loans"])
        assert violated(calls) == []
        assert violated(
            [*calls, {"at": moment("2026-04-07", "20:00:00"), "outcome": "no_answer", "debts": ["loans"]}]
        ) == [(8, "A")]

    def test_on_two_zones(self) -> None:
        """6(b)(1)(i)-2.i: between eleven and nine in the East."""
        zones = ["America/New_York", "America/Los_Angeles"]
        said = asked(moment("2026-07-01", "03:00:00"), debtor={"kind": "consumer", "country": "US", "zones": zones})
        spans = [each and f"{each.astimezone(NEW_YORK):%H:%M}" for each in (said.next_from, said.next_until)]
        assert spans == ["11:00", "21:00"]

    def test_on_the_receipt_of_a_request_to_cease(self) -> None:
        """6(c)(1)-1.i: posted on 3 August, received on the 6th; an e-mail of the 4th is no violation."""
        received = [{"kind": "cease_request", "from": "2026-08-06"}]
        for day, spoken in [("2026-08-04", False), ("2026-08-06", True)]:
            said = asked(moment(day), channel="email", registers=received)
            assert (said_by("us.regf.cease", said) is not None) is spoken


def _quoted() -> Iterator[Any]:
    for rule in house_rules().rules:
        if "Regulation F" in rule.source or "12 CFR 1006" in rule.source:
            yield pytest.param(rule.quote, id=rule.id)
    for period in notice_periods().values():
        if "Regulation F" in period.citation.source:
            yield pytest.param(period.citation.quote, id=period.id)


class TestTheWordingAtHand:
    @pytest.mark.parametrize("quote", list(_quoted()))
    def test_stands_in_the_text_it_is_quoted_from(self, shared_data, quote):
        text = (shared_data / "law" / "reg_f_2026-03.txt").read_text(encoding="utf-8")
        assert quote
        assert " ".join(quote.split()) in " ".join(text.split())

    def test_is_quoted_from_nowhere_else(self) -> None:
        """What is not at hand is not quoted."""
        entries = [entry for text in US.texts.values() for entry in yaml.safe_load(text)]
        assert [entry["id"] for entry in entries if not entry["citation"]["quote"]] == [
            entry["id"] for entry in entries if entry["citation"]["confidence"] != "official"
        ]
