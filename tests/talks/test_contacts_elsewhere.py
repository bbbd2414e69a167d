"""What agencies and earlier tools did is recorded, by hand or from a file, and counts where rules sum all agencies."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dunwell.actions import gate
from dunwell.actions.talks import plan_contact, record_contact, set_address
from dunwell.actions.talks.contacts_file import import_contacts
from dunwell.core.errors import DunwellError, Refused
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome
from dunwell.engine.contact.planned import Planned
from dunwell.intake.contacts_made import read_contacts
from dunwell.jobs import cli
from dunwell.store import guard
from dunwell.store.models import Clearance, ContactAttempt, Creditor, Debtor, JournalEntry, RegisterEntry
from tests.support.rows import MEI, a_creditor, a_debtor
from tests.talks.book import a_book

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOW = {"at": MONDAY, "by": MEI}
QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
NUMBER = "+1 212 555 0109"


@pytest.fixture
def creditor(db):
    return a_creditor()


@pytest.fixture
def american(db):
    debtor = a_book().debtor
    values = {"kind": "consumer", "country": "US", "zone": "America/New_York", "debt_kind": "credit_card"}
    with guard.writing("test"):
        Creditor.objects.update(kind="debt_collector")
        Debtor.objects.update(**values)
    return Debtor.objects.get(pk=debtor.pk)


def record(debtor, channel, key, **values):
    return record_contact(debtor=debtor, channel=channel, key=key, **{"outcome": None, **HOW, **values})


def findings(debtor, channel="phone", at=MONDAY, **values):
    [told] = gate.ask(debtor.creditor, [Planned(debtor.pk, channel, **values)], at=at)
    return {each.rule: each.count for each in told.answer.findings}


class TestAMessageOfAnAgency:
    @pytest.mark.parametrize("channel", [Channel.SMS, Channel.IM, Channel.LETTER, Channel.EMAIL])
    def test_is_recorded_and_counted(self, creditor, channel):
        debtor = a_debtor(creditor, kind="consumer", country="DE", zone="Europe/Berlin")
        for number in range(8):
            when = MONDAY - timedelta(hours=number)
            record(debtor, channel, str(number), collector="Fast Cash Ltd", happened_at=when)
        assert "house.natural.intensity" in findings(debtor)
        assert set(ContactAttempt.objects.values_list("outcome", "collector")) == {("sent", "Fast Cash Ltd")}

    def test_that_did_not_arrive_is_not_counted(self, creditor):
        debtor = a_debtor(creditor, kind="consumer", country="DE", zone="Europe/Berlin")
        for number in range(8):
            record(debtor, Channel.SMS, str(number), collector="Fast Cash Ltd", undelivered=True)
        assert "house.natural.intensity" not in findings(debtor)

    def test_is_planned_by_the_same_rules(self, creditor):
        debtor = a_debtor(creditor, kind="consumer", country="DE", zone="Europe/Berlin")
        text = set_address(debtor=debtor, channel=Channel.SMS, lines={"value": "+49 30 5550101"}, key="a", **HOW)
        made = plan_contact(debtor=debtor, channel=Channel.SMS, collector="Fast Cash Ltd", key="p", **HOW)
        assert (made.may_go, made.contact_point, made.clearance.channel) == (True, text, "sms")
        record(debtor, Channel.SMS, "r", collector="Fast Cash Ltd", plan=made.clearance, contact_point=text)
        assert Clearance.objects.count() == 1
        night = MONDAY + timedelta(hours=13)
        late = plan_contact(debtor=debtor, channel=Channel.SMS, outside=True, key="n", at=night, by=MEI)
        assert (late.may_go, late.clearance.verdict) == (False, "forbidden")

    @pytest.mark.parametrize("act", [record_contact, plan_contact])
    def test_is_nobodys_where_nobody_says_whose(self, creditor, act):
        debtor = a_debtor(creditor)
        told = {"outcome": None} if act is record_contact else {}
        with pytest.raises(Refused) as refused:
            act(debtor=debtor, channel=Channel.SMS, key="k", **told, **HOW)
        assert refused.value.code == "contact.not_by_people"


class TestCallsOfSeveralAgencies:
    def test_count_together_for_the_three_notifications_a_day_in_china(self, creditor):
        debtor = a_debtor(
            creditor, kind="consumer", country="CN", zone="Asia/Shanghai", debt_kind="online_credit"
        )  # fmt: skip
        noon = datetime(2026, 11, 23, 4, tzinfo=UTC)
        for number, agency in enumerate(("", "One Ltd", "Two Ltd")):
            rule = findings(debtor, at=noon, mode="notification")
            assert "cn.gbt-45251.notification-calls" not in rule
            record(
                debtor, Channel.PHONE, str(number), outcome=ContactOutcome.DROPPED, mode="notification",
                collector=agency, happened_at=noon - timedelta(hours=number),
            )  # fmt: skip
        assert findings(debtor, at=noon, mode="notification")["cn.gbt-45251.notification-calls"] == 3

    def test_count_together_for_seven_in_seven(self, american):
        day = datetime(2026, 11, 23, 17, tzinfo=UTC)
        for number in range(7):
            agency = "Other Agency" if number % 2 else ""
            record(
                american, Channel.PHONE, str(number), outcome=ContactOutcome.NO_ANSWER, collector=agency, at=day,
                happened_at=day - timedelta(days=number, hours=1),
            )  # fmt: skip
        assert "us.regf.seven-in-seven" not in findings(american, at=day, collector="own")
        [told] = gate.ask(american.creditor, [Planned(american.pk, "phone")], at=day)
        assert "us.regf.seven-in-seven" in {each.rule for each in told.answer.findings}


HEAD = "debtor,at,channel,outcome,direction,agency,number,mode,to,purpose,note\n"
GOOD = (
    "10001,2026-11-20T10:30,phone,no_answer,,Fast Cash Ltd,+49 30 5550101,,,,\n"
    "10001,2026-11-20T11:30+01:00,sms,sent,,Fast Cash Ltd,030/5550101,,,,first text\n"
    "10001,2026-11-19,sms,,,,,,,,\n".replace("2026-11-19", "2026-11-19T09:00")
    + "10001,2026-11-20T12:00,im,,in,,,,,,asks for time\n"
    "10001,2026-11-20T23:30,phone,reached,,Fast Cash Ltd,+49 30 9999999,,,,\n"
)


@pytest.fixture
def debtor(creditor):
    owner = a_debtor(creditor, kind="consumer", country="DE", zone="Europe/Berlin")
    for channel in (Channel.PHONE, Channel.SMS):
        set_address(debtor=owner, channel=channel, lines={"value": "+49 30 5550101"}, key=str(channel), **HOW)
    return owner


def taken(debtor, tmp_path, text, **values):
    path = tmp_path / "contacts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_contacts(creditor=debtor.creditor, path=path, **HOW, **values)


class TestAFile:
    def test_is_recorded_as_if_each_line_had_been(self, debtor, tmp_path):
        found = taken(debtor, tmp_path, HEAD + GOOD)
        assert (found.recorded, found.known, found.deviations, list(found.faults)) == (5, 0, 1, [])
        rows = ContactAttempt.objects.order_by("happened_at").values_list(
            "channel", "direction", "outcome", "collector"
        )
        assert list(rows) == [
            ("sms", "out", "sent", ""), ("phone", "out", "no_answer", "Fast Cash Ltd"),
            ("sms", "out", "sent", "Fast Cash Ltd"), ("im", "in", "sent", ""),
            ("phone", "out", "reached", "Fast Cash Ltd"),
        ]  # fmt: skip
        points = ContactAttempt.objects.order_by("happened_at").values_list("contact_point__channel", flat=True)
        assert list(points) == [None, "phone", "sms", None, None]
        assert JournalEntry.objects.filter(event="contact.deviated").count() == 1
        assert JournalEntry.objects.filter(event="contact.imported").count() == 1

    def test_that_is_only_tried_writes_nothing(self, debtor, tmp_path):
        before = JournalEntry.objects.count()
        found = taken(debtor, tmp_path, HEAD + GOOD, dry_run=True)
        assert (found.recorded, found.deviations) == (5, 1)
        assert (ContactAttempt.objects.count(), JournalEntry.objects.count()) == (0, before)

    def test_is_taken_once_however_often_it_comes_and_in_whatever_order(self, debtor, tmp_path):
        taken(debtor, tmp_path, HEAD + GOOD)
        turned = HEAD + "".join(f"{line}\n" for line in reversed(GOOD.splitlines()))
        again = taken(debtor, tmp_path, "\ufeff" + turned.replace("\n", "\r\n"))
        assert (again.recorded, again.known, ContactAttempt.objects.count()) == (0, 5, 5)

    def test_is_one_however_its_number_and_its_moment_are_written(self, debtor, tmp_path):
        row = "10001,{},phone,no_answer,,Fast Cash Ltd,{},,,,\n"
        ways = [
            ("2026-11-20T10:30", "030 5550101"), ("2026-11-20T10:30:00+01:00", "+49 (0)30 555-0101"),
            ("2026-11-20T09:30Z", "0049305550101"),
        ]  # fmt: skip
        found = [taken(debtor, tmp_path, HEAD + row.format(*way)) for way in ways]
        assert [(each.recorded, each.known) for each in found] == [(1, 0), (0, 1), (0, 1)]
        assert ContactAttempt.objects.count() == 1
        assert taken(debtor, tmp_path, HEAD + row.format("2026-11-20T09:30", "030 5550101")).recorded == 1

    def test_that_was_known_by_its_letters_is_known(self, debtor, tmp_path):
        text = HEAD + "10001,2026-11-20T10:30,phone,no_answer,,Fast Cash Ltd,,,,,\n"
        (tmp_path / "old.csv").write_text(text)
        [row] = read_contacts(tmp_path / "old.csv")[1]
        record(
            debtor, Channel.PHONE, row.key, outcome=ContactOutcome.NO_ANSWER, collector="Fast Cash Ltd", outside=True,
            happened_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        )  # fmt: skip
        found = taken(debtor, tmp_path, text)
        assert (found.recorded, found.known, list(found.faults)) == (0, 1, [])

    def test_counts_two_lines_that_say_the_same_as_two(self, debtor, tmp_path):
        line = "10001,2026-11-20T10:30,phone,no_answer,,Fast Cash Ltd,,,,,\n"
        assert taken(debtor, tmp_path, HEAD + line * 2).recorded == 2

    def test_closes_a_number_that_is_somebody_elses(self, debtor, tmp_path):
        taken(debtor, tmp_path, HEAD + "10001,2026-11-20T10:30,phone,wrong_person,,Fast Cash Ltd,030 5550101,,,,\n")
        assert RegisterEntry.objects.get().kind == "wrong_person"

    def test_with_a_wrong_line_is_recorded_without_it_or_not_at_all(self, debtor, tmp_path):
        wrong = [
            "99999,2026-11-20T10:30,phone,no_answer,,,,,,,", "10001,2026-11-20,phone,no_answer,,,,,,,",
            "10001,2026-11-20T10:30,pigeon,no_answer,,,,,,,", "10001,2026-11-20T10:30,phone,,,,,,,,",
            "10001,2026-11-20T10:30,sms,no_answer,,,,,,,", "10001,2126-11-20T10:30,sms,,,,,,,,",
            "10001,2026-11-20T10:30,sms,,,,,,nobody,,", ",2026-11-20T10:30,sms,,,,,,,,",
            "10001,2026-11-20T10:30,phone,wrong_person,,,+49 30 7777777,,,,", "10001,2026-11-20T10:30,sms,,,,,,,,,,,",
        ]  # fmt: skip
        text = HEAD + GOOD + "".join(f"{line}\n" for line in wrong)
        found = taken(debtor, tmp_path, text)
        assert [fault.line for fault in found.faults] == list(range(7, 17))
        assert all(fault.error.words(language) for fault in found.faults for language in LANGUAGES)
        assert ContactAttempt.objects.count() == 0
        assert taken(debtor, tmp_path, text, accept_valid_rows=True).recorded == 5
        assert ContactAttempt.objects.count() == 5

    @QUICK
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "contacts_file.no_table"), ("name,street\nA,B\n", "contacts_file.no_table"),
            ("debtor,at,channel,colour\n", "contacts_file.unknown_column"),
            ("debtor,at,channel,channel\n", "contacts_file.no_table"),
            (HEAD + '"10001,x', "contacts_file.no_table"), (b"debtor,at,channel\n\xff\xfe", "contacts_file.not_utf8"),
        ],
    )  # fmt: skip
    def test_that_is_no_table_of_contacts_is_refused(self, debtor, tmp_path, text, code):
        with pytest.raises(DunwellError) as refused:
            taken(debtor, tmp_path, text)
        assert refused.value.code == code

    @QUICK
    def test_is_told_by_the_command(self, debtor, tmp_path, capsys):
        path = tmp_path / "contacts.csv"
        path.write_text(HEAD + GOOD)
        assert cli._run(("contact", "import", str(path), "--dry-run")) == 0
        assert "Nothing was written" in capsys.readouterr().out
        assert cli._run(("contact", "import", str(path))) == 0
        assert "5 contacts recorded" in capsys.readouterr().out
        path.write_text(HEAD + "99999,2026-11-20T10:30,sms,,,,,,,,\n")
        assert cli._run(("contact", "import", str(path))) == 1
        assert "line 2" in capsys.readouterr().out
        line = ("contact", "record", "10001", "--channel", "letter", "--agency", "Fast Cash Ltd")
        assert cli._run(line) == 0
        assert (
            cli._run(("contact", "record", "10001", "--channel", "sms", "--outside", "--outcome", "undeliverable")) == 0
        )
        outcomes = json.dumps(list(ContactAttempt.objects.order_by("-pk").values_list("channel", "outcome")[:2]))
        assert outcomes == '[["sms", "undeliverable"], ["letter", "sent"]]'
