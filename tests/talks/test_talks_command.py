"""The command line of talks: one working day of a clerk, and what it says to mistakes."""

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from dunwell.jobs.cli import _run
from dunwell.store.models import ContactAttempt, ContactPoint, Promise, RegisterEntry
from tests.support.rows import NOW
from tests.talks.book import a_book


@pytest.fixture
def say(db, capsys, monkeypatch):
    """Run the command line in this process: a process of its own for each of these lines would be slow."""
    a_book()

    def run(*line, fails=False, language="en"):
        monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, language=language, now=NOW))
        code = _run(line)
        told = capsys.readouterr()
        assert code == (2 if fails else 0), told
        assert "Traceback" not in told.err
        return told.err if fails else told.out

    return run


class TestTheCommandLine:
    def test_takes_a_clerk_through_a_day(self, say):
        assert "EUR 500.00" in say("promise", "10001", "500.00", "--by", "2026-12-01")
        assert "EUR 500.00" in say("list", "promises")
        number = say("dispute", "open", "R-1", "--reason", "[b]wrong\u202e price", "--amount", "EUR 10").split()[1]
        listed = say("list", "disputes")
        assert "[b]" in listed
        assert "\u202e" not in listed
        assert number in say("dispute", "close", number, "--outcome", "settled")
        assert "No disputes" in say("list", "disputes")
        assert number in say("list", "disputes", "--all")
        hold = say("hold", "set", "10001", "--reason", "talks", "--until", "2026-12-24", language="zh-Hans").split(
            "："
        )[0]
        assert "2026-12-24" in say("list", "holds", "--debtor", "10001")
        say("hold", "lift", hold.split()[-1])
        say("contact", "record", "10001", "--outcome", "no_answer")
        held = json.loads(say("list", "holds", "--all", "--json"))
        assert (held[0]["why"], held[0]["until"]) == ("talks", "2026-11-21")

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "--agency is empty"), ("zh-Hans", "催收机构"), ("zh-Hant", "催收機構")]
    )
    @pytest.mark.parametrize("name", ["", "  "])
    def test_takes_no_agency_without_a_name(self, say, name, language, words):
        line = ("contact", "record", "10001", "--outcome", "no_answer", "--agency", name)
        assert words in say(*line, fails=True, language=language)

    def test_keeps_a_complaint_and_an_address(self, say):
        complaint = say("complaint", "open", "10001", "nobody answers").split()[1]
        assert "nobody answers" in say("list", "complaints")
        say("complaint", "answer", complaint, "we called him")
        assert "No complaints" in say("list", "complaints")
        say("address", "set", "10001", "--email", "weber@soehne.example")
        say("address", "invalid", "10001", "weber@soehne.example", "--reason", "bounced")
        assert ContactPoint.objects.get().invalid_since is not None
        assert "--email" in say("address", "set", "10001", "--email", "a@b.example", "--phone", "123", fails=True)

    @pytest.mark.parametrize(
        "line",
        [
            ("contact", "record", "10001", "--outcome", "no_answer"),
            ("register", "add", "10001", "opt_out", "--channel", "sms"),
        ],
    )
    def test_asks_which_moment_is_meant_on_the_days_on_which_clocks_change(self, say, line):
        """Clocks in Berlin are put on from two to three in March, and back from three to two in October."""
        skipped = say(*line, "--at", "2026-03-29T02:30", fails=True)
        assert "2026-03-29T02:30 was on no clock of Europe/Berlin" in skipped
        twice = say(*line, "--at", "2026-10-25T02:30", fails=True)
        assert "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00" in twice
        assert "夏令时" in say(*line, "--at", "2026-10-25T02:59:59", fails=True, language="zh-Hans")
        assert "夏令時間" in say(*line, "--at", "2026-03-29T02:00", fails=True, language="zh-Hant")
        assert (ContactAttempt.objects.count(), RegisterEntry.objects.count()) == (0, 0)
        say(*line, "--at", "2026-10-25T02:30+01:00")
        assert ContactAttempt.objects.count() + RegisterEntry.objects.count() == 1

    def test_takes_the_moments_beside_those_of_a_change_of_clocks(self, say):
        beside = ("2026-03-29T01:59", "2026-03-29T03:00", "2026-10-25T01:59", "2026-10-25T03:00")
        for moment in beside:
            say("contact", "record", "10001", "--outcome", "no_answer", "--at", moment)
        kept = ContactAttempt.objects.order_by("happened_at").values_list("happened_at", flat=True)
        assert [f"{each.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M}" for each in kept] == list(beside)

    def test_withdraws_a_promise_of_the_debtor_named(self, say):
        say("promise", "10001", "500", "EUR", "--by", "2026-12-01")
        promise = str(Promise.objects.get().pk)
        assert "no such promise" in say("promise", "10001", "--withdraw", "999", fails=True)
        say("promise", "10001", "--withdraw", promise)
        assert "withdrawn" in say("list", "promises", "--all")
        assert "No promises" in say("list", "promises")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_how_long_a_promise_is_respected(self, say):
        assert "Until the end of 24 November 2026" in say(
            "promise", "10001", "500", "--by", "2026-11-21", "--made", "2026-11-20"
        )
        found = json.loads(say("list", "promises", "--json"))
        assert [row["state"] for row in found] == ["in_grace"]
        assert "可能在途" in say("list", "promises", language="zh-Hans")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_that_a_hold_was_lifted_or_never_was(self, say):
        number = say("hold", "set", "10001", "--reason", "talks").split(":")[0].split()[-1]
        say("hold", "lift", number)
        assert "nothing to lift" in say("hold", "lift", number, fails=True)
        for wrong in ("K3", "9999", "-1", "1.0", str(2**70), "３"):
            for language, words in (
                ("en", "no hold with the number"),
                ("zh-Hans", "没有编号"),
                ("zh-Hant", "沒有編號"),
            ):
                said = say("hold", "lift", "--", wrong, fails=True, language=language)
                assert words in said
                assert wrong in said
        assert "no complaint with the number K3" in say("complaint", "answer", "K3", "x", fails=True)
        assert "K3" in say("promise", "10001", "--withdraw", "K3", fails=True)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_answers_mistakes_in_words(self, say):
        assert "nobody" in say("promise", "nobody", "5", "--by", "2026-12-01", fails=True)
        assert "1e9" in say("promise", "10001", "1e9", "--by", "2026-12-01", fails=True)
        assert "EUR 720.00" in say("promise", "10001", "720.01", "--by", "2026-12-01", fails=True)
        assert "超过未结金额" in say("promise", "10001", "9999", "--by", "2026-12-01", fails=True, language="zh-Hans")
        assert "ISO 4217" in say("promise", "10001", "5", "DOG", "--by", "2026-12-01", fails=True)
        assert "--by" in say("promise", "10001", "5", fails=True)
        assert "no invoice" in say("dispute", "open", "nothing", "--reason", "x", fails=True)
        assert "D-0" in say("dispute", "close", "D-0", "--outcome", "x", fails=True)
        assert "no hold" in say("hold", "lift", str(2**70), fails=True)
        assert "no complaint with the number 7" in say("complaint", "answer", "7", "x", fails=True)
