"""`dunwell import` as its user meets it."""

import csv
import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from dunwell.jobs import cli
from tests.imports.files import BOOK, CUSTOMERS, INVOICES, write, write_book
from tests.support.book import make_creditor
from tests.support.homes import DUNWELL, Home


@pytest.fixture
def ready(home: Home) -> Home:
    home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
    return home


one_database = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


class TestImportCommand:
    def test_takes_files_in_and_says_so(self, ready: Home, tmp_path: Path) -> None:
        paths = [str(path) for path in write_book(tmp_path)]
        said = ready.dunwell("import", *paths)
        assert "Taken in." in said.stdout
        assert "1,440.50" in said.stdout
        assert "Nothing new" in ready.dunwell("import", *paths).stdout
        explained = ready.dunwell("explain", "C1", "--as-of", "2026-11-22").stdout
        assert "R1" in explained

    def test_prints_its_report_as_json_and_nothing_else(self, ready: Home, tmp_path: Path) -> None:
        paths = [str(path) for path in write_book(tmp_path)]
        told = json.loads(ready.dunwell("import", "--json", *paths).stdout)
        assert told["written"]
        assert {file["kind"] for file in told["files"]} == set(BOOK)
        invoices = next(file for file in told["files"] if file["kind"] == "invoices")
        assert invoices["totals"][0] == {
            "currency": "EUR", "rows": 2, "sum_minor": 144050, "good_rows": 2, "good_sum_minor": 144050
        }  # fmt: skip
        assert invoices["counts"]["invoices"] == {"new": 3, "changed": 0, "unchanged": 0}

    @one_database
    def test_lists_errors_and_writes_them_to_a_file(self, ready: Home, tmp_path: Path) -> None:
        rows = [{**INVOICES[0], "invoice_id": f"X{n}", "amount": "=1+1"} for n in range(30)]
        paths = [
            str(write(tmp_path, "customers", CUSTOMERS)), str(write(tmp_path, "invoices", [*INVOICES, *rows])),
        ]  # fmt: skip
        errors = tmp_path / "out" / "errors.csv"
        done = ready.dunwell("import", *paths, "--errors", str(errors), check=False)
        assert done.returncode == 1
        assert "Rows with errors: 30." in done.stdout
        assert "... and 10 more." in done.stdout
        with errors.open(encoding="utf-8-sig", newline="") as file:
            listed = list(csv.DictReader(file))
        assert len(listed) == 30
        assert (listed[0]["row"], listed[0]["value"]) == ("5", "'=1+1")
        accepted = ready.dunwell("import", *paths, "--accept-valid-rows")
        assert "left out" in accepted.stdout
        assert (ready.path / "imports" / "import-errors.csv").exists()
        ready.dunwell("import", paths[0])
        assert not (ready.path / "imports" / "import-errors.csv").exists()

    @one_database
    @pytest.mark.parametrize(("language", "word"), [("en", "Unchanged"), ("zh-Hans", "未变"), ("zh-Hant", "未變")])
    def test_speaks_three_languages(self, ready: Home, tmp_path: Path, language: str, word: str) -> None:
        path = write(tmp_path, "customers", [*CUSTOMERS, {**CUSTOMERS[0], "customer_id": ""}])
        done = ready.dunwell("import", str(path), check=False, env={"DUNWELL_LANGUAGE": language})
        assert done.returncode == 1
        assert word in done.stdout

    @one_database
    def test_tries_without_writing(self, ready: Home, tmp_path: Path) -> None:
        path = str(write(tmp_path, "customers", CUSTOMERS))
        assert "nothing was written" in ready.dunwell("import", "--dry-run", path).stdout
        assert "Taken in." in ready.dunwell("import", path).stdout

    @one_database
    def test_ends_with_2_and_words_when_a_file_cannot_be_used(
        self, db: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_creditor()
        (tmp_path / "binary.csv").write_bytes(b"\x00\x01\x02" * 100)
        (tmp_path / "nothing.csv").write_text("", encoding="utf-8")
        (tmp_path / "mapping.toml").write_text("kind = 'horses'\n", encoding="utf-8")
        good = str(write(tmp_path, "customers", CUSTOMERS))
        for arguments in (
            [str(tmp_path / "absent.csv")],
            [str(tmp_path)],
            [str(tmp_path / "binary.csv")],
            [str(tmp_path / "nothing.csv")],
            [good, "--mapping", str(tmp_path / "mapping.toml")],
            [good, "--creditor", "nobody"],
            [good, "--open-items-as-of", "2026-13-45"],
            [good, "--open-items-as-of", "2026-11-01"],
        ):
            with pytest.raises(SystemExit) as ended:
                cli.main(["import", *arguments])
            said = capsys.readouterr().err
            assert ended.value.code == 2, arguments
            assert "Traceback" not in said
            assert said.strip()

    @one_database
    def test_asks_which_creditor_when_there_are_several(self, ready: Home, tmp_path: Path) -> None:
        ready.dunwell("creditor", "set", "--code", "other", "--name", "Other", "--country", "DE")
        path = str(write(tmp_path, "customers", CUSTOMERS))
        done = ready.dunwell("import", path, check=False)
        assert done.returncode == 2
        assert "main, other" in done.stderr
        assert "Taken in." in ready.dunwell("import", path, "--creditor", "other").stdout

    @one_database
    def test_takes_a_mapping_for_columns_of_another_language(self, ready: Home, tmp_path: Path) -> None:
        mapping = tmp_path / "mapping.toml"
        mapping.write_text(
            'kind = "invoices"\n[columns]\nnro = "number"\ncliente = "debtor"\nemitida = "issue_date"\n'
            'vence = "due_date"\nimporte = "amount"\n[constants]\ncurrency = "EUR"\n',
            encoding="utf-8",
        )
        rows = [{"nro": "1", "cliente": "C1", "emitida": "2026-01-01", "vence": "2026-02-01", "importe": "5.00"}]
        ready.dunwell("import", str(write(tmp_path, "customers", CUSTOMERS)))
        said = ready.dunwell("import", str(write(tmp_path, "ventas", rows)), "--mapping", str(mapping))
        assert "Taken in." in said.stdout


class TestOpenItemsOnTheCommandLine:
    def lists(self, ready: Home, tmp_path: Path) -> tuple[str, str]:
        rows = [{**INVOICES[0], "invoice_id": f"M{n}"} for n in range(40)]
        ready.dunwell("import", str(write(tmp_path, "customers", CUSTOMERS)))
        ready.dunwell("import", str(write(tmp_path, "one", rows)), "--open-items-as-of", "2026-11-01")
        return str(tmp_path / "one.csv"), str(write(tmp_path, "two", rows[:20]))

    @one_database
    def test_name_the_flag_where_nobody_can_be_asked(self, ready: Home, tmp_path: Path) -> None:
        _, shorter = self.lists(ready, tmp_path)
        arguments = ("import", shorter, "--open-items-as-of", "2026-11-02")
        done = ready.dunwell(*arguments, check=False)
        assert done.returncode == 2
        assert "--accept-disappeared" in done.stderr
        assert "20 of 40" in ready.dunwell(*arguments, "--dry-run").stdout
        said = ready.dunwell(*arguments, "--accept-disappeared").stdout
        assert "20 no longer open" in said
        assert "EUR 23,800.00" in said

    @one_database
    @pytest.mark.parametrize(("answer", "code"), [("n", 2), ("y", 0)])
    def test_ask_on_a_terminal(self, ready: Home, tmp_path: Path, answer: str, code: int) -> None:
        _, shorter = self.lists(ready, tmp_path)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [DUNWELL, "import", shorter, "--open-items-as-of", "2026-11-02"],
            stdin=theirs, stdout=theirs, stderr=theirs, env={**ready.env, "TERM": "xterm"}, close_fds=True,
        )  # fmt: skip
        os.close(theirs)
        seen = read_until(ours, "Take them as paid?")
        os.write(ours, f"{answer}\n".encode())
        seen += read_until(ours, None)
        assert process.wait(30) == code
        os.close(ours)
        assert ("20 no longer open" in seen) == (code == 0)

    @one_database
    def test_are_pointed_to_by_a_column_of_open_amounts(self, ready: Home, tmp_path: Path) -> None:
        rows = [{**INVOICES[0], "open_amount": "5.00"}]
        ready.dunwell("import", str(write(tmp_path, "customers", CUSTOMERS)))
        done = ready.dunwell("import", str(write(tmp_path, "invoices", rows)), check=False)
        assert "--open-items-as-of" in done.stdout + done.stderr


def read_until(terminal: int, words: str | None, seconds: float = 40) -> str:
    """What a program writes to its terminal, until some words or its end."""
    seen, until = "", time.monotonic() + seconds
    while time.monotonic() < until and (words is None or words not in seen):
        try:
            block = os.read(terminal, 4096)
        except OSError:  # Linux: the other side is closed
            break
        if not block:
            break
        seen += block.decode("utf-8", "replace")
    return seen


class TestInterruptedImport:
    def test_leaves_nothing_and_says_so_by_its_exit_code(self, ready: Home, tmp_path: Path) -> None:
        rows = [{**CUSTOMERS[0], "customer_id": f"C{n}"} for n in range(20_000)]
        path = str(write(tmp_path, "customers", rows))
        process = ready.start("import", path)
        assert process.stderr is not None
        for line in process.stderr:
            if "Writing debtors" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        trial = json.loads(ready.dunwell("import", path, "--dry-run", "--json").stdout)
        assert trial["files"][0]["counts"]["customers"]["new"] == 20_000
