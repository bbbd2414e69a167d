"""Columns are recognised by their usual names, or by a mapping; what is missing is said with the way out."""

import pytest

from dunwell.core.errors import DunwellError
from dunwell.intake import KINDS, Defaults, load_mapping, read_files
from dunwell.intake.columns import REQUIRED, best, names, plain
from tests.intake.ledgers import DEBTORS, INVOICES, numbers, read, write


def refusal(tmp_path, content, **options):
    with pytest.raises(DunwellError) as caught:
        read(tmp_path, a=content, **options)
    return caught.value


class TestAFileOfInvoices:
    def test_that_lacks_one_column_is_not_taken_for_one_of_customers(self, tmp_path):
        header = "Kundennummer;Kundenname;Rechnungsnummer;Rechnungsdatum;Zahlbar bis;Währung;Betrag"
        content = f"{header}\nK1;A;1;2026-01-01;2026-02-01;EUR;1,00\n"
        error = refusal(tmp_path, content)
        assert error.code == "intake.missing_columns"
        assert "due_date" in str(error)
        assert "invoices" in str(error)


class TestAHeader:
    @pytest.mark.parametrize(
        ("header", "kind"),
        [
            ("customer_id,name,kind,country,segment,paperless_from", "customers"),
            ("Kundennummer;Kundenname;Land", "customers"),
            ("Kundennummer;Kundenname;Rechnungsnr;Rechnungsdatum;Fälligkeitsdatum;Währung;Betrag", "invoices"),
            ("客户编号,客户名称,邮箱,电话", "customers"),
            ("客戶編號,客戶名稱,電郵,電話", "customers"),
            ("customer_id,channel,value", "contacts"),
            ("invoice_id,customer_id,issue_date,due_date,currency,amount,terms_days,doc_type,description", "invoices"),
            ("Invoice #,Customer,Date,Due Date,Open Balance", "invoices"),
            ("Invoice Number,Client ID,Invoice Date,Payment Terms,Total (EUR)", "invoices"),
            ("发票号码,客户名称,开票日期,到期日,价税合计", "invoices"),
            ("發票號碼,客戶名稱,開立日期,到期日,金額", "invoices"),
            ("单据编号,往来单位,单据日期,账期,应收金额（元）,未收金额", "invoices"),
            ("Credit Memo No,Customer No,Date,Amount", "credit_notes"),
            ("charge_id,invoice_id,customer_id,date,kind,amount", "charges"),
            ("payment_id,customer_id,invoice_id,value_date,currency,amount,method", "payments"),
            ("收款单号,客户编号,收款日期,收款金额", "payments"),
            ("Transaction ID,Account No,Booking Date,Amount", "payments"),
            ("dispute_id,invoice_id,customer_id,opened_on,closed_on,kind,outcome", "disputes"),
        ],
    )
    def test_tells_the_kind_of_file(self, header, kind):
        found = best(header.replace(";", ",").split(","), "export.csv", None)
        assert (found.kind, found.complete) == (kind, True)

    @pytest.mark.parametrize("kind", KINDS)
    def test_may_always_use_the_plain_names_of_the_fields(self, kind):
        found = best([group[0] for group in REQUIRED[kind]], f"{kind}.csv", None)
        assert found.complete

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_names_in_all_three_languages_that_mean_one_thing_each(self, kind):
        table = names(kind)
        assert len(table) > 20
        assert all(plain(name) == name for name in table)

    @pytest.mark.parametrize("name", ["Invoice_ID", "INVOICE-ID", "invoice id", " Invoice.Id ", "ｉｎｖｏｉｃｅ＿ｉｄ"])
    def test_is_read_whatever_its_case_and_signs(self, tmp_path, name):
        assert numbers(read(tmp_path, a=INVOICES.replace("invoice_id", name))) == ["R1", "R2"]

    def test_that_is_only_told_apart_by_the_file_name_is(self):
        header = ["id", "customer id", "date", "amount", "due date"]
        assert best(header, "invoices.csv", None).kind == "invoices"

    def test_with_two_columns_of_one_meaning_is_refused(self, tmp_path):
        error = refusal(tmp_path, INVOICES.replace("description", "Rechnungsnummer"))
        assert error.code == "intake.two_columns"
        assert {error.params["one"], error.params["other"]} == {"invoice_id", "Rechnungsnummer"}

    def test_that_lacks_a_column_is_refused_with_the_nearest_name_and_an_example(self, tmp_path):
        error = refusal(tmp_path, INVOICES.replace("issue_date", "isue dat"))
        assert error.code == "intake.missing_columns"
        assert error.params["kind"] == "invoices"
        words = error.words()
        assert "issue_date" in words
        assert '"isue dat" -> issue_date' in words
        assert '[columns]; "isue dat" = "issue_date"' in words
        assert '"customer_id"' in words

    def test_of_nonsense_is_refused(self, tmp_path):
        assert refusal(tmp_path, "alpha,beta\n1,2\n").code == "intake.missing_columns"

    def test_is_reported_with_what_was_understood_and_what_was_not(self, tmp_path):
        report = read(tmp_path, a=INVOICES.replace("description", "colour")).files[0]
        assert list(report.columns.items())[:2] == [("invoice_id", "number"), ("customer_id", "debtor")]
        assert report.ignored == ("colour",)


MAPPED = "Beleg;Kto;am;bis;Wert\nR1;C1;01/02/2026;05/02/2026;1.234\n"
TOML = """
kind = "invoices"
decimal = ","
date = "DD/MM/YYYY"
delimiter = ";"
[columns]
Beleg = "number"
Kto = "debtor"
am = "issue_date"
bis = "due_date"
Wert = "amount"
[constants]
currency = "EUR"
"""
YAML = """
kind: invoices
decimal: ","
date: DD/MM/YYYY
delimiter: ";"
columns: {Beleg: number, Kto: debtor, am: issue_date, bis: due_date, Wert: amount}
constants: {currency: EUR}
"""


class TestAMapping:
    @pytest.mark.parametrize(("name", "text"), [("m.toml", TOML), ("m.yaml", YAML), ("m.yml", YAML)])
    def test_says_what_the_columns_mean(self, tmp_path, name, text):
        (tmp_path / name).write_text(text)
        mapping = load_mapping(tmp_path / name)
        batch = read_files(write(tmp_path, a=MAPPED), known=DEBTORS, defaults=Defaults(), mapping=mapping)
        row = batch.frames["invoices"].row(0, named=True)
        assert (row["number"], row["currency"], row["amount_minor"]) == ("R1", "EUR", 123400)
        assert (row["issue_date"].month, row["due_date"].month) == (2, 2)

    def test_decides_between_two_columns_of_one_meaning(self, tmp_path):
        (tmp_path / "m.toml").write_text('[columns]\nRechnungsnummer = "number"\n')
        content = INVOICES.replace("description", "Rechnungsnummer")
        batch = read_files(
            write(tmp_path, a=content), known=DEBTORS, defaults=Defaults(), mapping=load_mapping(tmp_path / "m.toml")
        )
        assert numbers(batch) == ["first", "second"]

    def test_may_name_the_encoding(self, tmp_path):
        (tmp_path / "m.toml").write_text('encoding = "cp1250"')
        content = INVOICES.replace("first", "Łódź").encode("cp1250")
        batch = read_files(
            write(tmp_path, a=content), known=DEBTORS, defaults=Defaults(), mapping=load_mapping(tmp_path / "m.toml")
        )
        assert batch.frames["invoices"]["description"][0] == "Łódź"

    def test_that_names_an_absent_column_is_refused(self, tmp_path):
        (tmp_path / "m.toml").write_text('[columns]\n"Belegg" = "number"\n')
        with pytest.raises(DunwellError) as caught:
            read_files(
                write(tmp_path, a=MAPPED), known=DEBTORS, defaults=Defaults(), mapping=load_mapping(tmp_path / "m.toml")
            )
        assert (caught.value.code, caught.value.params["near"]) == ("intake.mapping_column_absent", "Beleg")

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("kind = 'bills'", "the kinds are"),
            ("kinds = 'invoices'", "the keys are"),
            ("kind = 7", "kind is a text"),
            ("[columns]\nA = 'numbr'", "did you mean 'number'"),
            ("kind = 'payments'\n[columns]\nA = 'due_date'", "unknown field"),
            ("[columns]\nA = 'number'\nB = 'number'", "twice"),
            ("[columns]\nA = ['number']", "table of texts"),
            ("columns = 'number'", "table of texts"),
            ("decimal = ';'", "decimal is"),
            ("date = 'MM/YYYY'", "date is made of"),
            ("encoding = 'klingon'", "unknown encoding"),
            ("encoding = 'base64'", "unknown encoding"),
            ("delimiter = '::'", "one character"),
            ("kind = ", ""),
            ("\x00", ""),
        ],
    )
    def test_that_is_wrong_is_refused_in_words(self, tmp_path, text, hint):
        (tmp_path / "m.toml").write_text(text)
        with pytest.raises(DunwellError) as caught:
            load_mapping(tmp_path / "m.toml")
        assert caught.value.code == "intake.mapping_invalid"
        assert hint in caught.value.params["reason"]

    @pytest.mark.parametrize(
        "text", ["- a\n- b", "!!python/object/apply:os.system [ls]", "a: [", "just text", "[" * 1500, "\ud800"]
    )
    def test_of_hostile_yaml_is_refused(self, tmp_path, text):
        (tmp_path / "m.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(DunwellError) as caught:
            load_mapping(tmp_path / "m.yaml")
        assert caught.value.code == "intake.mapping_invalid"

    def test_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(DunwellError) as caught:
            load_mapping(tmp_path / "m.yaml")
        assert caught.value.code == "intake.not_found"
