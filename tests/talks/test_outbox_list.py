"""`dunwell outbox list`: a table that a person can read, in three languages."""

import json
from dataclasses import replace

import pytest
from django.conf import settings

from dunwell.core.errors import catalogue
from dunwell.core.terms import LANGUAGES, OutboxState
from dunwell.jobs import cli
from dunwell.jobs.send import _there
from dunwell.store import guard
from dunwell.store.models import OutboxMessage
from tests.send.book import TEN, a_book, run

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


@pytest.fixture
def say(db, capsys, monkeypatch):
    run(a_book(mails=2, letters=1))

    def listed(*options, language="en"):
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, language=language, now=TEN))
        assert cli._run(("outbox", "list", *options)) == 0
        return capsys.readouterr()

    return listed


class TestTheOutbox:
    def test_is_listed_in_words(self, say):
        shown = say().out
        for part in ("Outbox of main", "Debtor M0", "friendly reminder", "letter", "EUR 100.10", "ready, leaves from"):
            assert part in shown
        # nine o'clock is ten in Berlin
        assert "2026-11-24 08:00" in shown
        assert "(Europe/Berlin)" in " ".join(shown.split())
        assert "collection" not in shown
        assert max(len(line) for line in shown.splitlines()) <= 160

    @QUICK
    def test_names_every_state_in_three_languages(self, say):
        message = OutboxMessage.objects.order_by("pk").first()
        for state in OutboxState:
            with guard.writing("test"):
                OutboxMessage.objects.filter(pk=message.pk).update(state=state, state_reason="superseded")
            for language in LANGUAGES:
                shown = say("--state", str(state), language=language).out
                assert catalogue()[f"outbox.{state}"][language].split(" ")[0].split("，")[0] in shown
                assert str(state) not in shown or language == "en"

    @QUICK
    def test_says_how_many_more_there_are_and_gives_all_to_programs(self, say):
        assert "and 2 more" in say("--limit", "1").out
        found = json.loads(say("--json").out)
        assert [row["debtor_number"] for row in found] == ["M0", "M1", "L0"] or len(found) == 3
        assert found[0]["key"].startswith("main:")
        assert found[0]["as_of"] == "2026-11-24"

    @QUICK
    def test_tells_the_key_of_a_message_of_unknown_fate(self, say):
        message = OutboxMessage.objects.order_by("pk").first()
        with guard.writing("test"):
            OutboxMessage.objects.filter(pk=message.pk).update(state="unknown", state_reason="sender_died")
        told = say().out
        assert "FATE UNKNOWN" in told
        assert f"dunwell outbox resolve {message.key}" in told

    @QUICK
    def test_waits_by_our_clock(self, say):
        assert _there("main", TEN) == "2026-11-24 10:00 (Europe/Berlin)"
