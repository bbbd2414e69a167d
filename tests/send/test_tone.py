"""The tone of a treatment is that of the message which was looked at, released and sent."""

from datetime import date

import pytest
from pypdf import PdfReader

from dunwell.actions.sending.preview import previews
from dunwell.actions.strategies import adopt_strategy, save_strategy
from dunwell.documents.content import wording
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import ContactAttempt, Creditor, OutboxMessage
from tests.channels.test_email import text_of
from tests.send.book import DAY, TEN, a_book, let_go, run, states
from tests.support.rows import MEI
from tests.support.strategies import plain_strategy, with_text

REMINDER = "{stage: reminder, offset_days: 3, channels: [email, letter]}"


def toned(tone: str) -> Strategy:
    return with_text(REMINDER, REMINDER.replace("]}", f"], tone: {tone}}}"))


def follow(creditor: Creditor, strategy: Strategy, day: date = DAY) -> None:
    version = save_strategy(creditor=creditor, text=strategy.text, at=TEN, by=MEI)
    adopt_strategy(creditor=creditor, version=version, at=TEN, by=MEI, from_date=day)


def opening(tone: str) -> str:
    return wording("en")["reminder"][f"opening_one_{tone}"].split("{")[0].strip()


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("tone", ["gentle", "firm"])
class TestTheToneOfATreatment:
    def test_is_that_of_the_mail_and_of_its_preview(self, sink, tone):
        creditor = a_book(mails=1)
        follow(creditor, toned(tone))
        run(creditor)
        (shown,) = previews(creditor, list(OutboxMessage.objects.all()), day=DAY, moment=TEN)
        let_go()
        assert opening(tone) in flat(shown.text)
        assert opening(tone) in flat(text_of(sink.mails[0]))
        assert "EUR 100.10" in flat(text_of(sink.mails[0]))
        assert ContactAttempt.objects.get().template_version.startswith(f"email.en.reminder.{tone}@")

    def test_is_that_of_the_letter(self, sink, tone):
        creditor = a_book(letters=1)
        follow(creditor, toned(tone))
        run(creditor)
        (folder,) = let_go().letters
        (file,) = folder.iterdir()
        said = flat("".join(page.extract_text() for page in PdfReader(file).pages))
        assert opening(tone) in said
        assert "100.10" in said
        assert ContactAttempt.objects.get().template_version.startswith(f"letter.en.reminder.{tone}@")


class TestAMessageThatWasReleased:
    def test_does_not_leave_in_another_tone(self, sink):
        creditor = a_book(mails=1)
        follow(creditor, toned("gentle"))
        run(creditor)
        follow(creditor, toned("firm"))
        assert dict(let_go().cancelled) == {"changed": 1}
        assert sink.mails == []
        run(creditor)
        let_go()
        assert opening("firm") in flat(text_of(sink.mails[0]))

    def test_gives_way_to_one_in_another_tone_when_the_day_is_run_again(self, sink):
        creditor = a_book(mails=1)
        follow(creditor, toned("gentle"))
        assert run(creditor)["prepared"] == 1
        follow(creditor, plain_strategy())
        assert run(creditor) == {"prepared": 1, "kept": 0, "cancelled": 1}
        assert states() == {"M0": "released"}

    def test_stays_where_only_what_nobody_reads_has_changed(self, sink):
        creditor = a_book(mails=1)
        run(creditor)
        follow(creditor, with_text("name: plain", "name: other"))
        assert run(creditor) == {"prepared": 0, "kept": 1, "cancelled": 0}
        assert let_go().sent.total() == 1
