"""Nothing that lies in a statement makes its reading fail otherwise than in words, take all memory, or never end."""

import io
import random
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.core.errors import DunwellError
from dunwell.intake import Defaults
from dunwell.intake.statements import format_of, read_statements, shapes
from dunwell.intake.statements import read as reading
from tests.intake.statements import (
    CAMT,
    ENGLISH,
    MT940,
    OFX,
    SAMPLES,
    WECHAT_ROWS,
    balance,
    camt,
    put,
    refusal,
    workbook,
)

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
PIECES = [
    b'"', b"\n", b"\r", b",", b";", b"\t", b"\0", b"\xff", b"-", b".", b"0", b"9" * 30, b"NaN", b"1e400", b"\xe4", b"<",
    b"</", b">", b"/>", b"&", b"&amp;", b"&#0;", b"]]>", b"<!--", b":61:", b":62F:", b":86:", b"\n-\n", b"?20", b"//",
    b"2026-02-30", b"EUR", b"XXX", b"CRDT", b"\xef\xbb\xbf", b"\x1b", "\u202e".encode(), "中".encode(), b"<Ntry>",
    b"</Stmt>", b"<STMTTRN>", b"</OFX>", b"2611310230", b"C261131EUR1,", b"+", b"(", b"=1+1", b" ",
]  # fmt: skip
BEGINNINGS = ["", ":20:A\n:25:1\n:60F:C261101EUR0,\n:61:", "<OFX><STMTRS>", "<?xml version='1.0'?><D>"]
ROUNDS = pytest.mark.parametrize(
    "rounds", [pytest.param(46, id="some"), pytest.param(2200, id="many", marks=pytest.mark.long)]
)
"""Inputs of each kind: with those of Hypothesis about 500 in the quick tier, about 20,000 in the long one."""
ROW = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=6, max_size=6)
TEXTS = {name: content for name, content in SAMPLES.items() if not name.endswith(".xlsx")}


def attempt(path: Path, content: bytes) -> object:
    """Read it: lines that agree with the report, or a refusal in three languages; anything else fails the test."""
    path.write_bytes(content)
    try:
        if format_of(path) is None:
            return "no statement"
        [found] = read_statements([path], defaults=Defaults(currency="EUR"))
    except DunwellError as refused:
        return [refused.words(language) for language in LANGUAGES]
    report, lines = found.report, found.lines
    assert report.rows == report.good_rows + report.bad_rows
    assert lines["number"].n_unique() == lines.height
    assert lines.select("booking_date", "currency", "amount_minor", "row").null_count().sum_horizontal().sum() == 0
    assert found.errors["reason"].str.len_chars().min() is None or found.errors["reason"].str.len_chars().min() > 5
    assert all(note.words(language) for note in report.notes for language in LANGUAGES)
    return found


def mutated(content: bytes, seed: int) -> bytes:
    """The content with up to eight changes: bytes replaced, put in, taken out, or a stretch of it told twice."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(content) + 1), chance.choice([0, 0, 1, 2, 5, 30, 200])
        piece = chance.choice([*PIECES, bytes([chance.randrange(256)]), content[at : at + 80]])
        content = content[:at] + piece + content[at + length :]
    return content


def repacked(seed: int) -> bytes:
    """A workbook one of whose members is mutated."""
    chance = random.Random(seed)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAMPLES["wechat.xlsx"])) as source, zipfile.ZipFile(packed, "w") as target:
        chosen = chance.choice(source.namelist())
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, mutated(content, seed) if name == chosen else content)
    return packed.getvalue()


@pytest.fixture(scope="class")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


class TestReadingAStatement:
    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("name", TEXTS)
    @ROUNDS
    def test_survives_changed_bytes(self, folder, name, rounds):
        for seed in range(rounds):
            assert attempt(folder / name, mutated(TEXTS[name], seed)), seed

    @pytest.mark.timeout(300)
    @ROUNDS
    def test_survives_changed_workbooks(self, folder, rounds):
        for seed in range(rounds // 2):
            assert attempt(folder / "a.xlsx", repacked(seed)), seed
            assert attempt(folder / "b.xlsx", mutated(SAMPLES["wechat.xlsx"], seed)), seed

    @given(st.sampled_from(BEGINNINGS), st.binary(max_size=120))
    def test_survives_any_bytes_behind_a_beginning(self, folder, start, content):
        assert attempt(folder / "a.dat", start.encode() + content)

    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=6, max_size=6), max_size=4
        )
    )
    def test_survives_any_cells(self, folder, rows):
        text = "\n".join([ENGLISH.splitlines()[0], *(",".join(row) for row in rows), ENGLISH.splitlines()[1]])
        assert attempt(folder / "a.csv", text.encode())


BOMB = "<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
OUTSIDE = "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


class TestADangerousFile:
    @pytest.mark.parametrize("doctype", [BOMB, OUTSIDE, "<!DOCTYPE d SYSTEM 'http://127.0.0.1:9/x.dtd'>"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_with_a_document_type_is_refused_before_anything_is_expanded(self, tmp_path, doctype, encoding):
        text = CAMT.decode().replace("encoding='UTF-8'?>", f"encoding='{encoding}'?>{doctype}").replace("R-1001", "&b;")
        assert refusal(tmp_path, "a.xml", text.encode(encoding)) == "xml_doctype"

    def test_of_ofx_with_an_entity_is_refused(self, tmp_path):
        assert refusal(tmp_path, "a.ofx", OFX.replace("<OFX>", f"{OUTSIDE}<OFX>")) == "xml_doctype"

    def test_with_elements_in_elements_without_end_is_refused(self, tmp_path):
        deep = camt(f"<Ntry>{'<a>' * 100_000}")
        assert refusal(tmp_path, "a.xml", deep) == "xml_broken"

    def test_that_unpacks_to_more_than_a_workbook_holds_is_refused_in_little_memory(self, tmp_path):
        packed = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(SAMPLES["wechat.xlsx"])) as source,
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                if name != "xl/worksheets/sheet1.xml":
                    target.writestr(name, source.read(name))
            with target.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                for _ in range(300):
                    sheet.write(b" " * (1 << 20))
        assert len(packed.getvalue()) < 1_000_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert refusal(tmp_path, "a.xlsx", packed.getvalue()) == "workbook_too_large"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000

    def test_with_a_cell_in_the_last_corner_of_a_sheet_costs_nothing(self, tmp_path):
        from openpyxl import Workbook

        book, packed = Workbook(), io.BytesIO()
        sheet = book.active
        for row in WECHAT_ROWS:
            sheet.append(row)
        sheet["XFD1048576"] = "z"
        book.save(packed)
        path = put(tmp_path, "a.xlsx", packed.getvalue())
        [found] = read_statements([path], defaults=Defaults())
        assert found.lines["amount_minor"].to_list() == [25050, -500]

    def test_of_a_workbook_with_a_document_type_is_refused(self, tmp_path):
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(workbook(WECHAT_ROWS))) as source, zipfile.ZipFile(packed, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, BOMB.encode() + content if name.endswith("sheet1.xml") else content)
        assert refusal(tmp_path, "a.xlsx", packed.getvalue()) == "xml_doctype"

    def test_that_is_too_large_or_too_long_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(reading, "MOST_BYTES", 500)
        assert refusal(tmp_path, "a.xml", CAMT) == "statement_too_large"
        monkeypatch.undo()
        monkeypatch.setattr(shapes, "MOST_ENTRIES", 2)
        assert refusal(tmp_path, "a.sta", MT940) == "statement_too_long"


LARGE = """
import re, sys, time
from pathlib import Path
from dunwell.intake import Defaults
from dunwell.intake.statements import format_of, read_statements
began = time.monotonic()
path = Path(sys.argv[1])
assert format_of(path)
[found] = read_statements([path], defaults=Defaults(currency="EUR"))
# what getrusage gives begins with the memory of the process that started this one
peak = re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1]
print(found.lines.height, found.errors.height, peak, time.monotonic() - began)
"""


class TestALargeStatement:
    @pytest.mark.long
    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the most memory it used")
    @pytest.mark.parametrize("kind", ["camt", "mt940", "csv", "xlsx"])
    def test_is_read_in_less_than_500_megabytes(self, tmp_path, kind):
        path, rows = large(tmp_path, kind)
        done = subprocess.run(
            [sys.executable, "-c", LARGE, str(path)], capture_output=True, text=True, timeout=280, check=True
        )
        lines, errors, peak, _ = done.stdout.split()
        assert (int(lines), int(errors)) == (rows, 0)
        assert int(peak) < 500_000


def large(folder: Path, kind: str) -> tuple[Path, int]:
    """A file of as many entries as one may have, or as fit into the largest file."""
    rows = {"camt": 95_000}.get(kind, 150_000)
    text = "Rechnung R-{0} Kunde {0} dankt und zahlt wie vereinbart"
    if kind == "camt":
        one = (
            "<Ntry><Amt Ccy='EUR'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt>"
            "<Dt>2026-11-02</Dt></BookgDt><ValDt><Dt>2026-11-02</Dt></ValDt><AcctSvcrRef>REF{0}</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
            "<EndToEndId>E{0}</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>Kunde {0}</Nm></Pty></Dbtr><DbtrAcct>"
            f"<Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
            "</NtryDtls></Ntry>"
        )
        ends = balance("OPBD", "0", "2026-11-01"), balance("CLBD", f"{rows}", "2026-11-02")
        content = camt(*ends, *(one.format(number) for number in range(rows)))
    elif kind == "mt940":
        one = f":61:2611021102C1,NTRFNONREF//REF{{0}}\n:86:166?00GUTSCHRIFT?20EREF+E{{0}}?21SVWZ+{text}?32Kunde {{0}}\n"
        body = "".join(one.format(number) for number in range(rows))
        content = f":20:A\n:25:1\n:28C:1\n:60F:C261101EUR0,\n{body}:62F:C261102EUR{rows},\n-\n".encode()
    else:
        head = ["Date", "Description", "Counterparty", "Transaction id", "Money in"]
        table = [["2026-11-02", text.format(n), f"Kunde {n}", f"REF{n}", "1.00"] for n in range(rows)]
        if kind == "xlsx":
            content = workbook([head, *table])
        else:
            content = "\n".join(",".join(row) for row in [head, *table]).encode()
    return put(folder, f"large.{kind}", content), rows
