"""Nothing that lies in a file makes intake fail otherwise than in words."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults, Known, read_files
from tests.intake.ledgers import CUSTOMERS, DEBTORS, INVOICES
from tests.intake.test_kinds import KNOWN

PAYMENTS = b"payment_id,customer_id,invoice_id,value_date,currency,amount,reverses\nP1,C1,R1,2026-03-01,EUR,1.00,\n"
OTHERS = [
    CUSTOMERS.encode(),
    INVOICES.encode(),
    PAYMENTS,
    b"charge_id,invoice_id,date,kind,amount\nX2,R1,05/06/2026,postage,1.100\n",
    b"dispute_id,invoice_id,opened_on,closed_on,kind,amount\nD1,R1,2026-03-01,,quality,5\n",
    b"credit_note_id;customer_id;date;invoice_id;currency;amount\nN1;C1;1.2.2026;R1;EUR;5,00\n",
    "发票号,客户名称,开票日期,到期日,币种,金额\nF1,远大,2026年1月5日,,CNY,（1,200.00）\n".encode("gb18030"),
    "invoice,customer,date,terms,amount\nR1,Müller,22.11.2026,NET 30,€ 1.234\n".encode("utf-16"),
]
PIECES = st.sampled_from(
    [b'"', b"\n", b"\r", b",", b";", b"\t", b"\0", b"\xff", b"-", b".", b"0", b"9" * 30, b"NaN", b"1e400", b"\xe4",
     b"2026-02-30", b"''", b'""', b"\xef\xbb\xbf", b"\x1b", "中".encode(), "\u202e".encode(), b"R1", b"C1", b" "]
)  # fmt: skip


def attempt(folder, content: bytes, known: Known = KNOWN):
    """Read it: a batch whose counts add up, or a refusal in three languages; any other failure is one of the test."""
    path = folder / "a.csv"
    path.write_bytes(content)
    try:
        batch = read_files([path], known=known, defaults=Defaults(currency="EUR"))
    except DunwellError as refusal:
        return [refusal.words(language) for language in ("en", "zh-Hans", "zh-Hant")]
    report = batch.files[0]
    assert report.rows == report.good_rows + report.bad_rows
    assert sum(frame.filter(~_derived(frame)).height for frame in batch.frames.values()) == report.good_rows
    assert batch.errors["row"].n_unique() == report.bad_rows
    return batch


def _derived(frame):
    return pl.col("derived") if "derived" in frame.columns else pl.lit(False)


@pytest.fixture(scope="class")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


class TestIntake:
    @given(st.binary(max_size=200))
    def test_survives_any_bytes(self, folder, content):
        assert attempt(folder, content)

    @given(st.binary(max_size=80))
    def test_survives_any_bytes_below_a_header(self, folder, content):
        assert attempt(folder, INVOICES.encode() + content)

    @given(st.sampled_from(OTHERS), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), PIECES), max_size=6))
    def test_survives_any_change_of_a_good_file(self, folder, content, changes):
        for at, length, piece in changes:
            content = content[:at] + piece + content[at + length :]
        assert attempt(folder, content)

    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=7, max_size=7),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    )
    def test_survives_any_cells(self, folder, table, encoding):
        buffer = io.StringIO()
        csv.writer(buffer).writerows(table)
        assert attempt(folder, (INVOICES + buffer.getvalue()).encode(encoding), DEBTORS)
