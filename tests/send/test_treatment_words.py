"""The tone and the own words of a treatment are those of the message which was looked at, released and sent."""

from datetime import date

import pytest
from pypdf import PdfReader

from dunwell.actions.day.review_changes import edit
from dunwell.actions.sending.preview import previews
from dunwell.actions.strategies import adopt_strategy, save_strategy
from dunwell.core.errors import Refused
from dunwell.documents.content import wording
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import ContactAttempt, Creditor, OutboxMessage
from tests.channels.sink import Sink
from tests.channels.test_email import text_of
from tests.review.steps import acted, of
from tests.send.book import DAY, TEN, a_book, add_debtor, let_go, run, states
from tests.support.rows import MEI
from tests.support.strategies import plain_strategy, with_text

REMINDER = "{stage: reminder, offset_days: 3, channels: [email, letter]}"


def toned(tone: str) -> Strategy:
    return with_text(REMINDER, REMINDER.replace("]}", f"], tone: {tone}}}"))


def with_own(text: str) -> Strategy:
    return with_text(REMINDER, REMINDER.replace("]}", f"], text: {{en: {text!r}, zh-Hans: 感谢您的信任。}}}}"))


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


OWN = "Dear <b>{debtor}</b> & friends, #strong[{total}] is open: thank you for your trust in {sender}."


class TestTheOwnWordsOfATreatment:
    @pytest.fixture
    def creditor(self, sink: Sink) -> Creditor:
        made = a_book()
        follow(made, with_own(OWN))
        return made

    def test_stand_in_the_mail_as_they_are_written_before_what_a_person_adds(self, sink, creditor):
        debtor = add_debtor(creditor, "M0", email="m0@debtor.example", name="{total} Ltd & Sons")
        run(creditor)
        edit(creditor=creditor, chosen=of(debtor.number), personal="Kind regards.", reason="so", **acted())
        (shown,) = previews(creditor, list(OutboxMessage.objects.all()), day=DAY, moment=TEN)
        let_go()
        said = (
            "Dear <b>{total} Ltd & Sons</b> & friends, #strong[EUR 100.10] is open:"
            " thank you for your trust in Acme GmbH."
        )
        (mail,) = sink.mails
        assert f"{said} Kind regards." in flat(shown.text)
        assert f"{said} Kind regards." in flat(text_of(mail))
        html = mail.get_body(("html",)).get_content()
        assert "Dear &lt;b&gt;{total} Ltd &amp; Sons&lt;/b&gt; &amp; friends" in html
        assert "<b>" not in html

    def test_stand_in_the_letter_as_they_are_written(self, sink, creditor):
        add_debtor(creditor, "L0", letter=True)
        run(creditor)
        (folder,) = let_go().letters
        (file,) = folder.iterdir()
        said = flat("".join(page.extract_text() for page in PdfReader(file).pages))
        assert "Dear <b>Debtor L0</b> & friends, #strong[EUR 100.10] is open" in said

    def test_are_left_out_in_a_language_in_which_there_are_none(self, sink, creditor):
        for number, language in (("M0", "zh-Hans"), ("M1", "zh-Hant")):
            add_debtor(creditor, number, email=f"{number}@debtor.example", language=language)
        run(creditor)
        let_go()
        texts = {mail["To"].addresses[0].username: text_of(mail) for mail in sink.mails}
        assert "感谢您的信任。" in texts["M0"]
        assert "感谢您的信任。" not in texts["M1"]
        assert "100.10" in texts["M1"]

    def test_leave_as_they_were_released_or_not_at_all(self, sink, creditor):
        add_debtor(creditor, "M0", email="m0@debtor.example")
        run(creditor)
        follow(creditor, with_own("We value your trust."))
        assert dict(let_go().cancelled) == {"changed": 1}
        run(creditor)
        let_go()
        assert "We value your trust." in flat(text_of(sink.mails[0]))

    def test_keep_their_message_where_only_those_of_another_language_changed(self, sink, creditor):
        add_debtor(creditor, "M0", email="m0@debtor.example")
        run(creditor)
        follow(creditor, with_text(REMINDER, REMINDER.replace("]}", f"], text: {{en: {OWN!r}}}}}")))
        assert run(creditor) == {"prepared": 0, "kept": 1, "cancelled": 0}

    def test_that_threaten_are_kept_out_of_any_strategy(self, creditor):
        with pytest.raises(Refused) as refused:
            follow(creditor, with_own("We call the police."))
        assert "police" in refused.value.words("en")


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
