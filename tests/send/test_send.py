from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from django.conf import settings
from pypdf import PdfReader

from dunwell.actions.sending import outbox
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.compose import address_lines
from dunwell.actions.sending.owner import new_owner
from dunwell.actions.sending.send import open_channels
from dunwell.channels.simulator import Simulator
from dunwell.core.errors import DunwellError
from dunwell.store import guard
from dunwell.store.models import (
    ContactAttempt,
    ContactItem,
    ContactPoint,
    ContactPointPast,
    Debtor,
    Dispute,
    Document,
    JournalEntry,
    OutboxMessage,
    Receivable,
)
from tests.channels.test_email import text_of
from tests.send.book import DAY, TEN, a_book, add_debtor, add_point, hold, let_go, owe, pay, run, states
from tests.support.rows import MEI


def events() -> list[str]:
    others = ["creditor.added", "run.decided"]
    return sorted(JournalEntry.objects.exclude(event__in=others).values_list("event", flat=True))


class TestSend:
    def test_lets_each_message_leave_once_by_its_channel(self, sink):
        creditor = a_book(mails=3, letters=2)
        assert run(creditor)["prepared"] == 5
        report = let_go()
        assert dict(report.sent) == {("email", 20): 3, ("letter", 20): 2}
        assert sorted(mail["To"].addresses[0].addr_spec for mail in sink.mails) == [
            f"m{number}@debtor.example" for number in range(3)
        ]
        assert let_go().done == 0
        assert set(states().values()) == {"sent"}
        assert sink.connections == 1

    def test_records_what_left_to_whom_and_keeps_the_very_bytes(self, sink):
        run(a_book(mails=1))
        let_go()
        contact = ContactAttempt.objects.select_related("document").get()
        assert (contact.outcome, contact.contact_date, contact.stage, contact.receipt) == ("sent", DAY, 20, "250 taken")
        assert contact.template_version.startswith("email.en.reminder@")
        item = ContactItem.objects.get(contact=contact)
        assert (item.receivable.number, item.stage, item.open_minor) == ("R-M0", 20, 10_010)
        kept = settings.DUNWELL.documents / contact.document.sha256[:2] / contact.document.sha256
        assert sha256(kept.read_bytes()).hexdigest() == contact.document.sha256
        assert sink.mails[0]["Message-ID"].encode() in kept.read_bytes()
        assert len(kept.read_bytes()) == contact.document.size_bytes
        entry = JournalEntry.objects.get(event="email.sent")
        assert contact.document.sha256.encode() in bytes(entry.body)
        assert b"debtor.example" not in bytes(entry.body)
        assert entry.key == OutboxMessage.objects.get().key

    def test_asks_for_the_sum_that_was_decided(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", cents=123_456)
        owe(debtor, "R-2", due=date(2026, 11, 1), cents=1)
        run(creditor)
        let_go()
        assert OutboxMessage.objects.get().total_minor == 123_457
        assert "EUR 1,234.57" in text_of(sink.mails[0])
        assert sum(ContactItem.objects.values_list("open_minor", flat=True)) == 123_457

    def test_leaves_the_disputed_part_out_of_the_sum(self, sink):
        creditor = a_book(mails=1)
        receivable = Receivable.objects.get()
        with guard.writing("test"):
            Dispute.objects.create(
                creditor=creditor, debtor=receivable.debtor, number="D1", receivable=receivable, opened_date=DAY,
                amount_minor=4_010, reason="damaged", known_from=TEN,
            )  # fmt: skip
        run(creditor)
        let_go()
        assert "EUR 60.00" in text_of(sink.mails[0])

    def test_deducts_credit_once(self, sink):
        creditor = a_book(mails=1)
        debtor = Debtor.objects.get()
        with guard.writing("test"):
            Receivable.objects.create(
                creditor=creditor, debtor=debtor, number="CN1", kind="credit_note", issue_date=date(2026, 11, 1),
                due_date=date(2026, 11, 1), currency="EUR", amount_minor=-3_000, status="open", known_from=TEN,
            )  # fmt: skip
        run(creditor)
        let_go()
        assert "EUR 70.10" in text_of(sink.mails[0])

    def test_writes_letters_that_say_the_right_sum(self, sink):
        run(a_book(letters=1))
        report = let_go()
        (folder,) = report.letters
        assert folder == settings.DUNWELL.letters / "main" / "2026-11-24"
        (file,) = folder.iterdir()
        assert file.name.startswith("L0-reminder-")
        assert "100.10" in "".join(page.extract_text() for page in PdfReader(file).pages)
        assert file.read_bytes() == next(settings.DUNWELL.documents.glob("*/*")).read_bytes()
        assert Document.objects.get().media_type == "application/pdf"

    def test_stops_at_its_limit_and_goes_on_later(self, sink):
        run(a_book(mails=5))
        assert let_go(limit=2).done == 2
        assert let_go().done == 3
        assert len(sink.mails) == 5

    @pytest.mark.parametrize("limit", [1, 2])
    def test_passes_by_whoever_another_sender_holds(self, sink, limit):
        """Ten persons with nine messages each stand first in the queue, and are held; three others wait behind them."""
        creditor = a_book()
        for number in range(10):
            debtor = add_debtor(creditor, f"H{number}", email=f"h{number}@debtor.example")
            for currency in ("USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK"):
                owe(debtor, f"R-{number}{currency}", currency=currency)
        for number in range(3):
            add_debtor(creditor, f"M{number}", email=f"m{number}@debtor.example")
        run(creditor)
        with guard.writing("test"):
            first = OutboxMessage.objects.filter(currency="EUR", debtor__number__startswith="H")
            first.update(state="claimed", claimed_by=new_owner(), lease_until_at=datetime.now(UTC) + timedelta(hours=1))
            OutboxMessage.objects.filter(debtor__number__startswith="M").update(not_before_at=TEN)
            OutboxMessage.objects.filter(debtor__number__startswith="H").update(not_before_at=TEN - timedelta(hours=1))
        found = [
            row.debtor.number
            for _ in range(4)
            for row in outbox.claim(
                creditor=creditor, channels=["email"], day=DAY, now=TEN, size=limit, owner=new_owner(), by=MEI
            )
        ]
        assert sorted(found) == ["M0", "M1", "M2"]

    def test_stops_after_the_message_in_hand_when_asked(self, sink):
        run(a_book(mails=5))
        report = let_go(stopped=lambda: len(sink.mails) >= 2)
        assert report.sent.total() == 2
        assert sorted(states().values()) == ["released"] * 3 + ["sent"] * 2
        let_go()
        assert set(sink.count.values()) == {1}
        assert len(sink.mails) == 5


class TestTheLastLook:
    def test_cancels_what_was_paid_meanwhile(self, sink):
        run(a_book(mails=2))
        pay(Debtor.objects.get(number="M0"))
        report = let_go()
        assert dict(report.cancelled) == {"paid_meanwhile": 1}
        assert states() == {"M0": "cancelled paid_meanwhile", "M1": "sent"}
        assert events() == ["email.sent", "message.cancelled"]

    def test_cancels_what_was_paid_in_part_and_the_next_run_asks_for_the_rest(self, sink):
        creditor = a_book(mails=1)
        run(creditor)
        pay(Debtor.objects.get(), 5_000)
        assert dict(let_go().cancelled) == {"changed": 1}
        run(creditor)
        let_go()
        assert "EUR 50.10" in text_of(sink.mails[0])

    @pytest.mark.parametrize(
        ("reason", "rule"), [("cease_request", "house.cease"), ("insolvency", "house.hold"), ("talks", "house.hold")]
    )
    def test_respects_a_hold_set_meanwhile(self, sink, reason, rule):
        run(a_book(mails=1, letters=1))
        for debtor in Debtor.objects.all():
            hold(debtor, reason)
        assert dict(let_go().cancelled) == {f"forbidden:{rule}": 2}
        assert sink.mails == []

    def test_waits_for_the_allowed_hours(self, sink):
        run(a_book(mails=1, letters=1))
        night = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
        report = let_go(clock=Clock(fixed=night))
        assert dict(report.sent) == {("letter", 20): 1}
        assert dict(report.later) == {"outside_hours": 1}
        waiting = OutboxMessage.objects.get(channel="email")
        assert (waiting.state, waiting.not_before_at) == ("try_later", datetime(2026, 11, 25, 7, tzinfo=UTC))
        assert let_go(clock=Clock(fixed=night)).done == 0
        assert let_go(clock=Clock(fixed=datetime(2026, 11, 25, 8, tzinfo=UTC))).sent.total() == 1

    def test_lets_a_day_old_message_leave_with_the_deadline_of_the_day_it_leaves(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", due=date(2026, 11, 1))
        run(creditor)
        let_go()
        later = TEN + timedelta(days=11)
        run(creditor, day=later.date(), now=later)
        let_go(clock=Clock(fixed=later + timedelta(days=2)))
        contact = ContactAttempt.objects.get(stage=40)
        assert contact.debtor_id == debtor.pk
        assert contact.deadline_date == later.date() + timedelta(days=12)
        assert "17 December 2026" in text_of(sink.mails[1])

    def test_lets_a_message_of_three_days_ago_leave(self, sink):
        run(a_book(mails=1))
        assert let_go(clock=Clock(fixed=TEN + timedelta(days=3))).sent.total() == 1

    def test_calls_an_older_one_stale(self, sink):
        run(a_book(mails=1))
        assert dict(let_go(clock=Clock(fixed=TEN + timedelta(days=4))).cancelled) == {"stale": 1}

    def test_keeps_the_weekly_cap_of_a_person_over_currencies(self, sink):
        creditor = a_book()
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example")
        for currency in ("USD", "GBP", "CHF", "SEK", "NOK"):
            owe(debtor, f"R-{currency}", currency=currency)
        assert run(creditor)["prepared"] == 6
        report = let_go()
        assert dict(report.sent) == {("email", 20): 5}
        assert dict(report.cancelled) == {"forbidden:house.trade.contacts": 1}

    def test_cancels_when_the_address_has_changed(self, sink):
        run(a_book(mails=1))
        with guard.writing("test"):
            ContactPoint.objects.update(rank=5)
        add_point(Debtor.objects.get(), channel="email", value="new@debtor.example", rank=0)
        assert dict(let_go().cancelled) == {"changed": 1}


class TestWhatCannotLeave:
    def test_goes_by_the_next_channel_when_the_address_is_wrong(self, sink):
        creditor = a_book()
        add_debtor(creditor, "M0", email="gone@debtor.example", letter=True)
        sink.on_rcpt = lambda _: "550 5.1.1 <gone@debtor.example> no such user"
        run(creditor)
        report = let_go()
        assert [(reason, said[:9]) for _, reason, said in report.failed] == [("address_refused", "550 5.1.1")]
        assert ContactPoint.objects.get(channel="email").invalid_since == TEN
        assert ContactPointPast.objects.get().invalid_since is None
        assert ContactAttempt.objects.get().outcome == "undeliverable"
        assert events() == ["address.invalidated", "message.failed"]
        assert not any(b"gone@" in bytes(entry.body) for entry in JournalEntry.objects.all())
        run(creditor)
        assert dict(let_go().sent) == {("letter", 20): 1}

    @pytest.mark.parametrize("value", ["nobody", "用户@debtor.example", "a@b.example\nBcc: c@d.example"])
    def test_is_found_before_the_channel_is_called(self, sink, value):
        creditor = a_book(mails=1)
        add_debtor(creditor, "BAD", email=value, letter=True)
        run(creditor)
        report = let_go()
        assert len(report.failed) == 1
        assert states() == {"M0": "sent", "BAD": f"undeliverable {report.failed[0][1]}"}
        run(creditor)
        assert dict(let_go().sent) == {("letter", 20): 1}

    def test_does_not_stop_the_others_when_it_cannot_be_written(self, sink):
        creditor = a_book(letters=3)
        with guard.writing("test"):
            Debtor.objects.filter(number="L1").update(name="ଓଡ଼ିଆ")
        run(creditor)
        report = let_go()
        assert states() == {"L0": "sent", "L1": "cancelled cannot_render", "L2": "sent"}
        assert "cannot print" in report.broken[0][1]

    def test_is_prepared_again_by_a_run_of_the_same_day_and_leaves_once_it_is_mended(self, sink):
        creditor = a_book(letters=1)
        with guard.writing("test"):
            Debtor.objects.update(name="ଓଡ଼ିଆ")
        run(creditor)
        let_go()
        assert states() == {"L0": "cancelled cannot_render"}
        with guard.writing("test"):
            Debtor.objects.update(name="Odia")
        assert run(creditor) == {"prepared": 1, "kept": 0, "cancelled": 0}
        assert run(creditor) == {}
        assert dict(let_go().sent) == {("letter", 20): 1}
        keys = list(OutboxMessage.objects.order_by("pk").values_list("key", flat=True))
        assert [key[-4:] for key in keys] == [":0:0", ":0:1"]

    def test_is_tried_again_with_growing_pauses_and_then_given_up(self, sink):
        sink.on_rcpt = lambda _: "450 4.2.0 greylisted"
        run(a_book(mails=1))
        pauses, moment = [], TEN
        for _ in range(4):
            assert dict(let_go(clock=Clock(fixed=moment)).later) == {"server_later": 1}
            assert ContactAttempt.objects.count() == 0
            moment = OutboxMessage.objects.get().not_before_at
            pauses.append(int((moment - TEN).total_seconds() // 60))
        assert pauses == [5, 25, 105, 425]
        assert [reason for _, reason, _ in let_go(clock=Clock(fixed=moment)).failed] == ["gave_up"]
        assert ContactPoint.objects.get().invalid_since is None

    def test_loses_its_address_when_given_up_twice(self, sink):
        sink.on_rcpt = lambda _: "450 4.2.0 greylisted"
        creditor = a_book(mails=1)
        for days in range(2):
            moment = TEN + timedelta(days=days)
            run(creditor, day=moment.date(), now=moment)
            for _ in range(5):
                let_go(clock=Clock(fixed=moment))
                moment = OutboxMessage.objects.order_by("-pk")[0].not_before_at
        assert ContactPoint.objects.get().invalid_since is not None

    def test_waits_without_blame_when_the_server_is_down(self, sink):
        run(a_book(mails=3, letters=1))
        channels, _ = open_channels(settings.DUNWELL, Clock(fixed=TEN))
        sink.on_rcpt = lambda _: "421 4.3.2 shutting down"
        for _ in range(7):
            report = let_go(channels=channels)
        assert report.stopped["email"][0] == "server_later"
        assert set(OutboxMessage.objects.filter(channel="email").values_list("attempts", flat=True)) == {0}
        sink.on_rcpt = lambda _: None
        assert let_go().sent.total() == 3
        assert set(sink.count.values()) == {1}

    def test_stops_the_channel_when_everybody_is_refused(self, sink):
        sink.on_rcpt = lambda _: "554 5.7.1 your address is on a list"
        run(a_book(mails=14))
        report = let_go()
        assert report.stopped["email"][0] == "refused_in_a_row"
        assert len(report.failed) == 10
        assert sorted(states().values())[0] == "released"

    def test_is_not_repeated_when_no_answer_came(self, sink):
        sink.on_data = lambda _: "drop"
        run(a_book(mails=1))
        assert len(let_go().unknown) == 1
        assert states() == {"M0": "unknown no_answer"}
        assert ContactAttempt.objects.get().outcome == "unknown"
        assert events() == ["message.unknown"]
        sink.on_data = lambda _: None
        assert let_go().done == 0
        assert list(sink.count.values()) == [1]


class TestWhatSendNeeds:
    @pytest.mark.parametrize(
        ("field", "code"),
        [("street", "send.no_street"), ("signatory_name", "documents.no_signatory"), ("iban", "documents.no_account")],
    )
    def test_is_asked_for_before_anything_is_claimed(self, sink, field, code):
        run(a_book(mails=1, **{field: ""}))
        report = let_go()
        assert [problem.code for problem in report.refused] == [code]
        assert states() == {"M0": "released"}

    def test_keeps_mail_back_without_a_sender_address_but_writes_letters(self, sink):
        run(a_book(mails=1, letters=1, email=""))
        report = let_go()
        assert [problem.code for problem in report.refused] == ["send.no_sender_address"]
        assert states() == {"M0": "released", "L0": "sent"}

    def test_refuses_a_trial_that_would_leave_the_machine(self, db):
        with pytest.raises(DunwellError) as refused:
            open_channels(type(settings.DUNWELL)(home=db.path, smtp_host="192.0.2.1"), Clock(walked=DAY), ["email"])
        assert refused.value.code == "send.trial_leaves_machine"


class TestATrial:
    def test_walks_through_the_day_to_each_debtors_hours(self, sink):
        creditor = a_book()
        for number, country, zone in [
            ("B", "DE", "Europe/Berlin"),
            ("N", "US", "America/New_York"),
            ("S", "CN", "Asia/Shanghai"),
        ]:
            add_debtor(creditor, number, email=f"{number}@debtor.example", country=country, zone=zone)
        add_debtor(creditor, "L", letter=True)
        run(creditor)
        report = let_go(clock=Clock(walked=DAY))
        assert report.sent.total() == 4
        at = dict(ContactAttempt.objects.values_list("debtor__number", "at"))
        assert [at[number].hour for number in "NSB"] == [13, 0, 7]
        assert set(ContactAttempt.objects.values_list("contact_date", flat=True)) == {DAY}

    def test_leaves_alone_what_is_not_of_that_day(self, sink):
        creditor = a_book()
        add_debtor(creditor, "S", email="s@debtor.example", due=date(2026, 11, 18))
        sunday = date(2026, 11, 22)
        run(creditor, day=sunday, now=datetime(2026, 11, 22, 9, tzinfo=UTC))
        report = let_go(clock=Clock(walked=sunday))
        assert report.done == 0
        assert report.waiting["main"] == (1, datetime(2026, 11, 23, 7, tzinfo=UTC))
        assert let_go(clock=Clock(walked=date(2026, 11, 23))).sent.total() == 1

    def test_can_use_a_pretended_channel(self, sink):
        creditor = a_book(mails=1)
        add_debtor(creditor, "U", email="undeliverable@debtor.example")
        add_debtor(creditor, "X", email="unknown@debtor.example")
        add_debtor(creditor, "T", email="try-later@debtor.example")
        run(creditor)
        simulator = Simulator()
        let_go(channels={"email": simulator})
        assert {number: state.split()[0] for number, state in states().items()} == {
            "M0": "sent", "U": "undeliverable", "X": "unknown", "T": "try_later"
        }  # fmt: skip
        assert [message.to.value for message in simulator.sent] == ["m0@debtor.example"]
        assert sink.mails == []


class TestAddressLines:
    @pytest.mark.parametrize(
        ("country", "region", "lines"),
        [("DE", None, ("S 1", "12345 C")), ("US", "ME", ("S 1", "C, ME 12345")), ("GB", None, ("S 1", "C", "12345")),
         ("CN", "R", ("RCS 1", "12345")), (None, None, ("S 1", "12345 C"))],
    )  # fmt: skip
    def test_follow_the_country(self, country, region, lines):
        assert address_lines("S 1", "12345", "C", region, country) == lines

    def test_leave_out_what_is_unknown(self):
        assert address_lines(None, None, None, None, "US") == ()
        assert address_lines(None, "1", None, None, "DE") == ("1",)
