import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.channels.cleared import clear
from dunwell.channels.letter import LetterChannel, file_name
from dunwell.channels.message import Attachment, ChannelDown, Undeliverable
from tests.channels.test_mail_text import a_message

PDF = (Attachment("letter.pdf", "application/pdf", b"%PDF-1.7 a letter"),)


class TestLetter:
    def test_lies_under_its_creditor_and_day_named_by_debtor_and_stage(self, tmp_path):
        channel = LetterChannel(tmp_path / "letters")
        message = a_message(attachments=PDF)
        receipt = channel.send(message, channel.pack(message), clear(message.key, "letter", 1))
        assert receipt.text.startswith("main/2026-11-24/10001-reminder-")
        assert (tmp_path / "letters" / receipt.text).read_bytes() == PDF[0].data

    def test_written_twice_is_one_file(self, tmp_path):
        channel = LetterChannel(tmp_path)
        message = a_message(attachments=PDF)
        for _ in range(2):
            channel.send(message, channel.pack(message), clear(message.key, "letter", 1))
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [file_name(message.title, message.key)]

    def test_of_another_creditor_lies_apart(self, tmp_path):
        channel = LetterChannel(tmp_path)
        for code in ("one", "two"):
            message = a_message(attachments=PDF, creditor=code)
            channel.send(message, PDF[0].data, clear(message.key, "letter", 1))
        assert {path.name: len(list(path.glob("2026-11-24/*.pdf"))) for path in tmp_path.iterdir()} == {
            "one": 1,
            "two": 1,
        }

    def test_has_a_name_of_its_own_for_every_key(self):
        assert file_name("a", "a") != file_name("a", "b")

    @given(st.text(max_size=300))
    def test_has_a_name_no_file_system_stumbles_over(self, title):
        name = file_name(title, "key")
        assert name.isascii()
        assert not set(name) & set('/\\:*?"<>| \x00\n')
        assert not name.startswith((".", "-"))
        assert len(name) < 100

    def test_without_a_pdf_is_undeliverable(self, tmp_path):
        with pytest.raises(Undeliverable):
            LetterChannel(tmp_path).pack(a_message())

    def test_waits_when_the_disk_refuses(self, tmp_path):
        (tmp_path / "letters").write_text("in the way")
        channel = LetterChannel(tmp_path / "letters")
        assert [problem.code for problem in channel.problems()] == ["send.letters_locked"]
        with pytest.raises(ChannelDown):
            channel.send(a_message(), b"%PDF", clear(a_message().key, "letter", 1))
