"""Nothing is lost and nothing is doubled, whenever a sender dies."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from pypdf import PdfReader

from dunwell.actions.sending import outbox
from dunwell.actions.sending.clock import Clock
from dunwell.core.errors import Refused
from dunwell.store import guard
from dunwell.store.models import ContactAttempt, ContactItem, Document, JournalEntry, OutboxMessage, Receivable
from tests.channels.sink import Sink
from tests.send.book import TEN, a_book, environment_of, let_go, run, states
from tests.support.book import insert
from tests.support.homes import Home
from tests.support.rows import MEI

ROOT = Path(__file__).resolve().parents[2]
STEPS = [("claimed", 1), ("made", 1), ("deciding", 3), ("begun", 2), ("called", 2)]
MORE_STEPS = [
    ("looked", 1),
    ("settled", 1),
    *((step, n) for step in ("keeping", "deciding", "begun", "called") for n in range(1, 6)),
]
MAILS, LETTERS = 3, 2


def start(home: Home, sink: Sink, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own that sends to the sink, from the same pretended moment."""
    env = {**environment_of(sink), "PYTHONPATH": str(ROOT)}
    return home.start(*arguments, env=env, program=sys.executable)


def killed(home: Home, sink: Sink, step: str, times: int) -> None:
    process = start(home, sink, "-m", "tests.send.doomed", step, str(times))
    said, error = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said + error


def letters() -> list[Path]:
    return sorted(settings.DUNWELL.letters.rglob("*.pdf"))


def check_whole(sink: Sink, unknown: int) -> None:
    """What must hold in the end, however it came about."""
    assert set(sink.count.values()) <= {1}
    assert len(sink.mails) + LETTERS + unknown >= MAILS + LETTERS
    assert sorted(state.split()[0] for state in states().values()) == sorted(
        ["sent"] * (MAILS + LETTERS - unknown) + ["unknown"] * unknown
    )
    assert len(letters()) == LETTERS
    assert all(len(PdfReader(file).pages) == 1 for file in letters())
    for document in Document.objects.all():
        kept = settings.DUNWELL.documents / document.sha256[:2] / document.sha256
        assert kept.stat().st_size == document.size_bytes
    assert ContactAttempt.objects.count() == ContactItem.objects.count() == MAILS + LETTERS
    assert ContactAttempt.objects.filter(outcome="unknown").count() == unknown
    entries = JournalEntry.objects.filter(event__in=["email.sent", "letter.written", "message.unknown"])
    assert entries.count() == MAILS + LETTERS


class TestASenderKilled:
    @pytest.mark.parametrize(("step", "times"), STEPS)
    def test_at_a_step_loses_and_doubles_nothing(self, db, sink, step, times):
        run(a_book(mails=MAILS, letters=LETTERS))
        killed(db, sink, step, times)
        unknown = len(let_go().unknown)
        # only a mail whose call had begun can have an unknown fate
        assert unknown == 0 if step not in ("begun", "called") else unknown <= 1
        check_whole(sink, unknown)

    @pytest.mark.long
    @pytest.mark.parametrize(("step", "times"), MORE_STEPS)
    def test_anywhere_loses_and_doubles_nothing(self, db, sink, step, times):
        run(a_book(mails=MAILS, letters=LETTERS))
        killed(db, sink, step, times)
        check_whole(sink, len(let_go().unknown))

    @pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.long)])
    def test_while_a_letter_is_written_leaves_only_whole_letters(self, db, sink, times):
        run(a_book(mails=MAILS, letters=LETTERS))
        killed(db, sink, "drafting", times)
        assert all(file.read_bytes().startswith(b"%PDF") for file in letters())
        assert let_go().unknown == []
        check_whole(sink, 0)
        assert not list(settings.DUNWELL.letters.rglob(".*"))

    def test_after_a_letter_was_written_has_it_on_record_even_when_the_money_came_meanwhile(self, db, sink):
        run(a_book(mails=0, letters=1))
        killed(db, sink, "called", 1)
        (written,) = letters()
        before = written.read_bytes()
        owed = Receivable.objects.get()
        row = {
            "creditor_id": owed.creditor_id, "debtor_id": owed.debtor_id, "number": "P1", "receivable_id": owed.pk,
            "value_date": owed.due_date, "currency": owed.currency, "amount_minor": owed.amount_minor,
            "source_kind": "bank", "known_from": owed.known_from,
        }  # fmt: skip
        with guard.writing("test"), transaction.atomic():
            insert("store_payment", row)
        let_go()
        assert [file.read_bytes() for file in letters()] == [before]
        assert [contact.outcome for contact in ContactAttempt.objects.all()] == ["sent"]
        assert OutboxMessage.objects.get().state == "sent"
        assert JournalEntry.objects.filter(event="letter.written").count() == 1

    def test_while_the_server_has_the_mail_in_hand_is_reported_and_never_repeats_it(self, db, sink):
        run(a_book(mails=MAILS, letters=LETTERS))
        running: list[subprocess.Popen[str]] = []

        def kill(_: object) -> None:
            if running:
                os.kill(running.pop().pid, signal.SIGKILL)

        sink.on_data = kill
        process = start(db, sink, "-m", "tests.send.doomed", "never", "1")
        running.append(process)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        report = let_go()
        assert len(report.unknown) == 1
        check_whole(sink, 1)
        assert let_go().done == 0

    @pytest.mark.long
    def test_again_and_again_loses_and_doubles_nothing(self, db, sink):
        run(a_book(mails=MAILS, letters=LETTERS))
        killed(db, sink, "begun", 2)
        killed(db, sink, "deciding", 2)
        killed(db, sink, "made", 1)
        let_go()
        check_whole(sink, OutboxMessage.objects.filter(state="unknown").count())


class TestAnUnknownFate:
    @pytest.fixture
    def key(self, sink):
        sink.on_data = lambda _: "drop"
        self.creditor = run_one()
        (key,) = let_go().unknown
        sink.on_data = lambda _: None
        return key

    def test_counts_as_a_contact_until_a_person_knows_better(self, sink, key):
        assert ContactAttempt.objects.get().outcome == "unknown"
        run(self.creditor)
        assert let_go().done == 0

    def test_is_settled_as_sent(self, sink, key):
        outbox.resolve(key=key, sent=True, now=TEN, by=MEI)
        assert states() == {"M0": "sent"}
        assert ContactAttempt.objects.get().outcome == "sent"
        body = json.loads(bytes(JournalEntry.objects.get(event="message.resolved").body))["body"]
        assert body["sent"] is True

    def test_is_prepared_afresh_when_it_was_not_sent(self, sink, key):
        outbox.resolve(key=key, sent=False, now=TEN, by=MEI)
        assert states() == {"M0": "cancelled not_sent"}
        assert ContactAttempt.objects.get().outcome == "not_sent"
        tomorrow = TEN + timedelta(days=1)
        assert run(self.creditor, day=tomorrow.date(), now=tomorrow)["prepared"] == 1
        assert let_go(clock=Clock(fixed=tomorrow)).sent.total() == 1
        assert len(sink.count) == 2

    def test_is_settled_once(self, sink, key):
        outbox.resolve(key=key, sent=True, now=TEN, by=MEI)
        with pytest.raises(Refused) as refused:
            outbox.resolve(key=key, sent=False, now=TEN, by=MEI)
        assert refused.value.code == "send.not_unknown"
        with pytest.raises(Refused) as refused:
            outbox.resolve(key="nothing", sent=False, now=TEN, by=MEI)
        assert refused.value.code == "send.no_such_message"


def run_one():
    creditor = a_book(mails=1)
    run(creditor)
    return creditor


class TestManySenders:
    def test_send_each_message_once_between_them(self, db, sink):
        mails, letters_ = 40, 6
        run(a_book(mails=mails, letters=letters_))
        processes = [start(db, sink, "-m", "tests.send.doomed", "never", "1") for _ in range(3)]
        sent = []
        for process in processes:
            said, error = process.communicate(timeout=90)
            assert process.returncode == 0, error
            sent.append(int(said))
        assert sum(sent) == mails + letters_
        assert set(sink.count.values()) == {1}
        assert len(sink.count) == mails
        assert len(letters()) == letters_
        assert set(states().values()) == {"sent"}

    def test_leave_a_living_senders_claims_alone(self, db, sink):
        run(a_book(mails=2))
        found = []

        def look_in(step: str) -> None:
            if step == "begun" and not found:
                found.append(outbox.sweep(creditor=OutboxMessage.objects.first().creditor, now=TEN, by=MEI))

        assert let_go(pause_at=look_in).sent.total() == 2
        assert found == [outbox.Swept((), ())]

    def test_believe_a_late_answer_over_a_sweep(self, db, sink, monkeypatch):
        run(a_book(mails=1))

        def sweep_it(step: str) -> None:
            if step == "called":
                monkeypatch.setattr(outbox, "is_dead", lambda _: True)
                assert len(outbox.sweep(creditor=OutboxMessage.objects.get().creditor, now=TEN, by=MEI).unknown) == 1

        let_go(pause_at=sweep_it)
        assert states() == {"M0": "sent"}
        assert ContactAttempt.objects.get().outcome == "sent"
        assert set(JournalEntry.objects.values_list("event", flat=True)) >= {"message.unknown", "message.resolved"}
