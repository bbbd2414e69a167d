"""`dunwell import`: files of other systems into the tables, with a report a bookkeeper can sign."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal

import click
import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from dunwell.actions.importing import files as imports
from dunwell.actions.importing.files import sums_in_words
from dunwell.actions.importing.open_items import Disappeared, Implied
from dunwell.actions.importing.report import ImportReport
from dunwell.core.errors import DunwellError
from dunwell.core.money import format_money, grouped_amount
from dunwell.intake.faults import CONTROL, in_language, write_errors_csv, write_sheet
from dunwell.intake.mapping import load_mapping
from dunwell.jobs.context import language, moment, operator, settings, tell, words
from dunwell.jobs.day_option import Day
from dunwell.jobs.import_help import help_text
from dunwell.store.reads import creditors

_SHOWN = 20
"""Lines of errors, of changes and of moves on the terminal; all of them are in a file."""
_CHANGE_HEADS = ("file", "row", "kind", "number", "column", "was", "now")
_TOTALS: dict[str, Literal["left", "right"]] = {"currency": "left", "sum": "right", "good_sum": "right"}


@click.command("import", help=help_text())
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--creditor", "code", help="Whose files (may be left out when there is only one).")
@click.option(
    "--mapping", "mapping_file", type=click.Path(path_type=Path), help="What the columns mean (TOML or YAML)."
)
@click.option("--dry-run", is_flag=True, help="Read, check and compare; write nothing.")
@click.option(
    "--accept-valid-rows", "--accept-rest", is_flag=True, help="Take in the good rows although others have errors."
)
@click.option("--open-items-as-of", type=Day(), help="The files are everything that is open as of this day.")
@click.option("--accept-disappeared", is_flag=True, help="Take much of what was open, and is not listed now, as paid.")
@click.option("--due-by-law", is_flag=True, help="Nothing was agreed where a row has no due date and no terms.")
@click.option(
    "--errors", "errors_file", type=click.Path(path_type=Path), help="Where to write the errors (default: data home)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def import_command(
    ctx: click.Context,
    files: tuple[Path, ...],
    code: str | None,
    mapping_file: Path | None,
    dry_run: bool,
    accept_valid_rows: bool,
    open_items_as_of: date | None,
    accept_disappeared: bool,
    due_by_law: bool,
    errors_file: Path | None,
    as_json: bool,
) -> None:
    """Take files in and print the report; the words of its help are those of `import_help`."""
    with _progress() as (progress, pause):
        report = imports.import_files(
            creditor=creditors.choose(code),
            paths=files,
            mapping=load_mapping(mapping_file) if mapping_file else None,
            accept_valid_rows=accept_valid_rows,
            dry_run=dry_run,
            open_items_date=open_items_as_of,
            accept_disappeared=accept_disappeared,
            due_by_law=due_by_law,
            ask=_ask(pause) if sys.stdin.isatty() and not as_json else None,
            by=operator(),
            now=moment(),
            progress=progress,
        )
    path = _write_errors(report, errors_file)
    changes = _write_changes(report)
    if as_json:
        click.echo(json.dumps(_as_json(report, path, changes), ensure_ascii=False, indent=1))
    else:
        _print(report, path, changes)
    ctx.exit(1 if report.refused else 0)


def _ask(pause: Callable[[], None]) -> Callable[[Disappeared], bool]:
    def ask(gone: Disappeared) -> bool:
        pause()
        question = words(
            "import.ask_disappeared", items=gone.items, of_items=gone.of_items, sums=sums_in_words(gone, language())
        )
        return click.confirm(question, default=False, err=True)

    return ask


@contextmanager
def _progress() -> Iterator[tuple[imports.Progress, Callable[[], None]]]:
    """A bar on a terminal, a line per step elsewhere; both on standard error, so that a report can be piped."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(), lambda: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        yield _Bar(shown), shown.stop


def _step(step: str, subject: str) -> str:
    match step:
        case "look_up":
            return words("import.looking_up")
        case "read":
            return words("import.reading", file=subject)
        case "write":
            return words("import.writing", table=words(f"import.table.{subject}"))
        case "commit":
            return words("import.committing")
    return words("import.comparing")


class _Lines:
    def __init__(self) -> None:
        self._last = ("", "")

    def __call__(self, step: str, subject: str, done: int, of: int) -> None:
        if (step, subject) != self._last:
            self._last = (step, subject)
            click.echo(_step(step, subject), err=True)


class _Bar:
    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("", total=None)
        self._last = ("", "")

    def __call__(self, step: str, subject: str, done: int, of: int) -> None:
        if (step, subject) != self._last:
            self._last = (step, subject)
            self._shown.reset(self._task, description=escape(_step(step, subject)))
        known = step in ("read", "write")
        self._shown.update(self._task, completed=done if known else 0, total=of if known else None)


def _write_errors(report: ImportReport, path: Path | None) -> Path | None:
    """The CSV of all errors; where there are none, none is left from before."""
    errors = in_language(report.errors, language())
    return _keep(errors, path or _folder() / "import-errors.csv", write_errors_csv, fixed=path is None)


def _write_changes(report: ImportReport) -> Path | None:
    """The CSV of all that changes; where nothing does, none is left from before."""
    changes = report.changes.drop("moved") if report.changes.height else report.changes
    return _keep(changes, _folder() / "import-changes.csv", write_sheet, fixed=True)


def _folder() -> Path:
    return settings().home / "imports"


def _keep(frame: pl.DataFrame, path: Path, write: Callable[[pl.DataFrame, Path], None], *, fixed: bool) -> Path | None:
    if frame.is_empty():
        if fixed:
            path.unlink(missing_ok=True)
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DunwellError("intake.unwritable", file=str(path), reason=problem.strerror or str(problem)) from problem
    write(frame, path)
    return path


def _print(report: ImportReport, errors_path: Path | None, changes_path: Path | None) -> None:
    spoken = language()
    console = Console()
    console.print(_files(report))
    if any(file.found.totals for file in report.files):
        console.print(_totals(report))
    for file in report.files:
        name = _plain(file.found.name)
        if file.found.without_amount:
            without = f"{file.found.without_amount:,}"
            tell("import.without_amount", file=name, count=without, rows=f"{file.found.rows:,}")
        if file.found.ignored:
            tell("import.ignored", file=name, columns=", ".join(map(_plain, file.found.ignored)))
        for note in file.found.notes:
            tell("import.note", file=name, note=note.words(spoken))
        undeclared = [header for header, meant in file.found.columns.items() if meant == "open"]
        if undeclared and report.open_items_date is None:
            tell("import.open_not_declared", file=name, column=_plain(undeclared[0]))
    absent, sums = report.absent
    if absent:
        shown = "; ".join(format_money(minor, currency, spoken) for currency, minor in sums.items())
        tell("import.absent_from_lists", count=f"{absent:,}", sums=shown)
    if changes_path:
        _print_changes(report.changes, console, changes_path)
    if report.open_items and not report.nothing_new:
        _print_open_items(report.open_items, report, spoken)
    if errors_path:
        count = report.errors.select("file", "row").n_unique()
        console.print(_errors(report.errors, spoken))
        if report.errors.height > _SHOWN:
            tell("import.more_errors", count=f"{report.errors.height - _SHOWN:,}")
        left_out = sum(file.found.bad_rows for file in report.files)
        if report.refused:
            tell("import.refused", count=f"{count:,}", path=str(errors_path))
        elif left_out:
            tell("import.left_out", count=f"{left_out:,}", path=str(errors_path))
        else:
            tell("import.taken_all_the_same", path=str(errors_path))
    if report.dry_run:
        tell("import.dry_run")
    elif report.written:
        tell("import.written")
    elif report.nothing_new:
        tell("import.nothing_new")


def _print_changes(changes: pl.DataFrame, console: Console, path: Path) -> None:
    """What changes, and above all what goes to another customer: the first of each, and where all are."""
    console.print(_changes(changes.head(_SHOWN)))
    if changes.height > _SHOWN:
        tell("import.more_changes", count=f"{changes.height - _SHOWN:,}")
    tell("import.changes", path=str(path))
    moved = changes.filter("moved")
    for file, row, kind, number, _, was, now, _ in moved.head(_SHOWN).iter_rows():
        tell(
            "import.moved", file=_plain(file), row=row, kind=words(f"import.one.{kind}"), number=_plain(number),
            was=_plain(was or ""), now=_plain(now or ""),
        )  # fmt: skip
    if moved.height > _SHOWN:
        tell("import.more_moved", count=f"{moved.height - _SHOWN:,}")


def _changes(first: pl.DataFrame) -> Table:
    table = Table(
        *(Column(words(f"import.column.{head}"), overflow="fold") for head in _CHANGE_HEADS),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for file, row, kind, *rest in first.select("file", "row", "kind", "number", "column", "was", "now").iter_rows():
        cells = (file, str(row), words(f"import.one.{kind}"), *("" if cell is None else cell for cell in rest))
        table.add_row(*(escape(_plain(cell)[:200]) for cell in cells))
    return table


def _print_open_items(implied: Implied, report: ImportReport, spoken: str) -> None:
    gone, day = implied.disappeared, implied.day.isoformat()
    if gone.of_items:
        tell("import.implied.missing", day=day, items=f"{gone.items:,}", of_items=f"{gone.of_items:,}")
    if gone.too_much and report.dry_run:
        tell("import.implied.too_much")
    if report.left_out:
        kinds = [words(f"import.kind.{kind}s") for kind in report.left_out]
        tell("import.implied.left_out", kinds=words("import.and").join(kinds))
    for method, (rows, sums) in implied.by_method.items():
        shown = "; ".join(format_money(total, currency, spoken) for currency, total in sums.items())
        tell(f"import.implied.{method}", day=day, count=f"{rows:,}", sums=shown)


def _files(report: ImportReport) -> Table:
    """One line per file and kind of row in it."""
    heads = ("rows", "good", "bad", "new", "changed", "unchanged")
    table = Table(
        Column(words("import.column.file"), overflow="fold"),
        Column(words("import.column.kind"), no_wrap=True),
        *(Column(words(f"import.column.{head}"), justify="right", no_wrap=True) for head in heads),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for file in report.files:
        found = file.found
        counted = (f"{found.rows:,}", f"{found.good_rows:,}", f"{found.bad_rows:,}")
        for line, (kind, counts) in enumerate(file.counts.items()):
            table.add_row(
                escape(_plain(found.name)) if line == 0 else "",
                words(f"import.kind.{kind}"),
                *(counted if line == 0 else ("", "", "")),
                *("" if report.refused else f"{n:,}" for n in (counts.new, counts.changed, counts.unchanged)),
            )
    return table


def _totals(report: ImportReport) -> Table:
    """Control totals: one line per file and currency, to be compared with the ledger's own."""
    table = Table(
        Column(words("import.column.file"), overflow="fold"),
        *(Column(words(f"import.column.{head}"), no_wrap=True, justify=side) for head, side in _TOTALS.items()),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for file in report.files:
        for total in file.found.totals:
            table.add_row(
                escape(_plain(file.found.name)),
                total.currency,
                grouped_amount(total.sum_minor, total.currency),
                grouped_amount(total.good_sum_minor, total.currency),
            )
    return table


def _errors(errors: pl.DataFrame, spoken: str) -> Table:
    table = Table(
        *(
            Column(words(f"import.column.{head}"), overflow="fold", ratio=ratio)
            for head, ratio in (("file", 2), ("row", 1), ("column", 2), ("value", 2), ("reason", 6))
        ),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        expand=True,
    )
    first = in_language(errors.head(_SHOWN), spoken)
    for row in first.select("file", "row", "column", "value", "reason").iter_rows():
        file, *rest = row
        table.add_row(*(escape(_plain(str(cell))[:400]) for cell in (Path(file).name, *rest)))
    return table


def _plain(text: str) -> str:
    """Text of a file's name, header or cell: what could repaint the terminal is shown as a box."""
    return str(pl.Series([text.encode("utf-8", "replace").decode()]).str.replace_all(CONTROL, "\u25a1")[0])


def _as_json(report: ImportReport, errors_path: Path | None, changes_path: Path | None) -> dict[str, Any]:
    implied = report.open_items
    return {
        "creditor": report.creditor,
        "written": report.written,
        "refused": report.refused,
        "dry_run": report.dry_run,
        "nothing_new": report.nothing_new,
        "files": [
            {
                "file": file.found.name,
                "kind": file.found.kind,
                "sha256": file.found.sha256,
                "rows": file.found.rows,
                "good_rows": file.found.good_rows,
                "refused_rows": file.found.bad_rows,
                "rows_without_amount": file.found.without_amount,
                "totals": [
                    {
                        "currency": total.currency,
                        "rows": total.rows,
                        "sum_minor": total.sum_minor,
                        "good_rows": total.good_rows,
                        "good_sum_minor": total.good_sum_minor,
                    }
                    for total in file.found.totals
                ],
                "counts": {
                    kind: {"new": each.new, "changed": each.changed, "unchanged": each.unchanged}
                    for kind, each in file.counts.items()
                },
                "ignored_columns": list(file.found.ignored),
                "notes": [note.words(language()) for note in file.found.notes],
            }
            for file in report.files
        ],
        "absent_from_lists": {"rows": report.absent[0], "sums_minor": dict(report.absent[1])},
        "errors": report.errors.height,
        "errors_file": str(errors_path) if errors_path else None,
        "changed_fields": report.changes.height,
        "changes_file": str(changes_path) if changes_path else None,
        "moved_to_another_customer": report.changes.filter("moved").drop("moved", "column").to_dicts()
        if report.changes.height
        else [],
        "open_items": None
        if implied is None
        else {
            "day": implied.day.isoformat(),
            "open_before": implied.disappeared.of_items,
            "disappeared": implied.disappeared.items,
            "too_much_disappeared": implied.disappeared.too_much,
            "kinds_left_out": list(report.left_out),
            "payments": {
                method: {"rows": rows, "sums_minor": dict(sums)} for method, (rows, sums) in implied.by_method.items()
            },
        },
    }
