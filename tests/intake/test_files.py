"""What is no table is refused in words, at once, and without reading it into memory."""

import os

import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults, Known, read_files, sniff
from dunwell.intake import source as source_module
from tests.intake.ledgers import CUSTOMERS, DEBTORS, INVOICES, invoice_rows, notes, numbers, read, write


def refusal(paths, **options):
    with pytest.raises(DunwellError) as caught:
        read_files(paths, known=Known(), defaults=Defaults(), **options)
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert caught.value.words(language)
    return caught.value.code.removeprefix("intake.")


class TestAFileIsRefused:
    def test_when_it_is_not_there(self, tmp_path):
        assert refusal([tmp_path / "absent.csv"]) == "not_found"

    def test_when_it_is_a_folder(self, tmp_path):
        assert refusal([tmp_path]) == "is_folder"

    def test_when_it_is_a_pipe_that_would_wait_for_ever(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        assert refusal([tmp_path / "pipe"]) == "not_a_file"

    def test_when_its_name_is_impossible(self, tmp_path):
        assert refusal([tmp_path / ("x" * 5000)]) == "unreadable"

    @pytest.mark.parametrize("content", [b"", b"\n\n \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
    def test_when_it_is_empty(self, tmp_path, content):
        assert refusal(write(tmp_path, a=content)) == "empty_file"

    @pytest.mark.parametrize("tail", ["", "\n", "\n\n\n", "\n,,,,,\n", '\n"","","","","",""\n'])
    def test_when_it_has_a_header_only(self, tmp_path, tail):
        assert refusal(write(tmp_path, a=invoice_rows().strip() + tail)) == "header_only"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"PK\x03\x04" + b"\x14\x00\x06\x00" * 50, "workbook_broken"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "is_workbook"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf_broken"),
            (b"\x1f\x8b\x08\x00" * 9, "is_binary"),
            (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is_binary"),
            (INVOICES.encode() + b"R3,C1,2026-01-02,2026-02-01,EUR,1.00,a\0b\n", "is_binary"),
            (INVOICES.encode() * 10_000 + b"\0", "is_binary"),
        ],
    )
    def test_when_it_is_no_text(self, tmp_path, content, code):
        assert refusal(write(tmp_path, a=content)) == code

    def test_when_a_line_has_no_end_and_long_before_all_of_it_is_read(self, tmp_path):
        path = tmp_path / "a.csv"
        with path.open("wb") as file:
            file.write(INVOICES.encode())
            for _ in range(64):
                file.write(b"x" * (1 << 20))
        seen = []
        assert refusal([path], progress=lambda name, done, size: seen.append(done)) == "line_too_long"
        assert max(seen, default=0) <= source_module.BLOCK * 2

    def test_when_the_first_line_has_no_end(self, tmp_path):
        assert refusal(write(tmp_path, a=b"x" * (9 << 20))) == "line_too_long"

    def test_when_a_quote_is_opened_and_never_closed(self, tmp_path):
        path = write(tmp_path, a=INVOICES + 'R3,C1,2026-01-02,2026-02-01,EUR,1.00,"open\n' + "a,b\n" * 50)
        with pytest.raises(DunwellError) as caught:
            read_files(path, known=DEBTORS, defaults=Defaults())
        assert caught.value.code == "intake.unclosed_quote"
        assert caught.value.params["row"] == 4

    def test_when_a_cell_swallows_more_than_a_mebibyte(self, tmp_path):
        content = INVOICES + 'R3,C1,2026-01-02,2026-02-01,EUR,1.00,"open\n' + "a line of text\n" * 100_000 + '"\n'
        assert refusal(write(tmp_path, a=content)) == "line_too_long"

    def test_when_it_has_thousands_of_columns(self, tmp_path):
        assert refusal(write(tmp_path, a=",".join(f"c{i}" for i in range(5000)) + "\n")) == "too_many_columns"

    def test_when_its_bytes_are_not_of_the_encoding_it_began_with(self, tmp_path):
        content = b"\xff\xfe" + INVOICES.encode("utf-16-le") + b"\x00\xd8\x00\xd8"
        assert refusal(write(tmp_path, a=content)) == "undecodable"


class TestSeveralFiles:
    def test_may_come_in_any_order(self, tmp_path):
        payments = "payment_id,invoice_id,value_date,amount\nP1,R1,2026-03-01,10.00\n"
        paths = write(tmp_path, customers=CUSTOMERS, invoices=INVOICES, payments=payments)
        one = read_files(paths, known=Known(), defaults=Defaults())
        other = read_files(paths[::-1], known=Known(), defaults=Defaults())
        assert not one.errors.height
        assert one.files == other.files
        assert all(one.frames[kind].equals(other.frames[kind]) for kind in one.frames)

    def test_named_twice_are_read_once(self, tmp_path):
        path = write(tmp_path, invoices=INVOICES)[0]
        batch = read_files([path, tmp_path / "." / path.name], known=DEBTORS, defaults=Defaults())
        assert numbers(batch) == ["R1", "R2"]
        assert len(batch.files) == 1

    def test_tell_how_far_they_are(self, tmp_path):
        path = write(tmp_path, invoices=INVOICES)[0]
        seen = []
        read_files([path], known=DEBTORS, defaults=Defaults(), progress=lambda *step: seen.append(step))
        assert seen[-1] == ("invoices.csv", path.stat().st_size, path.stat().st_size)


CHINESE = (
    "发票号,客户编号,客户名称,开票日期,到期日,币种,金额,备注\n"
    "F001,K1,上海远大贸易有限公司,2026-01-05,2026-02-04,CNY,1200.00,一月货款，请按时支付\n"
    "F002,K2,张伟,2026-01-06,2026-02-05,人民币,88.80,服务费\n"
)
TRADITIONAL = (
    "發票號碼,客戶編號,客戶名稱,開立日期,到期日,幣別,金額\n"
    "AB12345678,K1,臺北遠東股份有限公司,2026-01-05,2026-02-04,TWD,1200,\n"
).replace(",\n", "\n")
GERMAN = (
    "Rechnungsnummer;Kundennummer;Kundenname;Rechnungsdatum;Fälligkeit;Währung;Betrag\n"
    "R1;K1;Müller & Söhne Großhandel;05.01.2026;04.02.2026;EUR;1.234,50\n"
    "R2;K2;Bäckerei Jäger;06.01.2026;05.02.2026;EUR;88,00\n"
)


class TestAnEncoding:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-16-be-bom"]
    )
    def test_is_recognised(self, tmp_path, encoding):
        big_endian = b"\xfe\xff" + CHINESE.encode("utf-16-be")
        content = big_endian if encoding == "utf-16-be-bom" else CHINESE.encode(encoding)
        batch = read(tmp_path, a=content)
        assert batch.frames["customers"]["name"].to_list() == ["上海远大贸易有限公司", "张伟"]
        assert batch.frames["invoices"]["amount_minor"].to_list() == [120000, 8880]
        assert batch.frames["invoices"]["description"].to_list()[0] == "一月货款，请按时支付"
        assert not batch.errors.height

    @pytest.mark.parametrize(
        ("encoding", "content", "name"),
        [("cp950", TRADITIONAL, "臺北遠東股份有限公司"), ("cp1252", GERMAN, "Müller & Söhne Großhandel")],
    )
    def test_of_an_older_kind_is_guessed_and_said(self, tmp_path, encoding, content, name):
        batch = read(tmp_path, a=content.encode(encoding))
        assert batch.frames["customers"]["name"].to_list()[0] == name
        assert batch.files[0].encoding == encoding
        assert "note_encoding" in notes(batch)

    def test_that_shows_late_is_recognised_all_the_same(self, tmp_path):
        plain = "".join(f"R{i},C1,2026-01-02,2026-02-01,EUR,1.00,x\n" for i in range(20_000))
        content = INVOICES.split("\n")[0] + "\n" + plain + "Z,C1,2026-01-02,2026-02-01,EUR,1.00,货款未付\n"
        batch = read(tmp_path, a=content.encode("gb18030"))
        assert batch.frames["invoices"]["description"].to_list()[-1] == "货款未付"
        assert batch.files[0].encoding == "gb18030"

    def test_and_delimiter_and_header_can_be_asked_for(self, tmp_path):
        path = write(tmp_path, a=GERMAN.encode("cp1252"))[0]
        encoding, delimiter, header = sniff(path)
        assert (encoding, delimiter, header[2]) == ("cp1252", ";", "Kundenname")
