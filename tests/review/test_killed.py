"""Nothing is half-done when a reviewer's command dies, and nothing is lost when several people act at once."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dunwell.core.terms import OutboxState
from dunwell.store.models import ContactAttempt, JournalEntry, OutboxMessage
from tests.channels.sink import Sink
from tests.review import steps
from tests.send.book import a_book, environment_of, let_go, run, states
from tests.support.homes import Home

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ["review.released", "review.held", "review.dropped"]
DONE = {"release": {"released"}, "hold": {"held"}, "drop": {"cancelled dropped"}}


def start(home: Home, sink: Sink, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own on the same home, from the same pretended moment."""
    env = {**environment_of(sink), "PYTHONPATH": str(ROOT)}
    return home.start(*arguments, env=env, program=sys.executable)


class TestACommandKilled:
    @pytest.mark.parametrize("step", ["begun", "changed", "recorded"])
    @pytest.mark.parametrize("act", ["release", "hold", "drop"])
    def test_inside_the_act_changes_nothing_and_can_be_repeated(self, db: Home, sink: Sink, act: str, step: str):
        creditor = a_book(mails=3)
        steps.setting(creditor, automatic=False)
        run(creditor)
        before = list(OutboxMessage.objects.order_by("pk").values())
        process = start(db, sink, "-m", "tests.review.doomed", act, step)
        said, error = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, said + error
        assert list(OutboxMessage.objects.order_by("pk").values()) == before
        assert not JournalEntry.objects.filter(event__in=EVENTS).exists()
        assert getattr(steps, act)(creditor, key="once").count == 3
        assert set(states().values()) == DONE[act]


class TestPeopleAtOnce:
    def test_each_message_has_the_word_of_exactly_one(self, db: Home, sink: Sink):
        creditor = a_book(mails=6)
        steps.setting(creditor, automatic=False)
        run(creditor)
        acts = [("release",), ("hold", "--reason", "a"), ("drop", "--reason", "b"), ("release",)]
        processes = [start(db, sink, "-m", "dunwell.jobs.cli", "review", *act, "--all") for act in acts]
        ends = [(process.communicate(timeout=100), process.returncode) for process in processes]
        assert all(code in (0, 2) and "Traceback" not in error for (_, error), code in ends)
        bodies = [json.loads(bytes(entry.body))["body"] for entry in JournalEntry.objects.filter(event__in=EVENTS)]
        assert len(bodies) == sum(code == 0 for _, code in ends)
        # a hold or a drop may follow a release: what was said last is what holds
        assert len(set(states().values())) == 1
        assert all(body["count"] == 6 for body in bodies)

    def test_a_sender_and_a_hold_never_both_have_a_message(self, db: Home, sink: Sink):
        creditor = a_book(mails=12)
        run(creditor)
        sender = start(db, sink, "-m", "dunwell.jobs.cli", "send")
        holder = start(db, sink, "-m", "dunwell.jobs.cli", "review", "hold", "--all", "--reason", "wait")
        for process in (sender, holder):
            said, error = process.communicate(timeout=100)
            assert process.returncode in (0, 2), said + error
            assert "Traceback" not in error
        sent = OutboxMessage.objects.filter(state=OutboxState.SENT)
        held = OutboxMessage.objects.filter(state=OutboxState.HELD)
        assert sent.count() + held.count() == 12
        assert sent.count() == len(sink.mails) == ContactAttempt.objects.count()
        let_go()
        assert len(sink.mails) == 12 - held.count()
