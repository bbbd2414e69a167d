"""`dunwell release` and `dunwell review`, as processes of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from dunwell.core.terms import Note, Stage
from dunwell.store.models import Creditor, OutboxMessage
from dunwell.store.reads.release import release_of
from tests.channels.sink import Sink
from tests.review.steps import decide, hold, message, of, setting
from tests.send.book import DAY, a_book, add_debtor, environment_of, pay, run, states
from tests.support.homes import Home


def say(home: Home, sink: Sink, *arguments: str, expect: int = 0, **more: str) -> str:
    """What a command says on standard output, or on standard error where it fails."""
    done = home.dunwell(*arguments, check=False, env={**environment_of(sink), **more})
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    text: str = done.stdout if expect == 0 else done.stderr
    return text


def told(home: Home, sink: Sink, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(say(home, sink, "review", "--json", *arguments))
    return found


@pytest.fixture
def creditor(sink: Sink) -> Creditor:
    """Two mails and a letter that wait."""
    made = a_book(mails=2, letters=1)
    setting(made, automatic=False)
    run(made)
    return made


class TestTheReleaseCommand:
    def test_sets_every_limit_and_shows_it(self, db: Home, sink: Sink):
        creditor = a_book()
        say(
            db, sink, "release", "set", "--most-messages", "80", "--most-amount", "EUR=2000", "--most-amount",
            "JPY=none", "--waits", "second_dunning", "--waits", "promise_thanks",
            "--times-usual", "none", "--usual-at-least", "9", "--quiet", "20",
        )  # fmt: skip
        found = release_of(creditor, DAY)
        assert (found.most_messages, found.most_minor["EUR"], found.quiet_minutes) == (80, 200_000, 20)
        assert ("JPY" in found.most_minor, found.times_usual, found.usual_at_least) == (False, None, 9)
        assert found.waiting_stages == (Stage.SECOND_DUNNING,)
        assert found.waiting_notes == (Note.THANKS,)
        shown = say(db, sink, "release", "show")
        assert "at most 80 a day" in shown
        assert "second dunning" in shown.lower()
        assert "always wait: thanks for a kept promise" in shown
        told = json.loads(say(db, sink, "release", "show", "--json"))
        assert (told["waiting_stages"], told["waiting_notes"]) == (["second_dunning"], ["promise_thanks"])
        answer = say(db, sink, "release", "set", "--waits", "first_dunning")
        assert release_of(creditor, DAY).waiting_stages == (Stage.FIRST_DUNNING,)
        assert release_of(creditor, DAY).waiting_notes == (Note.THANKS,)
        assert "was: these always wait: second dunning" in answer.lower()
        assert "now: these always wait: first dunning" in answer.lower()
        assert "at most 80" not in answer[answer.index("What changed:") :]
        (mine, former) = json.loads(say(db, sink, "release", "show", "--json"))["set"]
        assert mine["changed"] == {"waiting_stages": {"was": ["second_dunning"], "now": ["first_dunning"]}}
        assert former["changed"]["most_messages"] == {"was": 5_000, "now": 80}
        shown = say(db, sink, "release", "show")
        assert f"set by {mine['by']}" in shown
        assert shown.count("was: ") >= 4
        assert "Nothing changed" in say(db, sink, "release", "set", "--waits", "first_dunning")
        say(db, sink, "release", "set", "--waits", "none")
        assert (release_of(creditor, DAY).waiting_stages, release_of(creditor, DAY).waiting_notes) == ((), ())
        assert "every message waits" in say(db, sink, "release", "set", "--by-hand")

    @pytest.mark.parametrize(
        "wrong",
        [
            ["--most-messages", "many"],
            ["--most-amount", "EUR"],
            ["--most-amount", "ABC=5"],
            ["--quiet", "-4"],
            ["--waits", "none", "--waits", "reminder"],
        ],
        ids=lambda wrong: wrong[1],
    )
    def test_refuses_what_means_nothing(self, db: Home, sink: Sink, wrong: list[str]):
        a_book()
        assert len(say(db, sink, "release", "set", *wrong, expect=2)) > 20


class TestTheReview:
    def test_shows_groups_with_sums_and_why_they_wait(self, db: Home, sink: Sink, creditor: Creditor):
        found = told(db, sink)
        groups = {(row["stage"], row["channel"]): (row["count"], row["total_minor"]) for row in found["groups"]}
        assert groups == {("reminder", "email"): (2, 20_020), ("reminder", "letter"): (1, 10_010)}
        assert found["waits"] == {"by_hand": 3}
        text = say(db, sink, "review")
        assert found["proposal"] in text
        assert "a person releases every message" in text

    def test_shows_the_very_words_of_one_message_of_each_group(self, db: Home, sink: Sink, creditor: Creditor):
        samples = told(db, sink)["samples"]
        assert [each["channel"] for each in samples] == ["email", "letter"]
        assert all("100.10" in each["text"] for each in samples)
        say(db, sink, "review", "release", "--all")
        say(db, sink, "send")
        (mail, _) = sorted(sink.mails, key=lambda each: str(each["To"]))
        plain = mail.get_body(("plain",)).get_content()
        assert plain.split() == samples[0]["text"].split()

    def test_writes_sample_letters_as_they_would_be_printed(
        self, db: Home, sink: Sink, creditor: Creditor, tmp_path: Path
    ):
        say(db, sink, "review", "--letters", str(tmp_path / "look"))
        (page,) = (tmp_path / "look").glob("*.pdf")
        assert page.read_bytes().startswith(b"%PDF")

    def test_says_of_a_sample_that_it_would_not_leave_any_more(self, db: Home, sink: Sink, creditor: Creditor):
        pay(message("L0").debtor)
        (why,) = [each["why_not"] for each in told(db, sink)["samples"] if each["channel"] == "letter"]
        assert why

    def test_changes_nothing(self, db: Home, sink: Sink, creditor: Creditor):
        before = list(OutboxMessage.objects.order_by("pk").values())
        say(db, sink, "review")
        assert (list(OutboxMessage.objects.order_by("pk").values()), sink.mails) == (before, [])

    def test_names_what_is_held_by_whom_and_why(self, db: Home, sink: Sink, creditor: Creditor):
        hold(creditor, of("M0"), reason="talks with the owner")
        assert told(db, sink)["held"] == [
            {"key": message("M0").key, "by": "user:mei", "reason": "talks with the owner", "until": None}
        ]
        assert "talks with the owner" in say(db, sink, "review")

    def test_of_an_empty_outbox_says_so(self, db: Home, sink: Sink):
        a_book()
        assert "nothing waits" in say(db, sink, "review")

    @pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
    def test_speaks_the_readers_language(self, db: Home, sink: Sink, creditor: Creditor, language: str):
        assert "放行" in say(db, sink, "review", DUNWELL_LANGUAGE=language)


class TestAMorning:
    def test_goes_from_the_run_over_the_review_to_the_mail(self, db: Home, sink: Sink):
        creditor = a_book(mails=2)
        add_debtor(creditor, "M9", email="m9@debtor.example", cents=9_000_000)
        say(db, sink, "release", "set", "--most-amount", "EUR=50000", "--from", DAY.isoformat())
        ran = say(db, sink, "run", "--as-of", DAY.isoformat())
        assert "dunwell review" in ran
        assert "1 messages wait" in say(db, sink, "send")
        assert states() == {"M0": "sent", "M1": "sent", "M9": "prepared over_amount"}
        seen = told(db, sink)["proposal"]
        assert "Held: 1" in say(db, sink, "review", "hold", "--debtor", "M9", "--reason", "ask sales")
        refused = say(db, sink, "review", "release", "--all", "--seen", seen, expect=2)
        assert "has changed since you looked" in refused
        say(db, sink, "review", "release", "--debtor", "M9", "--key", "k1")
        say(db, sink, "review", "release", "--debtor", "M9", "--key", "k1")
        say(db, sink, "send")
        assert states()["M9"] == "sent"
        assert decide(creditor).outbox["prepared"] == 0

    def test_drops_with_a_reason_only(self, db: Home, sink: Sink, creditor: Creditor):
        say(db, sink, "review", "drop", "--all", expect=2)
        assert "Dropped: 3" in say(db, sink, "review", "drop", "--all", "--reason", "wrong price list")
        assert set(states().values()) == {"cancelled dropped"}
