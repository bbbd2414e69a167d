"""What statements of banks and wallets are read as, and what is said of those that are wrong."""

from datetime import date
from pathlib import Path

import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults, Mapping, load_mapping
from dunwell.intake.statements import format_of, read_statements
from tests.intake.statements import (
    ALIPAY,
    BACK,
    CAMT,
    ENGLISH,
    FEE,
    FIRST,
    GERMAN,
    ICBC,
    MT940,
    MT942,
    OF_BANKS,
    OFX,
    SAMPLES,
    SECOND,
    WECHAT_ROWS,
    balance,
    camt,
    codes,
    details,
    entry,
    put,
    read,
    workbook,
)

FORMATS = {
    "statement.xml": "camt.053", "statement.sta": "mt940", "interim.sta": "mt942", "statement.ofx": "ofx",
    "icbc.csv": "table", "alipay.csv": "alipay", "wechat.csv": "wechat", "wechat.xlsx": "wechat", "german.csv": "table",
    "english.csv": "table",
}  # fmt: skip


def amounts(found):
    return found.lines["amount_minor"].to_list()


class TestAStatement:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_of_each_format_is_recognised_and_read_without_a_doubt(self, tmp_path: Path, name: str) -> None:
        found = read(tmp_path, name, SAMPLES[name])
        assert codes(found) == []
        assert found.lines["format"].unique().to_list() == [FORMATS[name]]
        assert 25050 in amounts(found)
        first = found.lines.filter(found.lines["amount_minor"] == 25050).row(0, named=True)
        assert first["booking_date"] == date(2026, 11, 2)
        assert "R-1001" in f"{first['text']} {first['reference']}"
        assert found.report.good_rows == found.report.rows

    @pytest.mark.parametrize("name", SAMPLES)
    def test_tells_how_it_was_read_in_three_languages(self, tmp_path: Path, name: str) -> None:
        notes = read(tmp_path, name, SAMPLES[name]).report.notes
        assert notes[0].code == "intake.note_statement"
        assert notes[0].params["format"] == FORMATS[name]
        assert all(note.words(language) for note in notes for language in ("en", "zh-Hans", "zh-Hant"))

    def test_that_names_no_invoice_is_no_file_of_a_ledger_and_the_other_way_round(self, tmp_path: Path) -> None:
        ledger = (
            "payment_id,customer_id,invoice_id,value_date,currency,amount,balance\nP1,C1,R1,2026-03-01,EUR,1.00,5\n"
        )
        assert format_of(put(tmp_path, "payments.csv", ledger)) is None
        invoices = (
            "invoice no,customer no,invoice date,due date,amount,balance\nR1,C1,2026-03-01,2026-04-01,1.00,1.00\n"
        )
        assert format_of(put(tmp_path, "invoices.csv", invoices)) is None
        assert format_of(put(tmp_path, "bank.csv", ENGLISH)) == "table"


class TestCamt:
    def test_keeps_payer_account_references_and_text(self, tmp_path: Path) -> None:
        line = read(tmp_path, "a.xml", CAMT).lines.row(0, named=True)
        kept = ("account", "statement", "payer", "payer_account", "end_to_end", "bank_reference", "text", "currency")
        assert [line[name] for name in kept] == [
            "DE89370400440532013000", "S1", "Müller GmbH", "DE02120300000000202051", "E1", "B1", "Rechnung R-1001",
            "EUR",
        ]  # fmt: skip

    def test_tells_fees_and_reversals_from_payments(self, tmp_path: Path) -> None:
        lines = read(tmp_path, "a.xml", CAMT).lines
        assert lines.select("amount_minor", "is_reversal").rows() == [
            (25050, False), (10000, False), (-500, False), (-10000, True),
        ]  # fmt: skip
        assert lines["payer"][3] == "Chen Ltd"

    def test_parts_an_entry_into_its_payments_where_their_amounts_make_it(self, tmp_path: Path) -> None:
        parts = [details("30.00", text="R-1", end="A"), details("70.00", text="R-2", end="B")]
        ends = balance("OPBD", "0.00", "2026-11-01"), balance("CLBD", "100.00", "2026-11-03")
        lines = read(tmp_path, "a.xml", camt(*ends, entry("100.00", "2026-11-03", *parts, ref="X"))).lines
        assert lines.select("amount_minor", "end_to_end", "batch_of").rows() == [(3000, "A", None), (7000, "B", None)]
        wrong = [details("30.00"), details("60.00")]
        lines = read(tmp_path, "b.xml", camt(*ends, entry("100.00", "2026-11-03", *wrong, ref="X"))).lines
        assert lines.select("amount_minor", "batch_of").rows() == [(10000, 2)]

    def test_leaves_announced_entries_out_of_lines_and_balance(self, tmp_path: Path) -> None:
        ends = balance("OPBD", "1.00", "2026-11-01"), balance("CLBD", "1.00", "2026-11-03")
        found = read(tmp_path, "a.xml", camt(*ends, entry("9.00", "2026-11-03", status="PDNG")))
        assert (codes(found), found.lines.height) == ([], 0)
        assert "intake.note_announced" in [note.code for note in found.report.notes]

    @pytest.mark.parametrize("kind", ["052", "054"])
    def test_reads_reports_and_notifications_without_balances(self, tmp_path: Path, kind: str) -> None:
        found = read(tmp_path, "a.xml", camt(FIRST, kind=kind))
        assert (codes(found), amounts(found), found.lines["format"][0]) == ([], [25050], f"camt.{kind}")

    def test_takes_a_statement_that_stands_in_it_twice_once(self, tmp_path: Path) -> None:
        ends = balance("OPBD", "0.00", "2026-11-01") + balance("CLBD", "250.50", "2026-11-02")
        twice = camt(ends + FIRST).decode()
        body = twice[twice.index("<Stmt>") : twice.index("</Stmt>") + len("</Stmt>")]
        found = read(tmp_path, "a.xml", twice.replace(body, body + body))
        assert (codes(found), amounts(found)) == ([], [25050])


class TestMt940:
    def test_takes_text_payer_and_reference_from_all_forms_of_86(self, tmp_path: Path) -> None:
        lines = read(tmp_path, "a.sta", MT940).lines
        assert lines.select("end_to_end", "text", "payer", "bank_reference").rows() == [
            ("E1", "Rechnung R-1001", "Müller GmbH", "B1"),
            ("E2", "R-1002 thanks", "Chen Ltd", "B2"),
            (None, None, None, "B3"),
            ("E2", "returned returned", None, "B4"),
        ]
        assert lines["is_reversal"].to_list() == [False, False, False, True]

    def test_reports_a_line_that_cannot_be_read_with_its_line_and_weighs_nothing_then(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a.sta", MT940.replace(":61:2611031103CR100,", ":61:2611031103XX100,"))
        assert codes(found) == ["statement_bad_line"]
        assert found.errors["row"].to_list() == [8]
        assert amounts(found) == [25050, -500, -10000]

    def test_books_across_the_turn_of_a_year(self, tmp_path: Path) -> None:
        text = MT940.replace(":61:2611021102CR", ":61:2612310102CR")
        assert read(tmp_path, "a.sta", text).lines["booking_date"].max() == date(2027, 1, 2)

    def test_compares_the_bank_s_own_totals_of_an_interim_report(self, tmp_path: Path) -> None:
        assert codes(read(tmp_path, "a.sta", MT942.replace(":90C:1EUR250,50", ":90C:2EUR260,"))) == [
            "statement_count", "statement_sum",
        ]  # fmt: skip

    def test_joins_words_that_the_bank_broke(self, tmp_path: Path) -> None:
        long = "SVWZ+Rechnung Nummer R-1001"
        assert len(long) == 27
        text = MT940.replace("?20EREF+E1?21SVWZ+Rechnung R-1001?", f"?20EREF+E1?21{long}?22XY und mehr?")
        assert read(tmp_path, "a.sta", text).lines["text"][0] == "Rechnung Nummer R-1001XY und mehr"


class TestOfx:
    def test_is_read_whether_its_tags_are_closed_or_not(self, tmp_path: Path) -> None:
        open_tags = read(tmp_path, "a.ofx", OFX).lines
        closed = OFX.replace("<TRNAMT>250.50", "<TRNAMT>250.50</TRNAMT>").replace("<FITID>B1", "<FITID>B1</FITID>")
        again = read(tmp_path, "b.ofx", closed).lines
        assert open_tags.drop("file").equals(again.drop("file"))
        assert open_tags.select("amount_minor", "payer", "account").rows() == [
            (25050, "Mueller & Co", "42"), (-500, "Fee", "42"),
        ]  # fmt: skip


class TestATable:
    def test_says_where_its_header_is_and_what_stands_around_it(self, tmp_path: Path) -> None:
        notes = {note.code: note.params for note in read(tmp_path, "a.csv", ICBC).report.notes}
        assert notes["intake.note_table"] == {"row": 5, "delimiter": ",", "encoding": "utf-8"}
        assert notes["intake.note_below"]["lines"] == 1
        encoding = {n.code: n.params for n in read(tmp_path, "b.csv", ALIPAY.encode("gb18030")).report.notes}
        assert encoding["intake.note_table"]["encoding"] == "gb18030"

    @pytest.mark.parametrize("bank", OF_BANKS)
    def test_of_a_bank_is_read_as_it_comes(self, tmp_path: Path, bank: str) -> None:
        encoding, text = OF_BANKS[bank]
        found = read(tmp_path, "export.csv", text.encode(encoding))
        assert codes(found) == []
        assert found.lines.select("booking_date", "amount_minor").rows() == [
            (date(2026, 11, 2), 25050), (date(2026, 11, 3), -500),
        ]  # fmt: skip
        assert (found.report.encoding, found.lines["account"].n_unique()) == (encoding, 1)
        assert "intake.note_account_unnamed" not in [note.code for note in found.report.notes]
        assert "R-1001" in found.lines["text"][0]

    def test_of_a_wallet_leaves_closed_deals_and_moved_money_out(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a.csv", ALIPAY.encode("gb18030"))
        assert (amounts(found), found.lines["account"][0]) == ([25050, -500], "shop@example.com")
        said = {note.code for note in found.report.notes}
        assert {"intake.note_void_entries", "intake.note_neutral_entries"} <= said

    def test_checks_what_a_wallet_says_of_its_own_entries(self, tmp_path: Path) -> None:
        rows = [["共3笔记录"] if row == ["共2笔记录"] else row for row in WECHAT_ROWS]
        assert codes(read(tmp_path, "a.xlsx", workbook(rows))) == ["statement_count"]

    def test_reads_a_comma_as_the_decimal_mark_and_days_before_months(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a.csv", GERMAN.encode("cp1252"))
        assert amounts(found) == [25050, -100500]
        assert found.lines["payer"][0] == "Müller GmbH"

    def test_follows_its_running_balance_downwards_and_upwards(self, tmp_path: Path) -> None:
        assert codes(read(tmp_path, "a.csv", ENGLISH)) == []
        head, first, second = ENGLISH.splitlines()
        assert codes(read(tmp_path, "b.csv", f"{head}\n{second}\n{first}")) == []
        found = read(tmp_path, "c.csv", ENGLISH.replace("1245.50", "1240.50"))
        assert (codes(found), found.errors["row"].to_list()) == (["statement_balance_jumps"], [3])
        assert "1,245.50" in found.errors["reason"][0]

    def test_of_any_bank_is_read_by_a_mapping(self, tmp_path: Path) -> None:
        text = "Tag|Was|Wieviel|Wer\n02/11/2026|R-1001|250.50|Mueller\n03/11/2026|Fee|-5.00|Bank\n"
        assert format_of(put(tmp_path, "odd.csv", text)) is None
        mapping = put(
            tmp_path, "map.toml",
            'kind = "statements"\ndate = "DD/MM/YYYY"\n[columns]\nTag = "booking_date"\nWas = "text"\nWer = "payer"\n'
            'Wieviel = "amount"\n[constants]\naccount = "ACC-1"\ncurrency = "GBP"\n',
        )  # fmt: skip
        found = read(tmp_path, "odd.csv", text, load_mapping(mapping))
        assert found.lines.select("booking_date", "amount_minor", "currency", "account", "payer").rows() == [
            (date(2026, 11, 2), 25050, "GBP", "ACC-1", "Mueller"), (date(2026, 11, 3), -500, "GBP", "ACC-1", "Bank"),
        ]  # fmt: skip

    def test_may_have_its_text_in_several_columns_of_a_mapping_and_nothing_else(self, tmp_path: Path) -> None:
        content = "Tag,Was,Noch,Wieviel\n2026-11-02,Rechnung,R-1001,250.50\n2026-11-03,Entgelt,,-5.00\n"
        columns = {"Tag": "booking_date", "Was": "text", "Noch": "text", "Wieviel": "amount"}
        listed = "\n".join(f'{name} = "{field}"' for name, field in columns.items())
        mapping = load_mapping(put(tmp_path, "a.toml", f'kind = "statements"\n[columns]\n{listed}\n'))
        assert read(tmp_path, "a.csv", content, mapping).lines["text"].to_list() == ["Rechnung R-1001", "Entgelt"]
        with pytest.raises(DunwellError, match="given twice"):
            load_mapping(put(tmp_path, "b.toml", f'kind = "statements"\n[columns]\n{listed}\nX = "amount"\n'))

    def test_that_a_mapping_calls_a_statement_and_is_none_is_refused_with_its_columns(self, tmp_path: Path) -> None:
        path = put(tmp_path, "a.csv", "Eins,Zwei\n1,2\n")
        with pytest.raises(DunwellError, match='"Eins", "Zwei"'):
            read_statements([path], defaults=Defaults(), mapping=Mapping(kind="statements"))

    def test_says_that_it_does_not_name_its_account(self, tmp_path: Path) -> None:
        assert "intake.note_account_unnamed" in [note.code for note in read(tmp_path, "a.csv", ENGLISH).report.notes]

    def test_takes_negative_debits_as_money_out_all_the_same(self, tmp_path: Path) -> None:
        assert amounts(read(tmp_path, "a.csv", ENGLISH.replace(",5.00,", ",-5.00,"))) == [25050, -500]

    def test_of_a_workbook_may_hold_dates_and_numbers(self, tmp_path: Path) -> None:
        rows = [
            ["Date", "Description", "Counterparty", "Money in", "Money out"],
            [date(2026, 11, 2), "R-1001", "M", 0.1 + 0.2, None],
        ]
        assert read(tmp_path, "a.xlsx", workbook(rows)).lines.select("booking_date", "amount_minor").rows() == [
            (date(2026, 11, 2), 30)
        ]


class TestAStatementThatIsWrong:
    ENDS = balance("OPBD", "1000.00", "2026-11-01"), balance("CLBD", "1250.50", "2026-11-02")

    def test_is_refused_with_the_difference_when_it_does_not_make_its_closing_balance(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a.xml", camt(*self.ENDS, FIRST, FEE))
        assert codes(found) == ["statement_unbalanced"]
        reason = found.errors["reason"][0]
        assert "EUR 1,245.50" in reason
        assert "EUR 1,250.50" in reason
        assert "EUR 5.00" in reason
        assert amounts(found) == [25050, -500]

    @pytest.mark.parametrize(
        ("inside", "code"),
        [
            ([ENDS[0], FIRST], "statement_without_balance"),
            ([ENDS[0], balance("CLBD", "1250.50", "2026-11-02", "USD"), FIRST], "statement_balance_currency"),
            ([balance("OPBD", "1000.00", "2026-12-01"), ENDS[1], FIRST], "statement_dates"),
            ([balance("OPBD", "1.234", "2026-11-01"), ENDS[1], FIRST], "statement_bad_balance"),
            ([*ENDS, FIRST.replace("EUR", "USD")], "statement_currency"),
            ([*ENDS, FIRST.replace("2026-11-02", "2026-02-30")], "impossible_date"),
            ([*ENDS, FIRST.replace("250.50", "250.505")], "too_many_decimals"),
            ([*ENDS, FIRST.replace("250.50", "1e5")], "not_an_amount"),
            ([*ENDS, FIRST.replace("250.50", "-250.50")], "not_an_amount"),
            ([*ENDS, FIRST.replace("CRDT", "XXXX")], "unknown_direction"),
            ([*ENDS, FIRST.replace("EUR", "EUX")], "unknown_currency"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, inside: list[str], code: str) -> None:
        found = read(tmp_path, "a.xml", camt(*inside))
        assert code in codes(found)
        assert all(found.errors["reason"].str.len_chars() > 10)

    def test_names_the_entry_and_takes_the_others(self, tmp_path: Path) -> None:
        found = read(tmp_path, "a.xml", camt(*self.ENDS, FIRST, SECOND.replace("100.00", "x"), FEE, BACK))
        assert found.errors.select("row", "column", "value").rows() == [(2, "Amt", "x")]
        assert (found.report.rows, found.report.good_rows, amounts(found)) == (4, 3, [25050, -500, -10000])

    def test_without_an_account_is_refused(self, tmp_path: Path) -> None:
        assert codes(read(tmp_path, "a.xml", camt(*self.ENDS, FIRST, account=""))) == ["statement_no_account"]


class TestTheNumberOfALine:
    def numbers(self, tmp_path: Path, name: str, content: bytes | str) -> list[str]:
        return read(tmp_path, name, content).lines["number"].to_list()

    def test_is_the_same_in_a_report_a_statement_and_a_notification(self, tmp_path: Path) -> None:
        ends = balance("OPBD", "0", "2026-11-01") + balance("CLBD", "250.50", "2026-11-02")
        told = {tuple(self.numbers(tmp_path, f"{k}.xml", camt(ends, FIRST, kind=k))) for k in ("052", "053", "054")}
        assert len(told) == 1

    def test_does_not_depend_on_what_else_the_file_holds(self, tmp_path: Path) -> None:
        week = self.numbers(tmp_path, "a.csv", ENGLISH)
        day = self.numbers(tmp_path, "b.csv", "\n".join([ENGLISH.splitlines()[0], ENGLISH.splitlines()[2]]))
        assert day == week[1:]

    def test_tells_equal_entries_of_one_day_apart_by_their_place(self, tmp_path: Path) -> None:
        head, first, _ = ENGLISH.replace(",1250.50", ",").splitlines()
        once = self.numbers(tmp_path, "a.csv", f"{head}\n{first}")
        twice = self.numbers(tmp_path, "b.csv", f"{head}\n{first}\n{first}")
        assert (twice[0], len(set(twice))) == (once[0], 2)


class TestRealSamples:
    """Statements from the test data of public parsers, some malformed on purpose."""

    WRONG = {
        "camt053.v2.wrong.xml": "statement_none", "signon_fail.ofx": "statement_bank_error",
        "february_30.sta": "impossible_date", "camt053.v2.minimal.xml": "statement_balance_currency",
        "date_missing.ofx": "empty_cell", "mt942.sta": "statement_sum", "example-cmb-records.csv": "not_a_date",
        "example-wechat-records.xlsx": "statement_count",
    }  # fmt: skip
    RIGHT = {"mt940.txt": 8, "camt053.v2.multi.statement.xml": 2, "checking.ofx": 3, "example-boc-records.csv": 14}

    def test_all_make_their_own_balances_or_are_refused_with_the_reason(self, shared_data: Path) -> None:
        from tests.intake.statement_sums import outcome

        folder = shared_data / "data" / "bank"
        if not folder.is_dir():
            pytest.skip(f"no statements in {folder}")
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "README.md"]
        outcomes = {path.name: outcome(path) for path in paths}
        assert len(outcomes) >= 80
        for name, code in self.WRONG.items():
            assert code in outcomes[name], name
        for name, rows in self.RIGHT.items():
            assert outcomes[name] == rows, name
