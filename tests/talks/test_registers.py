"""What debtors told us about contacts: entries that hold from when they were told, once, and as they were known."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dunwell.actions import gate
from dunwell.actions.facts import facts_of
from dunwell.actions.talks import add_entry, end_entry, record_contact, set_address, set_hold
from dunwell.actions.talks.lost_contact import borne_out_from
from dunwell.actions.talks.registers import KINDS
from dunwell.core.errors import Refused, say
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome, HoldReason
from dunwell.engine.contact.planned import Planned
from dunwell.engine.contact.situation import answer as described
from dunwell.intake.situation_json import situation_of
from dunwell.jobs import cli
from dunwell.rulebook.rules_file import house_rules
from dunwell.store.models import JournalEntry, RegisterEntry, RegisterEntryPast
from tests.support.rows import MEI, a_creditor, a_debtor
from tests.talks.book import a_book

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Ten o'clock in Berlin."""
HOW = {"at": MONDAY, "by": MEI}
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


@pytest.fixture
def debtor(db):
    return a_debtor(a_creditor(), country="DE", zone="Europe/Berlin")


def add(debtor, kind, key="k", **values):
    return add_entry(debtor=debtor, kind=kind, key=key, **{**HOW, **values})


def verdict(debtor, channel="phone", at=MONDAY, **values):
    [told] = gate.ask(debtor.creditor, [Planned(debtor.pk, channel, **values)], at=at)
    return told.answer.verdict


def refusal(debtor, kind, **values):
    with pytest.raises(Refused) as refused:
        add(debtor, kind, **values)
    assert all(refused.value.words(language) for language in LANGUAGES)
    return refused.value.code


class TestAnEntry:
    def test_stops_the_channel_it_names_and_no_other(self, debtor):
        add(debtor, "opt_out", channel=Channel.PHONE)
        assert (verdict(debtor), verdict(debtor, "email")) == ("forbidden", "allowed")

    def test_stops_the_address_it_names_and_no_other(self, debtor):
        one = set_address(debtor=debtor, channel=Channel.PHONE, lines={"value": "+49 30 1"}, key="1", **HOW)
        two = set_address(debtor=debtor, channel=Channel.PHONE, lines={"value": "+49 30 2"}, key="2", **HOW)
        add(debtor, "opt_out", contact_point=one)
        assert verdict(debtor, contact_point=one.pk) == "forbidden"
        assert verdict(debtor, contact_point=two.pk) == "allowed"

    def test_stops_the_address_however_it_was_written(self, debtor):
        def address(value, channel=Channel.PHONE):
            return set_address(debtor=debtor, channel=channel, lines={"value": value}, key=f"{channel} {value}", **HOW)

        told = address("030 5550101")
        add(debtor, "opt_out", contact_point=told)
        for same in ("+49305550101", "0049 30 555 0101", "+49 (0)30/5550101"):
            assert verdict(debtor, contact_point=address(same).pk) == "forbidden"
        assert verdict(debtor, contact_point=address("+49305550102").pk) == "allowed"
        assert verdict(debtor, "sms", contact_point=address("+49305550101", Channel.SMS).pk) == "forbidden"
        letters = address("Anna@Example.com", Channel.EMAIL)
        add(debtor, "opt_out", "mail", contact_point=letters, channel=Channel.EMAIL)
        assert verdict(debtor, "email", contact_point=address("anna@example.com", Channel.EMAIL).pk) == "forbidden"

    def test_stops_a_call_where_nobody_said_which_number_is_called(self, debtor):
        one = set_address(debtor=debtor, channel=Channel.PHONE, lines={"value": "+49 30 5550101"}, key="1", **HOW)
        set_address(debtor=debtor, channel=Channel.PHONE, lines={"value": "+49 30 5550102"}, key="2", **HOW)
        add(debtor, "opt_out", contact_point=one)
        assert (verdict(debtor), verdict(debtor, "visit", place="home", persons=2)) == ("forbidden", "allowed")

    def test_about_hours_stops_in_them_alone(self, debtor):
        add(debtor, "inconvenient_time", weekdays=(1,), hours=("09:00", "11:00"))
        assert verdict(debtor) == "forbidden"
        assert verdict(debtor, at=MONDAY + timedelta(hours=1)) == "allowed"
        assert verdict(debtor, at=MONDAY + timedelta(days=1)) == "allowed"

    def test_about_an_employer_stops_at_work_alone(self, debtor):
        add(debtor, "employer_prohibits")
        assert verdict(debtor, "visit", place="work", persons=2) == "forbidden"
        assert verdict(debtor, place="home") == "allowed"

    def test_holds_to_its_last_day_at_the_debtors_place(self, debtor):
        add(debtor, "cooling_off", until_date=date(2026, 11, 24))
        assert verdict(debtor, at=MONDAY + timedelta(days=1)) == "forbidden"
        assert verdict(debtor, at=MONDAY + timedelta(days=2)) == "allowed"

    def test_that_permits_begins_with_the_moment_it_was_told(self, debtor):
        entry = add(debtor, "hours_agreed")
        assert entry.from_at == MONDAY
        night = datetime(2026, 11, 23, 21, tzinfo=UTC)
        assert verdict(debtor, at=night) == "allowed"
        assert verdict(debtor, at=MONDAY - timedelta(hours=4)) == "advice"

    def test_is_one_however_often_it_is_told(self, debtor):
        first = add(debtor, "opt_out", channel=Channel.SMS)
        assert add(debtor, "opt_out", channel=Channel.SMS) == first
        assert refusal(debtor, "opt_out", channel=Channel.SMS, key="other") == "register.stands"
        assert refusal(debtor, "opt_out", channel=Channel.PHONE) == "talk.key_reused"
        assert (RegisterEntry.objects.count(), JournalEntry.objects.filter(event="register.added").count()) == (1, 1)

    def test_ends_and_stays_known_as_it_was(self, debtor):
        entry = add(debtor, "opt_out", channel=Channel.PHONE, from_date=date(2026, 11, 16))
        later = MONDAY + timedelta(hours=2)
        for _ in range(2):
            ended = end_entry(entry=entry, at=later, by=MEI, key="e", note="he called")
        assert ended.until_date == date(2026, 11, 22)
        assert verdict(debtor, at=later) == "allowed"
        assert RegisterEntryPast.objects.get(of=entry.pk).until_date is None
        then = facts_of(debtor.creditor, known_at=MONDAY)["registers"]
        assert then.select("kind", "channel", "until_date").rows() == [("opt_out", "phone", None)]
        with pytest.raises(Refused, match="over already"):
            end_entry(entry=entry, at=later, by=MEI, key="again")

    @pytest.mark.parametrize(
        ("kind", "values", "code"),
        [
            ("cease_request", {}, "register.kind_unknown"),
            ("opt_out", {}, "register.needs_channel"),
            ("verified", {}, "register.needs_address"),
            ("inconvenient_place", {}, "register.needs_place"),
            ("notice_sent", {}, "register.needs_purpose"),
            ("notice_sent", {"purpose": "A B"}, "register.bad_notice"),
            ("notice_sent", {"purpose": "verfication"}, "register.notice_near"),
            ("notice_sent", {"purpose": "verification", "from_date": date(2026, 11, 24)}, "talk.day_ahead"),
            ("notice_sent", {"purpose": "validation", "from_date": date(2026, 11, 24)}, "talk.day_ahead"),
            ("lost_contact", {"evidence": " "}, "register.needs_evidence"),
            ("cooling_off", {"place": "moon"}, "register.not_one_of"),
            ("cooling_off", {"purpose": "moon"}, "register.not_one_of"),
            ("cooling_off", {"weekdays": (1,)}, "register.no_hours"),
            ("inconvenient_time", {"weekdays": (8,)}, "register.bad_weekdays"),
            ("inconvenient_time", {"hours": ("17:00", "15:00")}, "register.bad_hours"),
            ("inconvenient_time", {"hours": ("9:00", "15:00")}, "register.bad_hours"),
            ("cooling_off", {"until_date": date(2026, 11, 22)}, "register.ends_before"),
            ("cooling_off", {"from_at": MONDAY + timedelta(seconds=1)}, "talk.moment_ahead"),
            ("cooling_off", {"evidence": "a\x00b"}, "talk.unclean"),
        ],
    )
    @QUICK
    def test_that_says_too_little_or_nonsense_is_refused(self, debtor, kind, values, code):
        assert refusal(debtor, kind, **values) == code
        assert RegisterEntry.objects.count() == 0

    @QUICK
    def test_about_another_debtors_address_is_refused(self, debtor):
        other = a_debtor(debtor.creditor, "2")
        point = set_address(debtor=other, channel=Channel.PHONE, lines={"value": "+49 30 1"}, key="1", **HOW)
        assert refusal(debtor, "verified", contact_point=point) == "register.other_address"

    @QUICK
    def test_of_every_kind_has_words(self, debtor):
        assert all(say(f"finding.entry.{kind}", language) for kind in KINDS for language in LANGUAGES)


class TestLostContact:
    def test_tells_whether_the_record_bears_it_out(self, db):
        person = a_debtor(a_creditor(), country="CN", zone="Asia/Shanghai", kind="consumer", debt_kind="online_credit")
        set_address(debtor=person, channel=Channel.PHONE, lines={"value": "+86 13800138000"}, key="1", **HOW)
        assert borne_out_from(person, MONDAY) is None
        add(person, "lost_contact", evidence="the number was called three times")
        for hour in range(3):
            record_contact(
                debtor=person, channel=Channel.PHONE, outcome=ContactOutcome.NO_ANSWER, key=str(hour),
                **{**HOW, "at": MONDAY + timedelta(minutes=20 * hour)},
            )  # fmt: skip
        assert borne_out_from(person, MONDAY + timedelta(hours=2)) is not None
        body = json.loads(bytes(JournalEntry.objects.get(event="register.added").body))["body"]
        assert body["borne_out_from"] is None


class TestAWrittenDispute:
    """Regulation F, 12 CFR 1006.38(c) and (d)(2): nothing is collected until the answer was sent."""

    @pytest.fixture
    def consumer(self, db):
        creditor = a_creditor(kind="debt_collector", country="US", zone="America/New_York")
        return a_debtor(creditor, country="US", zone="America/New_York", kind="consumer")

    def rules_against(self, debtor, at):
        planned = Planned(debtor.pk, "letter", collector="agency")
        [told] = gate.ask(debtor.creditor, [planned], at=at)
        return {each.rule for each in told.answer.findings if each.effect == "forbidden"}

    @pytest.mark.parametrize(
        ("kind", "purpose", "rule"),
        [
            ("dispute_in_writing", "verification", "us.regf.dispute-in-writing"),
            ("original_creditor_asked", "original_creditor", "us.regf.original-creditor"),
        ],
    )
    def test_stops_collecting_until_it_was_answered(self, consumer, kind, purpose, rule):
        noon = datetime(2026, 11, 23, 17, tzinfo=UTC)
        add(consumer, kind, key="a", at=noon)
        later = noon + timedelta(days=30)
        assert rule in self.rules_against(consumer, later)
        add(consumer, "notice_sent", key="b", at=noon + timedelta(days=2), purpose="placement")
        assert rule in self.rules_against(consumer, later)
        add(consumer, "notice_sent", key="c", at=noon + timedelta(days=3), purpose=purpose)
        assert RegisterEntry.objects.get(kind=kind).until_date == date(2026, 11, 26)
        assert json.loads(bytes(JournalEntry.objects.get(key="c").body))["body"]["answered"] == [
            RegisterEntry.objects.get(kind=kind).pk
        ]
        assert rule in self.rules_against(consumer, noon + timedelta(days=3))
        assert rule not in self.rules_against(consumer, noon + timedelta(days=4))

    def test_that_came_after_the_answer_goes_on(self, consumer):
        noon = datetime(2026, 11, 23, 17, tzinfo=UTC)
        add(consumer, "dispute_in_writing", key="a", at=noon + timedelta(days=3))
        add(
            consumer, "notice_sent", key="b", at=noon + timedelta(days=4), purpose="verification",
            from_date=date(2026, 11, 24),
        )  # fmt: skip
        assert "us.regf.dispute-in-writing" in self.rules_against(consumer, noon + timedelta(days=30))


class TestAMinor:
    def test_is_a_hard_stop(self, debtor):
        set_hold(debtor=debtor, reason=HoldReason.MINOR, key="m", **HOW)
        assert {verdict(debtor, channel) for channel in ("phone", "email", "letter")} == {"forbidden"}


class TestATalkThatUpsetHim:
    def test_leaves_him_alone_for_the_days_of_the_house_rule(self, debtor):
        for _ in range(2):
            record_contact(
                debtor=debtor, channel=Channel.PHONE, outcome=ContactOutcome.REACHED, upset=True, key="c", **HOW
            )
        entry = RegisterEntry.objects.get()
        assert (entry.kind, entry.from_date, entry.until_date) == (
            "cooling_off", date(2026, 11, 23), date(2026, 12, 6)
        )  # fmt: skip
        assert verdict(debtor, "letter", at=MONDAY + timedelta(days=13)) == "forbidden"


def seen(monkeypatch, name, **values):
    """As if the wording of a rule had been seen, or its values were others."""
    rules = house_rules()
    changed = tuple(
        replace(
            each, quote=each.quote or "...",
            values=tuple((day, {**(value or {}), **values}) for day, value in each.values),
        )
        if each.id == name
        else each
        for each in rules.rules
    )  # fmt: skip
    now = replace(
        rules, rules=changed, hash=f"{rules.hash} {name} {values}", _by_id={each.id: each for each in changed}
    )
    monkeypatch.setattr(gate, "rules_of", lambda _: now)


def recording(debtor, channel="phone", **values):
    [told] = gate.ask(debtor.creditor, [Planned(debtor.pk, channel, **values)], at=MONDAY, with_notes=True)
    [found] = [(each.rule, each.detail) for each in told.answer.findings if "recording" in each.rule]
    return found


class TestWhetherACallIsRecorded:
    def test_is_asked_where_nothing_was_said(self, debtor):
        assert recording(debtor) == ("house.recording", "ask")

    def test_follows_the_last_word(self, debtor):
        add(debtor, "recording_consent", "1")
        assert recording(debtor) == ("house.recording", "consented")
        add(debtor, "recording_refused", "2")
        assert recording(debtor) == ("house.recording", "refused")
        add(debtor, "recording_consent", "3")
        assert recording(debtor) == ("house.recording", "consented")
        assert RegisterEntry.objects.filter(until_date=None).count() == 1

    def test_has_one_answer_where_a_law_wants_it_and_the_house_would_ask(self, db, monkeypatch):
        card = a_debtor(
            a_creditor(), kind="consumer", country="CN", zone="Asia/Shanghai", debt_kind="credit_card"
        )  # fmt: skip
        # the wording of the law was not seen: it passes over nobody's consent
        assert recording(card) == ("house.recording", "ask")
        seen(monkeypatch, "cn.card.68-recording")
        assert recording(card) == ("cn.card.68-recording", "required")
        add(card, "recording_refused")
        assert recording(card) == ("cn.card.68-recording", "refused_required")

    def test_has_one_answer_for_online_credit_in_china(self, db):
        online = a_debtor(a_creditor(), kind="consumer", country="CN", zone="Asia/Shanghai", debt_kind="online_credit")
        assert recording(online, channel="visit") == recording(online) == ("house.recording", "ask")

    def test_is_asked_where_nobody_knows_what_kind_of_debtor_he_is(self, monkeypatch):
        seen(monkeypatch, "cn.card.68-recording")
        told = {"at": "2026-11-23T10:00:00+08:00", "channel": "phone", "debt": {"kind": "credit_card"}}
        place = {"country": "CN", "zones": ["Asia/Shanghai"]}
        for kind, said in ((None, ("house.recording", "ask")), ("consumer", ("cn.card.68-recording", "required"))):
            [[answer]] = described([situation_of({**told, "debtor": {"kind": kind, **place}})], gate.rules_of(None))
            assert [(each.rule, each.detail) for each in answer.findings if "recording" in each.rule] == [said]

    def test_follows_the_last_word_in_a_described_situation_too(self):
        def said(*entries):
            registers = [{"kind": f"recording_{word}", "from": day} for word, day in entries]
            told = {
                "at": "2026-11-23T10:00:00+01:00", "channel": "phone", "registers": registers,
                "debtor": {"kind": "consumer", "country": "DE", "zones": ["Europe/Berlin"]},
            }  # fmt: skip
            [[answer]] = described([situation_of(told)], house_rules())
            return next(each.detail for each in answer.findings if each.rule == "house.recording")

        assert said(("refused", "2026-11-01"), ("consent", "2026-11-02")) == "consented"
        assert said(("refused", "2026-11-02"), ("consent", "2026-11-01")) == "refused"
        assert said(("refused", "2026-11-02"), ("consent", "2026-11-02")) == "refused"
        assert said(("refused", "2026-11-01"), ("consent", "2026-11-24")) == "refused"

    @QUICK
    def test_that_must_be_and_was_refused_is_no_plain_yes(self, db, capsys, monkeypatch):
        seen(monkeypatch, "house.recording", may="required")
        book = a_book()
        line = ("contact", "plan", book.debtor.number)
        cli._run((*line, "--json"))
        assert json.loads(capsys.readouterr().out)["recording"] is None
        add_entry(debtor=book.debtor, kind="recording_refused", at=book.debtor.known_from, by=MEI, key="r")
        cli._run((*line, "--json"))
        row = json.loads(capsys.readouterr().out)
        assert (row["recording"], row["write_instead"]) == ("refused", True)
        cli._run(line)
        assert "write instead" in capsys.readouterr().out.splitlines()[0]

    @QUICK
    def test_is_told_with_a_plan(self, db, capsys):
        book = a_book()
        add_entry(debtor=book.debtor, kind="recording_refused", at=book.debtor.known_from, by=MEI, key="r")
        cli._run(("contact", "plan", book.debtor.number))
        assert "recording was refused" in capsys.readouterr().out


class TestTheCommand:
    def told(self, capsys, *line, code=0):
        assert cli._run(line) == code
        found = capsys.readouterr()
        return found.out + found.err

    @QUICK
    def test_adds_lists_and_ends(self, db, capsys):
        book = a_book()
        number = book.debtor.number
        said = self.told(
            capsys, "register", "add", number, "inconvenient_time", "--weekdays", "1,2", "--hours", "15:00-17:00",
            "--evidence", "asked on the phone",
        )  # fmt: skip
        assert "15:00-17:00" in said
        [row] = json.loads(self.told(capsys, "register", "list", "--json"))
        assert (row["kind"], row["weekdays"], row["hours"]) == ("inconvenient_time", [1, 2], ["15:00", "17:00"])
        assert "asked on the phone" in self.told(capsys, "register", "list", "--debtor", number)
        assert "holds no longer" in self.told(capsys, "register", "end", str(row["id"]))
        assert "No entries" in self.told(capsys, "register", "list")
        assert json.loads(self.told(capsys, "register", "list", "--all", "--json"))[0]["until"] is not None
        assert "7" in self.told(capsys, "register", "add", number, "inconvenient_time", "--weekdays", "x", code=2)
        assert "no entry 99" in self.told(capsys, "register", "end", "99", code=2)
