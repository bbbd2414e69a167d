"""Contracts in invoice files: columns of several languages, and rows that contradict one another."""

from datetime import date

import pytest

from tests.intake.ledgers import invoice_rows, notes, numbers, read, said

HEADER = "number,debtor,issue_date,due_date,currency,amount,contract no,contract date,governing law"


def rows(tmp_path, *lines, header=HEADER):
    told = (f"R{n},{debtor},2026-01-02,{due},EUR,1.00,{rest}" for n, (debtor, due, rest) in enumerate(lines, 1))
    return read(tmp_path, a=invoice_rows(*told, header=header))


class TestAContract:
    @pytest.mark.parametrize(
        "names",
        [
            "contract no,contract date,governing law",
            "Vertragsnummer,Vertragsdatum,Anwendbares Recht",
            "合同编号,签订日期,适用法律",
            "契約編號,契約日期,準據法",
        ],
    )
    def test_is_read_from_columns_of_any_of_the_languages(self, tmp_path, names):
        header = HEADER.replace("contract no,contract date,governing law", names)
        batch = rows(tmp_path, ("C1", "2026-02-01", "V-1,2025-12-01,England and Wales"), header=header)
        assert said(batch) == []
        assert batch.frames["invoices"].select("contract", "contract_date", "law").rows() == [
            ("V-1", date(2025, 12, 1), "UK-ENG")
        ]

    @pytest.mark.parametrize(
        ("told", "law"),
        [("DE", "DE"), ("Germany", "DE"), ("中国法律", "CN"), ("PRC law", "CN"), ("uk-sct", "UK-SCT"), ("香港", "HK")],
    )
    def test_is_under_a_law_in_any_usual_words(self, tmp_path, told, law):
        batch = rows(tmp_path, ("C1", "2026-02-01", f"V-1,2025-12-01,{told}"))
        assert batch.frames["invoices"]["law"].to_list() == [law]

    def test_may_be_told_once_and_named_again(self, tmp_path):
        batch = rows(tmp_path, ("C1", "2026-02-01", "V-1,2025-12-01,DE"), ("C1", "2026-02-01", "V-1,,"))
        assert said(batch) == []

    def test_without_a_column_of_numbers_is_noted_and_left_out(self, tmp_path):
        header = "number,debtor,issue_date,due_date,currency,amount,contract date"
        batch = rows(tmp_path, ("C1", "2026-02-01", "2025-12-01"), header=header)
        assert notes(batch) == ["note_contract_without_number"]
        assert batch.frames["invoices"]["contract_date"].to_list() == [None]


class TestContradictions:
    @pytest.mark.parametrize(
        ("first", "second", "error"),
        [
            (("C1", "2026-02-01", "V,2025-12-01,"), ("C1", "2026-02-01", "V,2025-12-02,"),
             (3, "contract date", "2025-12-02", "contract_dates_differ")),
            (("C1", "2026-02-01", "V,,DE"), ("C1", "2026-02-01", "V,,FR"),
             (3, "governing law", "FR", "contract_laws_differ")),
            (("C1", "2026-02-01", "V,,"), ("C2", "2026-02-01", "V,,"), (3, "contract no", "V", "contract_of_another")),
            (("C1", "2026-02-01", "V,2026-02-01,"), ("C1", "2026-01-31", "V,,"),
             (3, "contract date", "2026-02-01", "contract_after_due")),
            (("C1", "2026-02-01", "V,,"), ("C1", "2026-02-01", "W,2026-02-02,"),
             (3, "contract date", "2026-02-02", "contract_after_due")),
            (("C1", "2026-02-01", "V,,"), ("C1", "2026-02-01", ",2025-12-01,"),
             (3, "contract date", "", "contract_without_number")),
            (("C1", "2026-02-01", "V,,"), ("C1", "2026-02-01", "W,,Atlantis"),
             (3, "governing law", "Atlantis", "unknown_law")),
            (("C1", "2026-02-01", "V,,"), ("C1", "2026-02-01", "W\u202e,,"),
             (3, "contract no", "W\u202e", "control_character")),
        ],
    )  # fmt: skip
    def test_are_refused_by_row_and_column(self, tmp_path, first, second, error):
        batch = rows(tmp_path, first, second)
        assert said(batch) == [error]
        assert numbers(batch) == ["R1"]
        assert batch.errors["reason"][0]

    def test_of_one_row_do_not_condemn_those_that_agree(self, tmp_path):
        batch = rows(
            tmp_path, ("C1", "2026-02-01", "V,2025-12-01,"), ("C1", "2026-02-01", "V,2025-11-01,"),
            ("C1", "2026-02-01", "V,2025-12-01,"),
        )  # fmt: skip
        assert numbers(batch) == ["R1", "R3"]


class TestABuyer:
    @pytest.mark.parametrize(
        ("told", "kind"),
        [("大型企业", "large_enterprise"), ("事业单位", "public_institution"), ("小型", "other"), ("", None)],
    )
    def test_is_of_a_kind_that_rules_ask_for(self, tmp_path, told, kind):
        batch = read(tmp_path, a=f"customer_id,name,企业规模\nC1,Ada,{told}\n")
        assert batch.frames["customers"]["buyer_kind"].to_list() == [kind]

    def test_of_an_unknown_kind_is_refused(self, tmp_path):
        batch = read(tmp_path, a="customer_id,name,buyer kind\nC1,Ada,enormous\n")
        assert said(batch) == [(2, "buyer kind", "enormous", "unknown_buyer_kind")]
