"""Each kind of file gives its frame; each wrong cell is an error of its row and of that row alone."""

from datetime import date

import polars as pl
import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake import FRAMES, Defaults, Known, Total
from tests.intake.ledgers import CUSTOMERS, DEBTORS, INVOICES, invoice_rows, notes, numbers, read, said

HEADER = "number,debtor,issue_date,due_date,currency,amount"
KNOWN = Known(
    debtors=pl.DataFrame({"number": ["C1", "C2"]}),
    receivables=pl.DataFrame(
        {
            "number": ["R1", "R2", "X1"],
            "kind": ["invoice", "invoice", "charge"],
            "debtor": ["C1", "C2", "C1"],
            "currency": ["EUR", "USD", "EUR"],
        }
    ),
    payments=pl.DataFrame({"number": ["P0"]}),
)


def frame(batch, kind):
    return batch.frames[kind].drop("file", "row").to_dicts()


class TestEveryFrame:
    def test_has_the_columns_it_promises_even_when_empty(self, tmp_path):
        batch = read(tmp_path, a=INVOICES)
        assert {kind: dict(found.schema) for kind, found in batch.frames.items()} == FRAMES

    def test_holds_nothing_of_an_empty_list_of_open_items(self, tmp_path):
        batch = read(tmp_path, a=INVOICES.split("\n")[0], defaults=Defaults(day=date(2026, 1, 1)))
        assert batch.frames["invoices"].is_empty()
        assert batch.files[0].rows == 0


class TestCustomers:
    def test_are_read_with_everything_about_them(self, tmp_path):
        content = (
            "Customer No.,Name,Type,Country,Language,Time zone,Group,Segment,E-Mail,Phone,Address,ZIP,City,State,"
            "Preferred channel,Contact person\n"
            "C9, Ada Ltd ,Company,Germany,English,Europe/Berlin,G1,A,ada@example.com,+49 30 123,Weg 1,10115,Berlin,BE,"
            "Letter,Ada\n"
            "C8,张伟,个人,中国,简体中文,Asia/Shanghai,,,,,,,,,,\n"
        )
        batch = read(tmp_path, a=content)
        assert not batch.errors.height
        assert frame(batch, "customers")[0] == {
            "number": "C9", "name": "Ada Ltd", "kind": "business", "country": "DE", "language": "en",
            "zone": "Europe/Berlin", "person": "G1", "segment": "A", "email": "ada@example.com", "phone": "+49 30 123",
            "street": "Weg 1", "postcode": "10115", "city": "Berlin", "region": "BE", "preferred_channel": "letter",
            "contact_name": "Ada", "derived": False, "buyer_kind": None, "debt_kind": None,
            "subdivision": None,
        }  # fmt: skip
        second = frame(batch, "customers")[1]
        assert (second["kind"], second["country"], second["language"]) == ("consumer", "CN", "zh-Hans")

    def test_get_what_the_file_is_silent_about_from_the_defaults(self, tmp_path):
        defaults = Defaults(country="CH", language="zh-Hant", debtor_kind="consumer")
        batch = read(tmp_path, a="number,name\nC1,Ada\n", defaults=defaults)
        first = frame(batch, "customers")[0]
        assert (first["country"], first["language"], first["kind"]) == ("CH", "zh-Hant", "consumer")
        assert batch.given["customers"] == {"number", "name"}

    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("name", "", "empty_cell"),
            ("number", "", "empty_cell"),
            ("number", "x" * 101, "too_long"),
            ("number", "C\u202e1", "control_character"),
            ("number", "C\u200b1", "control_character"),
            ("name", "x" * 501, "too_long"),
            ("name", "A\x1b[31mB", "control_character"),
            ("kind", "dragon", "unknown_debtor_kind"),
            ("country", "Atlantis", "unknown_country"),
            ("country", "QQ", "unknown_country"),
            ("country", "ZZ", "unknown_country"),
            ("country", "AA", "unknown_country"),
            ("country", "Pseudo-Accents", "unknown_country"),
            ("country", "EU", "unknown_country"),
            ("zone", "Mars/Olympus", "unknown_zone"),
            ("email", "not an address", "bad_email"),
            ("email", "a@b.com\nBcc: c@d.com", "bad_email"),
            ("email", "a@b.com;c@d.com", "bad_email"),
            ("phone", "call me", "bad_phone"),
            ("preferred_channel", "owl", "unknown_channel"),
        ],
    )
    def test_with_a_wrong_cell_are_errors(self, tmp_path, column, value, code):
        cells = {"number": "C3", "name": "Cy", column: value}
        content = ",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n"
        content += ",".join({"number": "C4", "name": "Di"}.get(name, "") for name in cells) + "\n"
        batch = read(tmp_path, a=content)
        assert said(batch) == [(2, column, value[:200], code)]
        assert numbers(batch, "customers") == ["C4"]

    def test_of_a_language_that_is_not_written_are_kept_and_it_is_said(self, tmp_path):
        batch = read(tmp_path, a="number,name,language\nC1,Ada,fr\n")
        assert frame(batch, "customers")[0]["language"] is None
        assert notes(batch) == ["note_language"]


class TestContacts:
    def test_are_read(self, tmp_path):
        content = (
            "customer_id,channel,value,contact_name,street,city\n"
            "C1,E-Mail,a@example.com,Ada,,\nC1,电话,+86 21 1234,,,\nC2,letter,,Bo,Weg 1,Ulm\n"
        )
        batch = read(tmp_path, a=content)
        assert not batch.errors.height
        rows = batch.frames["contacts"].select("debtor", "channel", "value", "street", "city").rows()
        assert rows == [
            ("C1", "email", "a@example.com", None, None),
            ("C1", "phone", "+86 21 1234", None, None),
            ("C2", "letter", None, "Weg 1", "Ulm"),
        ]

    def test_with_a_wrong_cell_are_errors(self, tmp_path):
        content = (
            "customer_id,channel,value\nC1,owl,x\nC1,email,\nC1,email,x\nC1,phone,x\nC9,phone,1234\nC1,,a\nC1,letter,\n"
        )
        assert [(row, code) for row, _, _, code in said(read(tmp_path, a=content))] == [
            (2, "unknown_channel"),
            (3, "empty_cell"),
            (4, "bad_email"),
            (5, "bad_phone"),
            (6, "unknown_debtor"),
            (7, "empty_cell"),
            (8, "empty_cell"),
        ]


class TestInvoices:
    def test_are_read_with_control_totals(self, tmp_path):
        batch = read(tmp_path, a=INVOICES + "R3,C1,2026-01-02,2026-02-01,EUR,5.00,\nR4,,2026-01-02,2026-02-01,EUR,7,\n")
        assert frame(batch, "invoices")[0] == {
            "number": "R1", "debtor": "C1", "issue_date": date(2026, 1, 2), "due_date": date(2026, 2, 1),
            "currency": "EUR", "amount_minor": 10000, "open_minor": None, "status": "open", "says_paid": False,
            "description": "first", "contract": None, "contract_date": None, "law": None, "secured": None,
            "payment_terms": None, "received_date": None, "delivered_date": None, "accepted_date": None,
            "due_known": None, "due_rule": None, "instalment": None,
        }  # fmt: skip
        assert batch.files[0].totals == (Total("EUR", 3, 11200, 2, 10500), Total("USD", 1, 2050, 1, 2050))
        assert len(batch.files[0].sha256) == 64

    @pytest.mark.parametrize(
        ("header", "word", "level"),
        [
            ("secured", "yes", 1), ("collateral", "No", 0), ("Security level", "70", 70), ("是否有担保", "是", 1),
            ("担保方式", "抵押", 1), ("有無擔保", "無擔保", 0), ("擔保方式", "質押", 1), ("secured", "", None),
        ],
    )  # fmt: skip
    def test_say_how_well_they_are_secured_in_english_or_chinese(self, tmp_path, header, word, level):
        batch = read(
            tmp_path,
            a=f"invoice_id,customer_id,issue_date,due_date,currency,amount,{header}\n"
            f"R1,C1,2026-01-02,2026-02-01,EUR,1.00,{word}\n",
            known=KNOWN,
        )
        (found,) = frame(batch, "invoices")
        assert found["secured"] == level

    @pytest.mark.parametrize("word", ["101", "-1", "rather", "1.5"])
    def test_that_are_secured_in_other_words_are_an_error(self, tmp_path, word):
        batch = read(
            tmp_path,
            a=f"invoice_id,customer_id,issue_date,due_date,currency,amount,secured\n"
            f"R1,C1,2026-01-02,2026-02-01,EUR,1.00,{word}\n",
            known=KNOWN,
        )
        assert batch.errors["code"].to_list() == ["intake.bad_secured"]

    @pytest.mark.parametrize(
        ("row", "column", "value", "code"),
        [
            (",C1,2026-01-02,2026-02-01,EUR,1.00", "number", "", "empty_cell"),
            ("R9,,2026-01-02,2026-02-01,EUR,1.00", "debtor", "", "empty_cell"),
            ("R9,C9,2026-01-02,2026-02-01,EUR,1.00", "debtor", "C9", "unknown_debtor"),
            ("R9,C1,,2026-02-01,EUR,1.00", "issue_date", "", "empty_cell"),
            ("R9,C1,2026-02-30,2026-02-01,EUR,1.00", "issue_date", "2026-02-30", "impossible_date"),
            ("R9,C1,2026-01-02,soon,EUR,1.00", "due_date", "soon", "not_a_date"),
            ("R9,C1,2026-01-02,,EUR,1.00", "due_date", "", "no_due_date"),
            ("R9,C1,2026-01-02,NULL,EUR,1.00", "due_date", "", "no_due_date"),
            ("R9,C1,2026-01-02,2026-02-01,EURO-DOLLAR,1.00", "currency", "EURO-DOLLAR", "unknown_currency"),
            ("R9,C1,2026-01-02,2026-02-01,XXX,1.00", "currency", "XXX", "unknown_currency"),
            ("R9,C1,2026-01-02,2026-02-01,,1.00", "currency", "", "empty_cell"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,", "amount", "", "empty_cell"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,NaN", "amount", "NaN", "not_an_amount"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,inf", "amount", "inf", "not_an_amount"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,1e9", "amount", "1e9", "not_an_amount"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,0.005", "amount", "0.005", "too_many_decimals"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,1.005", "amount", "1.005", "doubtful_amount"),
            ("R9,C1,2026-01-02,2026-02-01,EUR,USD 5.00", "amount", "USD 5.00", "currency_in_amount"),
            ("R9,C1,2026-01-02,2026-02-01,JPY,1.50", "amount", "1.50", "too_many_decimals"),
            ("R9,C1,2026-01-02,2026-02-01,EUR," + "9" * 30, "amount", "9" * 30, "absurd_amount"),
        ],
    )
    def test_with_a_wrong_cell_are_errors(self, tmp_path, row, column, value, code):
        batch = read(tmp_path, a=invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,1.25", row, "R2,C2,2026-01-02,"
                                              "2026-02-01,EUR,2.25"))  # fmt: skip
        assert said(batch) == [(3, column, value, code)]
        assert numbers(batch) == ["R1", "R2"]
        assert batch.rejected["invoices"].height == 1

    def test_without_a_due_date_are_due_by_their_terms(self, tmp_path):
        rows = ["R1,C1,2026-01-31,,EUR,1.00,30", "R2,C1,2026-01-02,2026-01-05,EUR,1.00,99",
                "R3,C1,2026-01-02,,EUR,1.00,NET 10", "R4,C1,2026-01-02,,EUR,1.00,soon",
                "R5,C1,2026-01-02,,EUR,1.00,"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=HEADER + ",terms_days"))
        assert batch.frames["invoices"]["due_date"].to_list() == [date(2026, 3, 2), date(2026, 1, 5), date(2026, 1, 12)]
        assert [(row, code) for row, _, _, code in said(batch)] == [(5, "not_days"), (6, "no_due_date")]

    def test_are_due_by_terms_of_any_usual_notation(self, tmp_path):
        rows = [
            "R1,C1,2026-01-15,,EUR,1.00,end of month + 45 days",
            "R2,C1,2026-01-15,,EUR,1.00,10th of next month",
            "R3,C1,2026-01-15,,EUR,1.00,45 days + end of month",
            "R4,C1,2026-01-15,,EUR,1.00,on 2026-04-01",
            "R5,C1,2026-01-15,2026-02-20,EUR,1.00,whatever it says",
            "R6,C1,2026-01-15,,EUR,1.00,30 days from acceptance",
            "R7,C1,2026-01-15,,EUR,1.00,50%: 10 days; 50%: 40 days",
            "R8,C1,2026-01-15,,EUR,1.00,30 days roll XX",
            "R9,C1,,,EUR,1.00,30 days",
        ]
        batch = read(tmp_path, a=invoice_rows(*rows, header=HEADER + ",terms_days"))
        assert batch.frames["invoices"].select("number", "due_date").rows() == [
            ("R1", date(2026, 3, 17)), ("R2", date(2026, 2, 10)), ("R3", date(2026, 3, 31)), ("R4", date(2026, 4, 1)),
            ("R5", date(2026, 2, 20)), ("R7#1", date(2026, 1, 25)), ("R7#2", date(2026, 2, 24)),
        ]  # fmt: skip
        assert [(row, code) for row, _, _, code in said(batch)] == [
            (7, "terms_base_missing"), (9, "not_days"), (10, "empty_cell"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "status"),
        [("open", "open"), ("Paid", "open"), ("part-paid", "open"), ("settled", "open"), ("agency", "open"),
         ("", "open"), ("VOID", "cancelled"), ("cancelled", "cancelled"), ("作废", "cancelled"), ("作廢", "cancelled"),
         ("written off", "written_off"), ("Write-Off", "written_off"), ("核销", "written_off")],
    )  # fmt: skip
    def test_have_a_status(self, tmp_path, text, status):
        batch = read(
            tmp_path, a=invoice_rows(f"R1,C1,2026-01-02,2026-02-01,EUR,1.00,{text}", header=HEADER + ",status")
        )
        assert batch.frames["invoices"]["status"].to_list() == [status]

    def test_of_an_unknown_status_are_errors(self, tmp_path):
        content = invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,1.00,lost at sea", header=HEADER + ",status")
        assert said(read(tmp_path, a=content)) == [(2, "status", "lost at sea", "unknown_status")]

    def test_that_are_negative_or_called_credit_notes_are_credit_notes(self, tmp_path):
        rows = ["R1,C1,2026-01-02,2026-02-01,EUR,1.00,fine", "N1,C1,2026-01-02,,EUR,-2.00,invoice",
                "N2,C1,2026-01-02,,EUR,3.00,Credit Note", "N3,C1,2026-01-02,,EUR,-4.00,红字发票"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=HEADER + ",doc_type"))
        assert not batch.errors.height
        assert numbers(batch) == ["R1"]
        assert batch.frames["credit_notes"].select("number", "amount_minor").rows() == [
            ("N1", -200), ("N2", -300), ("N3", -400)]  # fmt: skip
        assert batch.files[0].totals == (Total("EUR", 4, -800, 4, -800),)

    def test_may_say_what_is_still_open(self, tmp_path):
        rows = ["R1,C1,2026-01-02,2026-02-01,EUR,10.00,4.00", "R2,C1,2026-01-02,2026-02-01,EUR,10.00,",
                "R3,C1,2026-01-02,2026-02-01,EUR,10.00,11.00"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=HEADER + ",open_amount"))
        assert batch.frames["invoices"]["open_minor"].to_list() == [400, None, 1100]
        assert notes(batch) == ["note_open_exceeds"]

    def test_may_say_only_what_is_still_open(self, tmp_path):
        header = "number,debtor,issue_date,due_date,currency,balance"
        batch = read(tmp_path, a=invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,4.00", header=header))
        assert batch.frames["invoices"].select("amount_minor", "open_minor").rows() == [(400, 400)]
        assert notes(batch) == ["note_open_is_amount"]

    def test_take_the_currency_from_the_amount_or_the_default(self, tmp_path):
        header = "number,debtor,issue_date,due_date,amount"
        rows = ["R1,C1,2026-01-02,2026-02-01,JPY 500", "R2,C1,2026-01-02,2026-02-01,5.00",
                "R3,C1,2026-01-02,2026-02-01,€ 6.00"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=header), defaults=Defaults(currency="CHF"))
        assert batch.frames["invoices"].select("currency", "amount_minor").rows() == [
            ("JPY", 500), ("CHF", 500), ("EUR", 600)]  # fmt: skip

    def test_without_any_currency_are_no_use(self, tmp_path):
        content = invoice_rows("R1,C1,2026-01-02,2026-02-01,5.00", header="number,debtor,issue_date,due_date,amount")
        with pytest.raises(DunwellError) as caught:
            read(tmp_path, a=content)
        assert caught.value.code == "intake.no_currency"

    def test_that_contradict_their_own_currency_are_errors(self, tmp_path):
        batch = read(tmp_path, a=invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,USD 5.00"))
        assert said(batch) == [(2, "amount", "USD 5.00", "currency_in_amount")]

    def test_due_before_they_were_issued_are_only_noted(self, tmp_path):
        batch = read(tmp_path, a=invoice_rows("R1,C1,2026-02-02,2026-02-01,EUR,5.00"))
        assert not batch.errors.height
        assert notes(batch) == ["note_due_before_issue"]
        assert "(see row 2)" in batch.files[0].notes[0].words()

    def test_issued_after_the_day_of_the_list_are_noted(self, tmp_path):
        batch = read(tmp_path, a=INVOICES, defaults=Defaults(day=date(2026, 1, 2)))
        assert notes(batch) == ["note_after_day"]

    def test_of_unknown_types_are_taken_for_invoices_and_it_is_said(self, tmp_path):
        content = invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,1.00,toll", header=HEADER + ",doc_type")
        batch = read(tmp_path, a=content)
        assert (numbers(batch), notes(batch)) == (["R1"], ["note_doc_type"])

    def test_whose_type_of_document_is_a_kind_of_customer_are_errors(self, tmp_path):
        content = invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,1.00,consumer", header=HEADER + ",doc_type")
        batch = read(tmp_path, a=content)
        assert said(batch) == [(2, "doc_type", "consumer", "kind_of_what")]
        assert numbers(batch) == []

    def test_of_zero_are_invoices(self, tmp_path):
        assert numbers(read(tmp_path, a=invoice_rows("R1,C1,2026-01-02,2026-02-01,EUR,0.00"))) == ["R1"]


class TestAColumnJustCalledKindOrType:
    ROW = "R{0},C{0},2026-01-02,2026-02-01,EUR,1.00,{1}"

    def read(self, tmp_path, header, *kinds):
        rows = [self.ROW.format(n, kind) for n, kind in enumerate(kinds, 1)]
        return read(tmp_path, a=invoice_rows(*rows, header=f"{HEADER},{header}"))

    @pytest.mark.parametrize(
        ("header", "said_so"),
        [("kind", "consumer"), ("Type", "Individual"), ("类型", "个人"), ("類型", "消費者"), ("kind", "自然人")],
    )
    def test_is_the_debtors_where_all_its_words_are_kinds_of_customers(self, tmp_path, header, said_so):
        batch = self.read(tmp_path, header, said_so, "company", "")
        kinds = dict(batch.frames["customers"].select("number", "kind").iter_rows())
        assert kinds == {"C1": "consumer", "C2": "business", "C3": "business"}
        assert (numbers(batch), notes(batch)) == (["R1", "R2", "R3"], [])
        assert batch.files[0].columns[header] == "debtor_kind"
        assert "kind" in batch.given["customers"]

    def test_is_the_documents_where_all_its_words_are_types_of_documents(self, tmp_path):
        batch = self.read(tmp_path, "type", "invoice", "credit note")
        assert numbers(batch) == ["R1"]
        assert numbers(batch, "credit_notes") == ["R2"]

    def test_is_refused_by_the_row_where_its_words_are_of_both_sorts(self, tmp_path):
        batch = self.read(tmp_path, "kind", "invoice", "consumer")
        assert (3, "kind", "consumer", "kind_of_what") in said(batch)
        assert numbers(batch) == ["R1"]
        reason = batch.errors.filter(code="intake.kind_of_what")["reason"][0]
        assert "customer_kind" in reason
        assert "doc_type" in reason

    def test_is_refused_by_the_row_where_nobody_knows_a_word_of_it(self, tmp_path):
        batch = self.read(tmp_path, "type", "consumer", "toll")
        refused = [(row, value) for row, _, value, code in said(batch) if code == "kind_of_what"]
        assert refused == [(2, "consumer"), (3, "toll")]


class TestOneFileOfOpenInvoices:
    HEADER = "Invoice No,Customer No,Customer Name,E-mail,Country,Invoice Date,Due Date,Currency,Amount"

    def test_is_enough(self, tmp_path):
        rows = ["R1,K1,Ada Ltd,ada@example.com,DE,2026-01-02,2026-02-01,EUR,1.00",
                "R2,K2,Bo,,FR,2026-01-02,2026-02-01,EUR,2.00",
                "R3,K1,Ada Ltd,ada@example.com,DE,2026-01-02,2026-02-01,EUR,3.00"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=self.HEADER), known=Known())
        assert not batch.errors.height
        assert batch.frames["customers"].select("number", "name", "email", "country", "derived").rows() == [
            ("K1", "Ada Ltd", "ada@example.com", "DE", True), ("K2", "Bo", None, "FR", True)]  # fmt: skip
        assert not notes(batch)
        assert batch.given["customers"] >= {"name", "email", "country"}

    def test_that_contradicts_itself_lets_the_last_row_win_and_says_so(self, tmp_path):
        rows = ["R1,K1,Ada Ltd,old@example.com,DE,2026-01-02,2026-02-01,EUR,1.00",
                "R2,K1,Ada Ltd,new@example.com,,2026-01-02,2026-02-01,EUR,2.00"]  # fmt: skip
        batch = read(tmp_path, a=invoice_rows(*rows, header=self.HEADER), known=Known())
        assert batch.frames["customers"].select("email", "country").rows() == [("new@example.com", "DE")]
        assert notes(batch) == ["note_customers_differ"]

    def test_gives_way_to_a_file_of_customers(self, tmp_path):
        row = "R1,C1,Other Name,a@example.com,DE,2026-01-02,2026-02-01,EUR,1.00"
        batch = read(tmp_path, a=invoice_rows(row, header=self.HEADER), b=CUSTOMERS, known=Known())
        assert batch.frames["customers"].select("number", "name", "derived").rows() == [
            ("C1", "Ada Ltd", False), ("C2", "Bo", False)]  # fmt: skip

    @pytest.mark.parametrize("name", ["Customer Name", "Customer", "客户名称", "客戶"])
    def test_may_know_customers_by_name_only(self, tmp_path, name):
        header = f"Invoice No,{name},Invoice Date,Due Date,Currency,Amount"
        batch = read(
            tmp_path, known=Known(), a=invoice_rows("R1,Ada Ltd,2026-01-02,2026-02-01,EUR,1.00", header=header)
        )
        assert batch.frames["customers"].select("number", "name").rows() == [("Ada Ltd", "Ada Ltd")]
        assert batch.frames["invoices"]["debtor"].to_list() == ["Ada Ltd"]
        assert "note_debtor_is_name" in notes(batch)

    def test_with_a_wrong_address_makes_an_error_of_that_row(self, tmp_path):
        rows = ["R1,K1,Ada,nonsense,DE,2026-01-02,2026-02-01,EUR,1.00", "R2,K2,Bo,,,2026-01-02,2026-02-01,EUR,2.00"]
        batch = read(tmp_path, a=invoice_rows(*rows, header=self.HEADER), known=Known())
        assert said(batch) == [(2, "E-mail", "nonsense", "bad_email")]
        assert numbers(batch, "customers") == ["K2"]


class TestCreditNotes:
    def test_are_negative_whatever_their_sign(self, tmp_path):
        content = (
            "credit_note_id,customer_id,date,invoice_id,currency,amount\n"
            "N1,C1,2026-01-02,R1,EUR,5.00\nN2,C1,2026-01-02,,EUR,-6.00\n"
        )
        batch = read(tmp_path, a=content, known=KNOWN)
        assert not batch.errors.height
        assert batch.frames["credit_notes"].select("number", "receivable", "amount_minor").rows() == [
            ("N1", "R1", -500), ("N2", None, -600)]  # fmt: skip
        assert notes(batch) == ["note_both_signs"]


class TestCharges:
    def test_inherit_debtor_and_currency_from_their_invoice(self, tmp_path):
        batch = read(tmp_path, known=KNOWN, a="charge_id,invoice_id,date,kind,amount\nX2,R2,2026-01-05,postage,11.00\n")
        assert frame(batch, "charges") == [
            {"number": "X2", "debtor": "C2", "receivable": "R2", "issue_date": date(2026, 1, 5),
             "due_date": date(2026, 1, 5), "currency": "USD", "amount_minor": 1100, "charge_kind": None,
             "charge_basis": None, "description": "postage"}
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("header", "word", "kind"),
        [
            ("fee type", "Late fee", "late_fee"), ("charge kind", "court_cost", "court_cost"),
            ("kind", "Penalty", "penalty"), ("费用类型", "滞纳金", "late_fee"), ("费用类型", "诉讼费", "court_cost"),
            ("费用类型", "违约金", "penalty"), ("费用类型", "服务费", "service_fee"), ("費用類型", "違約金", "penalty"),
            ("費用類型", "手續費", "service_fee"), ("費用類型", "其他", "other"),
        ],
    )  # fmt: skip
    def test_have_a_kind_by_its_name_in_english_or_chinese(self, tmp_path, header, word, kind):
        batch = read(tmp_path, known=KNOWN, a=f"charge_id,invoice_id,date,{header},amount\nX2,R2,2026-01-05,{word},1\n")
        (found,) = frame(batch, "charges")
        assert (found["charge_kind"], found["description"]) == (kind, None)

    @pytest.mark.parametrize(
        ("header", "word", "basis"),
        [
            ("charge basis", "agreed", "agreed"), ("legal basis", "by law", "law"), ("basis", "none", "none"),
            ("收费依据", "合同约定", "agreed"), ("依据", "法律允许", "law"), ("收費依據", "契約約定", "agreed"),
            ("收費依據", "法律允許", "law"),
        ],
    )  # fmt: skip
    def test_say_what_they_rest_on_in_english_or_chinese(self, tmp_path, header, word, basis):
        batch = read(tmp_path, known=KNOWN, a=f"charge_id,invoice_id,date,{header},amount\nX2,R2,2026-01-05,{word},1\n")
        (found,) = frame(batch, "charges")
        assert found["charge_basis"] == basis

    def test_that_rest_on_nothing_known_are_an_error(self, tmp_path):
        batch = read(tmp_path, known=KNOWN, a="charge_id,invoice_id,date,basis,amount\nX2,R2,2026-01-05,custom,1\n")
        assert batch.errors["code"].to_list() == ["intake.unknown_charge_basis"]

    def test_of_a_kind_that_nobody_knows_keep_the_word_as_what_they_are_about(self, tmp_path):
        batch = read(
            tmp_path, known=KNOWN,
            a="charge_id,invoice_id,date,kind,text,amount\nX2,R2,2026-01-05,postage,,1\n"
            "X3,R2,2026-01-05,porto,to Rome,1\n",
        )  # fmt: skip
        assert [(each["charge_kind"], each["description"]) for each in frame(batch, "charges")] == [
            (None, "postage"), (None, "to Rome"),
        ]  # fmt: skip

    def test_need_their_invoice(self, tmp_path):
        content = "charge_id,invoice_id,date,kind,amount\nX2,R9,2026-01-05,postage,11.00\nX3,,2026-01-05,fee,1.00\n"
        assert said(read(tmp_path, a=content, known=KNOWN)) == [
            (2, "invoice_id", "R9", "unknown_receivable"),
            (3, "invoice_id", "", "empty_cell"),
            (3, "debtor", "", "empty_cell"),
            (3, "currency", "", "empty_cell"),
        ]


class TestPayments:
    HEADER = "payment_id,customer_id,invoice_id,value_date,currency,amount,reverses,method\n"

    def test_are_read_for_invoices_charges_and_on_account(self, tmp_path):
        rows = (
            "P1,,R1,2026-03-01,,10.00,,bank\nP2,C1,,2026-03-01,EUR,5.00,,\nP3,C1,X1,2026-03-02,EUR,1.00,,\n"
            "P4,C1,R1,2026-03-03,EUR,-10.00,P1,\nP5,C1,R1,2026-03-03,EUR,-1.00,P0,\n"
        )
        batch = read(tmp_path, a=self.HEADER + rows, known=KNOWN)
        assert not batch.errors.height
        columns = ["number", "debtor", "receivable", "currency", "amount_minor", "reverses", "method"]
        assert batch.frames["payments"].select(columns).rows() == [
            ("P1", "C1", "R1", "EUR", 1000, None, "bank"),
            ("P2", "C1", None, "EUR", 500, None, None),
            ("P3", "C1", "X1", "EUR", 100, None, None),
            ("P4", "C1", "R1", "EUR", -1000, "P1", None),
            ("P5", "C1", "R1", "EUR", -100, "P0", None),
        ]

    @pytest.mark.parametrize(
        ("header", "word", "component"),
        [
            ("designation", "Principal", "principal"), ("tilgungsbestimmung", "Zinsen", "interest"),
            ("designated for", "costs", "costs"), ("指定抵充", "本金", "principal"),
            ("款项性质", "逾期利息", "interest"), ("款項性質", "費用", "costs"),
            ("抵充對象", "加倍部分債務利息", "extra"),
        ],
    )  # fmt: skip
    def test_say_what_the_payer_designated_them_for_in_english_or_chinese(self, tmp_path, header, word, component):
        content = f"payment_id,customer_id,value_date,currency,amount,{header}\nP1,C1,2026-03-01,EUR,1.00,{word}\n"
        (found,) = frame(read(tmp_path, a=content, known=KNOWN), "payments")
        assert found["designation"] == component

    def test_that_are_designated_for_nothing_known_are_an_error(self, tmp_path):
        content = "payment_id,customer_id,value_date,currency,amount,designation\nP1,C1,2026-03-01,EUR,1.00,rent\n"
        assert read(tmp_path, a=content, known=KNOWN).errors["code"].to_list() == ["intake.unknown_designation"]

    @pytest.mark.parametrize(
        ("row", "column", "value", "code"),
        [
            ("P1,C1,R9,2026-03-01,EUR,1.00,,", "invoice_id", "R9", "unknown_receivable"),
            ("P1,C9,,2026-03-01,EUR,1.00,,", "customer_id", "C9", "unknown_debtor"),
            ("P1,C2,R1,2026-03-01,EUR,1.00,,", "customer_id", "C2", "debtor_differs"),
            ("P1,C1,R1,2026-03-01,USD,1.00,,", "currency", "USD", "currency_differs"),
            ("P1,,,2026-03-01,EUR,1.00,,", "customer_id", "", "empty_cell"),
            ("P1,C1,,2026-03-01,,1.00,,", "currency", "", "empty_cell"),
            ("P1,C1,,,EUR,1.00,,", "value_date", "", "empty_cell"),
            ("P1,C1,,2026-03-01,EUR,-1.00,P9,", "reverses", "P9", "unknown_payment"),
            ("P1,C1,,2026-03-01,EUR,-1.00,P1,", "reverses", "P1", "unknown_payment"),
        ],
    )
    def test_with_a_wrong_cell_are_errors(self, tmp_path, row, column, value, code):
        batch = read(tmp_path, a=self.HEADER + row + "\nP7,C1,R1,2026-03-01,EUR,2.00,,\n", known=KNOWN)
        assert said(batch) == [(2, column, value, code)]
        assert numbers(batch, "payments") == ["P7"]


class TestDisputes:
    def test_are_read(self, tmp_path):
        content = (
            "dispute_id,invoice_id,opened_on,closed_on,kind,amount,outcome\n"
            "D1,R1,2026-03-01,,quality,,\nD2,R2,2026-03-01,2026-02-01,price,5.00,granted\n"
        )
        batch = read(tmp_path, a=content, known=KNOWN)
        assert not batch.errors.height
        columns = ["number", "debtor", "receivable", "closed_date", "currency", "amount_minor", "reason", "outcome"]
        assert batch.frames["disputes"].select(columns).rows() == [
            ("D1", "C1", "R1", None, "EUR", None, "quality", None),
            ("D2", "C2", "R2", date(2026, 2, 1), "USD", 500, "price", "granted"),
        ]
        assert notes(batch) == ["note_closed_before_opened"]

    def test_without_a_day_or_a_reason_are_errors(self, tmp_path):
        content = "dispute_id,invoice_id,opened_on,kind\nD1,R1,,quality\nD2,R1,2026-03-01,\n"
        assert said(read(tmp_path, a=content, known=KNOWN)) == [
            (2, "opened_on", "", "empty_cell"),
            (3, "kind", "", "empty_cell"),
        ]


class TestADateAfterToday:
    TODAY = Defaults(today=date(2026, 11, 22))

    @pytest.mark.parametrize("content", [
        invoice_rows("R7,C1,2026-11-22,2026-12-22,EUR,1.00", "R8,C1,2026-11-23,2026-12-23,EUR,1.00",
                     "R9,C1,2026-11-24,,EUR,-1.00"),
        ("credit_note_id,customer_id,date,currency,amount\nN1,C1,2026-11-22,EUR,1\nN2,C1,2026-11-23,EUR,1\n"
        "N3,C1,2026-11-24,EUR,1\n"),
        "charge_id,invoice_id,date,amount\nX1,R1,2026-11-22,1\nX2,R1,2026-11-23,1\nX3,R1,2026-11-24,1\n",
        "payment_id,invoice_id,value_date,amount\nP1,R1,2026-11-22,1\nP2,R1,2026-11-23,1\nP3,R1,2026-11-24,1\n",
        "invoice_id,opened_on,reason\nR1,2026-11-22,a\nR1,2026-11-23,a\nR2,2026-11-24,a\n",
    ])  # fmt: skip
    def test_is_noted_with_what_becomes_of_the_row(self, tmp_path, content):
        batch = read(tmp_path, a=content, known=KNOWN, defaults=self.TODAY)
        assert notes(batch) == ["note_after_today"]
        assert "2 (see row 3, 4)" in batch.files[0].notes[0].words()
        assert "2026-11-22" in batch.files[0].notes[0].words("zh-Hant")

    def test_is_named_once_though_it_is_after_the_day_of_a_list_too(self, tmp_path):
        rows = [f"R{n},C1,2026-11-{20 + n},2026-12-22,EUR,1.00" for n in range(10)]
        defaults = Defaults(today=date(2026, 11, 22), day=date(2026, 11, 20))
        found = read(tmp_path, a=invoice_rows(*rows), defaults=defaults).files[0].notes
        assert [note.words() for note in found] == [
            (
                "Rows dated after today (2026-11-22): 7 (see row 5, 6, 7, 8, 9, ...)."
                " Each counts from its date on, and is in no figure before."
            ),
            "Invoices issued after 2026-11-20, the day of the list: 2 (see row 3, 4).",
        ]


class TestControlTotals:
    def test_say_how_many_rows_they_lack(self, tmp_path):
        content = invoice_rows("R7,C1,2026-01-02,2026-02-01,EUR,1.00", "R8,C1,2026-01-02,2026-02-01,EUR,one",
                               "R9,C1,2026-01-02", "R6,C9,2026-01-02,2026-02-01,EUR,2.00")  # fmt: skip
        report = read(tmp_path, a=content).files[0]
        assert (report.rows, report.without_amount) == (4, 2)
        assert [(total.rows, total.sum_minor, total.good_rows) for total in report.totals] == [(2, 300, 1)]

    def test_of_disputes_lack_only_amounts_that_are_wrong(self, tmp_path):
        content = "invoice_id,opened_on,reason,amount\nR1,2026-01-02,a,\nR2,2026-01-02,b,five\nR1,2026-01-03,c,5\n"
        assert read(tmp_path, a=content, known=KNOWN).files[0].without_amount == 1


class TestADisputeWithoutANumber:
    HEADER = "invoice_id,opened_on,closed_on,reason\n"

    def dispute(self, tmp_path, *rows, header=HEADER):
        return read(tmp_path, a=header + "\n".join(rows) + "\n", known=KNOWN)

    def test_is_known_by_its_invoice_and_day(self, tmp_path):
        first = self.dispute(tmp_path, "R1,2026-02-03,,wrong price", "R2,2026-02-03,,late", "R1,2026-02-04,,again")
        assert numbers(first, "disputes") == ["R1/2026-02-03", "R2/2026-02-03", "R1/2026-02-04"]
        again = self.dispute(tmp_path, "R1,03.02.2026,2026-03-01,wrong price")
        assert numbers(again, "disputes") == ["R1/2026-02-03"]

    def test_may_stand_beside_others_that_have_one(self, tmp_path):
        batch = self.dispute(tmp_path, "D7,R1,2026-02-03,a", ",R1,2026-02-03,b",
                             header="dispute_id,invoice_id,opened_on,reason\n")  # fmt: skip
        assert numbers(batch, "disputes") == ["D7", "R1/2026-02-03"]

    def test_is_an_error_when_the_day_has_two(self, tmp_path):
        batch = self.dispute(tmp_path, "R1,2026-02-03,,a", "R1,2026-02-03,,b")
        assert [code for *_, code in said(batch)] == ["duplicate_number"] * 2

    def test_of_the_longest_invoice_number_has_one_that_fits(self, tmp_path):
        long = ["n" * 99 + end for end in "ab"]
        known = Known(
            debtors=KNOWN.debtors,
            receivables=pl.DataFrame(
                {"number": long, "kind": ["invoice"] * 2, "debtor": ["C1"] * 2, "currency": ["EUR"] * 2}
            ),
        )
        content = self.HEADER + "".join(f"{number},2026-02-03,,a\n" for number in long)
        made = numbers(read(tmp_path, a=content, known=known), "disputes")
        assert len(set(made)) == 2
        assert max(map(len, made)) <= 100


class TestANumberThatStandsTwice:
    ROW = "R1,C1,2026-01-02,2026-02-01,EUR,1.00"

    def test_with_the_same_words_is_kept_once(self, tmp_path):
        batch = read(tmp_path, a=invoice_rows(self.ROW, self.ROW))
        assert said(batch) == [(3, "number", "R1", "duplicate_number")]
        assert batch.errors["reason"][0] == "The number R1 stands more than once (also in a.csv:2)."
        assert batch.frames["invoices"]["row"].to_list() == [2]

    def test_with_other_words_is_not_kept_at_all(self, tmp_path):
        batch = read(tmp_path, a=invoice_rows(self.ROW, self.ROW.replace("1.00", "2.00")))
        assert [row for row, *_ in said(batch)] == [2, 3]
        assert not numbers(batch)

    def test_in_two_files_is_found(self, tmp_path):
        batch = read(tmp_path, a=invoice_rows(self.ROW), b=invoice_rows(self.ROW))
        assert batch.errors.select("row", "other").rows() == [(2, "a.csv:2")]
        assert str(tmp_path / "b.csv") in batch.errors["file"]

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ("number,name\nC5,a\nC5,b\n", "customers"),
            ("payment_id,customer_id,value_date,currency,amount\nP1,C1,2026-01-01,EUR,1\nP1,C1,2026-01-01,EUR,2\n",
             "payments"),
            ("charge_id,invoice_id,date,amount\nX5,R1,2026-01-01,1\nX5,R1,2026-01-01,2\n", "charges"),
            ("dispute_id,invoice_id,opened_on,reason\nD1,R1,2026-01-01,a\nD1,R1,2026-01-01,b\n", "disputes"),
            ("credit_note_id,customer_id,date,currency,amount\nN1,C1,2026-01-01,EUR,1\nN1,C1,2026-01-01,EUR,2\n",
             "credit_notes"),
        ],
    )  # fmt: skip
    def test_is_found_in_every_kind(self, tmp_path, content, kind):
        batch = read(tmp_path, a=content, known=KNOWN)
        assert [code for *_, code in said(batch)] == ["duplicate_number"] * 2
        assert batch.frames[kind].is_empty()

    def test_may_be_known_already(self, tmp_path):
        assert numbers(read(tmp_path, a=INVOICES, known=KNOWN)) == ["R1", "R2"]


class TestARowThatRefersToAWrongRow:
    def test_is_wrong_too(self, tmp_path):
        batch = read(
            tmp_path,
            known=Known(),
            customers=CUSTOMERS.replace("Ada Ltd", ""),
            invoices=INVOICES,
            payments="payment_id,invoice_id,value_date,amount\nP1,R1,2026-03-01,10.00\nP2,R2,2026-03-01,20.50\n",
        )
        assert batch.errors.sort("file").select("row", "code").rows() == [
            (2, "intake.empty_cell"),
            (2, "intake.debtor_rejected"),
            (2, "intake.receivable_rejected"),
        ]
        assert {kind: numbers(batch, kind) for kind in ("customers", "invoices", "payments")} == {
            "customers": ["C2"], "invoices": ["R2"], "payments": ["P2"]}  # fmt: skip

    def test_is_right_when_the_thing_was_known_before(self, tmp_path):
        batch = read(
            tmp_path,
            known=KNOWN,
            invoices=INVOICES.replace("100.00", "nothing"),
            payments="payment_id,invoice_id,value_date,amount\nP1,R1,2026-03-01,10.00\n",
        )
        assert numbers(batch, "payments") == ["P1"]

    def test_is_wrong_through_a_chain_of_reversals(self, tmp_path):
        rows = "P1,C1,R1,never,EUR,1.00,,\nP2,C1,R1,2026-03-01,EUR,-1.00,P1,\nP3,C1,R1,2026-03-01,EUR,1.00,P2,\n"
        batch = read(tmp_path, a=TestPayments.HEADER + rows, known=KNOWN)
        assert [(row, code) for row, _, _, code in said(batch)] == [
            (2, "not_a_date"), (3, "payment_rejected"), (4, "payment_rejected")]  # fmt: skip
        assert DEBTORS.receivables.is_empty()
