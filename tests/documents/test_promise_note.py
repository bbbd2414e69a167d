"""Letters and mails about promises: a reminder before one falls due, thanks when it was kept."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, Note
from dunwell.documents.content import content
from dunwell.documents.email_text import render_email
from dunwell.documents.letter import render_letter
from dunwell.documents.linter import lint_wording
from dunwell.documents.payment_qr import payment_qr
from dunwell.documents.promise_note import PromiseNote
from dunwell.documents.versions import TEMPLATE_VERSIONS, template_version
from tests.documents.samples import DAY, notice

DUE = DAY + timedelta(days=3)
SUMS = {"en": "EUR 1,234.56", "zh-Hans": "人民币 1,234.56 元", "zh-Hant": "新臺幣 1,234.56 元"}
DAYS = {"en": "25 November 2026", "zh-Hans": "2026年11月25日", "zh-Hant": "2026年11月25日"}


def a_note(note: Note, language: str = "en") -> PromiseNote:
    like = notice(language)
    return PromiseNote(
        note=note, language=language, sender=like.sender, debtor=like.debtor, debtor_number="10427",
        currency=like.currency, day=DAY, total_minor=123_456, due_date=DUE,
    )  # fmt: skip


def printed(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("language", LANGUAGES)
class TestAReminder:
    def test_names_the_day_the_sum_and_where_to_pay(self, language: str) -> None:
        mail = render_email(a_note(Note.REMINDER, language))
        for told in (SUMS[language], DAYS[language], content(a_note(Note.REMINDER, language)).pay_title):
            assert told in mail.text.replace("\n", "")
        assert DAYS[language] in mail.subject
        assert printed(render_letter(a_note(Note.REMINDER, language))).find("1,234.56") > 0

    def test_says_whom_to_tell_when_it_cannot_be_or_is_wrong_and_sets_no_deadline_of_ours(self, language: str) -> None:
        said = content(a_note(Note.REMINDER, language))
        assert said.help
        assert said.object
        assert said.paid
        assert said.rows == ()


@pytest.mark.parametrize("language", LANGUAGES)
class TestThanks:
    def test_name_what_came_and_ask_for_nothing(self, language: str) -> None:
        note = a_note(Note.THANKS, language)
        mail, said = render_email(note), content(note)
        assert SUMS[language] in mail.text.replace("\n", "")
        assert (said.ask, said.pay, said.pay_title, said.sums) == ("", (), "", ())
        for account in filter(None, (note.sender.iban, note.sender.account)):
            assert account.replace(" ", "") not in mail.text.replace(" ", "")
            assert account.replace(" ", "") not in printed(render_letter(note))

    def test_carry_no_payment_code(self, language: str) -> None:
        letter = render_letter(a_note(Note.THANKS, language))
        assert "Scan" not in printed(letter)
        assert len(PdfReader(BytesIO(letter)).pages) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("note", Note)
class TestAMessageAboutAPromise:
    def test_passes_the_linter(self, note: Note, language: str) -> None:
        mail = render_email(a_note(note, language))
        assert lint_wording(f"{mail.subject}\n{mail.text}", language) == []

    def test_leaves_no_mark_of_its_template(self, note: Note, language: str) -> None:
        html = render_email(a_note(note, language)).html
        assert "<!--" not in html
        assert "$" not in html
        assert "<table" in html

    def test_says_how_to_stop_mails_and_that_a_collector_writes_where_a_rule_wants_it(
        self, note: Note, language: str
    ) -> None:
        plain = render_email(a_note(note, language)).text
        told = render_email(replace(a_note(note, language), opt_out=True, from_collector=True)).text
        assert len(told) > len(plain) + 40

    def test_records_its_template(self, note: Note, language: str) -> None:
        name = f"letter.{language}.{note.value}"
        assert template_version(a_note(note, language), "letter") == f"{name}@{TEMPLATE_VERSIONS[name]}"


class TestContradictingNumbers:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"total_minor": 0}, "documents.nothing_to_pay"),
            ({"due_date": DAY - timedelta(days=1)}, "documents.deadline_past"),
            ({"language": "xx"}, "documents.language_unknown"),
            ({"currency": "XXX"}, "documents.currency_unknown"),
        ],
    )
    def test_are_refused(self, changes: dict[str, object], code: str) -> None:
        with pytest.raises(DunwellError) as refused:
            replace(a_note(Note.REMINDER), **changes)  # type: ignore[arg-type]
        assert refused.value.code == code

    def test_do_not_arise_when_thanks_come_after_the_day(self) -> None:
        late = replace(a_note(Note.THANKS), due_date=DAY - timedelta(days=2))
        assert "EUR 1,234.56" in render_email(late).text


def test_the_payment_code_of_a_reminder_asks_for_what_is_still_to_come() -> None:
    code = payment_qr(a_note(Note.REMINDER))
    assert code is not None
    assert b"EUR1234.56" in code.payload
