"""Take files of other systems into the tables: all of them in one transaction, or nothing.

Everything is read, checked and compared first, without a lock on the tables. Then one transaction writes what is new,
moves what changed into the past, and appends one journal entry per file. A row that somebody changed in between is
noticed in the transaction, and the comparison made again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from django.db import IntegrityError
from django.db.models import Max

from dunwell.actions.act import act
from dunwell.actions.importing import ledger as import_ledger
from dunwell.actions.importing import parties as import_parties
from dunwell.actions.importing import targets as import_targets
from dunwell.actions.importing.bank_lines import plan_lines
from dunwell.actions.importing.book import Book, read_book
from dunwell.actions.importing.changes import as_told
from dunwell.actions.importing.list_scope import Scope, scope_of, still_open
from dunwell.actions.importing.open_items import Disappeared, Implied, OpenList, summed
from dunwell.actions.importing.originals import Original, originals, put_beside, put_on_disk
from dunwell.actions.importing.reading import Read, read_all
from dunwell.actions.importing.report import FileResult, ImportReport, implied_body, no_outcome, storable, tally
from dunwell.actions.permissions import may
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import Money, format_money
from dunwell.core.terms import ReceivableStatus
from dunwell.intake.shapes import Batch, Defaults
from dunwell.intake.shapes import Mapping as Reading
from dunwell.store import bulk, dialect, journal
from dunwell.store.models import Creditor, ImportFile

Progress = Callable[[str, str, int, int], None]
"""Called with step (look_up, read, compare, write, commit), subject (file or table), done, of all."""

_TRIES = 3


@dataclass(frozen=True)
class Plan:
    """What an import writes. `news`: files (by index) that change something, or that are a newer list of open items.
    `absent`: see `ImportReport`."""

    creditor: Creditor
    changes: Sequence[bulk.Change]
    files: Sequence[FileResult]
    news: frozenset[int]
    lists: frozenset[int]
    open_list: OpenList | None
    implied: Implied | None
    differences: pl.DataFrame
    absent: tuple[int, Mapping[str, int]]
    originals: Sequence[Original]


def import_files(
    *,
    creditor: Creditor,
    paths: Sequence[Path],
    mapping: Reading | None = None,
    accept_valid_rows: bool = False,
    dry_run: bool = False,
    open_items_date: date | None = None,
    accept_disappeared: bool = False,
    due_by_law: bool = False,
    ask: Callable[[Disappeared], bool] | None = None,
    by: Actor,
    now: datetime,
    progress: Progress = lambda *_: None,
) -> ImportReport:
    """Read files and take them in. Repeating it changes nothing.

    accept_valid_rows   write the good rows although others have errors; else one error refuses all
    open_items_date     the invoices, credit notes and charges in the files are all that is open as of this day
    accept_disappeared  a list may lack more of what was open than usual; `ask` is asked if it is not accepted
    due_by_law          an invoice without due date and terms is due on the day that the law gives
    A file that is no table of a known kind raises DunwellError, and so does a list that contradicts the book.
    """
    if not may(by, "file.import"):
        raise Refused("act.not_allowed", actor=str(by), act="file.import")
    with dialect.only_one("import"):
        last_list = _last_list(creditor)
        if open_items_date:
            _refuse_list_day(creditor, open_items_date, last_list, now)
        progress("look_up", "", 0, 1)
        book = read_book(creditor)
        today = _today(creditor, now)
        defaults = Defaults(
            currency=creditor.currency, country=creditor.country, language=creditor.language, day=open_items_date,
            today=today, due_by_law=due_by_law, creditor=creditor.name,
        )  # fmt: skip
        read = read_all(
            paths, book=book, mapping=mapping, defaults=defaults, today=today,
            progress=lambda name, done, of: progress("read", name, done, of),
        )  # fmt: skip
        batch = read.batch
        refused = not batch.errors.is_empty() and not accept_valid_rows
        if refused:
            return ImportReport(
                creditor.code, tally(no_outcome(), batch.files), batch.errors, dry_run=dry_run, refused=True,
                written=False, open_items_date=open_items_date,
            )  # fmt: skip
        if not open_items_date:
            _refuse_undated_open(batch)
        scope = scope_of(creditor, batch, open_items_date, last_list) if open_items_date else None
        open_list = _open_list(batch, open_items_date, scope) if open_items_date and scope else None
        for attempt in range(_TRIES):
            progress("compare", "", 0, 1)
            plan = _plan(read, book if attempt == 0 else read_book(creditor), open_list, last_list, now, by)
            if not dry_run and plan.news and plan.implied:
                _refuse_disappeared(plan.implied.disappeared, accept=accept_disappeared, ask=ask)
                accept_disappeared = True  # not asked again if the comparison has to be repeated
            if not dry_run and plan.news:
                put_on_disk(plan.originals)
                try:
                    take_in(plan=plan, at=now, by=by, progress=progress)
                except (bulk.ChangedMeanwhile, IntegrityError) as error:
                    if attempt + 1 == _TRIES:
                        raise Refused("import.changed_meanwhile", why=str(error).strip()) from error
                    continue
            return ImportReport(
                creditor.code, plan.files, batch.errors, dry_run=dry_run, refused=False,
                written=bool(plan.news) and not dry_run, open_items_date=open_items_date, open_items=plan.implied,
                absent=plan.absent,
                changes=plan.differences, left_out=still_open(creditor, sorted(scope.left_out)) if scope else [],
            )  # fmt: skip
    raise AssertionError("the last attempt returns or raises")


@act("file.import", may_record_nothing=True)
def take_in(*, plan: Plan, at: datetime, by: Actor, progress: Progress = lambda *_: None) -> None:
    """Write a plan: one transaction, one journal entry for each file that brings something."""
    sources = {}
    for index, file in enumerate(plan.files):
        if index in plan.news:
            day = plan.open_list.day if plan.open_list and index in plan.lists else None
            record = ImportFile.objects.create(
                creditor=plan.creditor, sha256=file.found.sha256, name=storable(file.found.name)[:255],
                kind=file.found.kind, imported_at=at, open_items_date=day, report=_body(plan, index),
            )  # fmt: skip
            sources[index] = record.pk
    bulk.write(
        plan.changes, creditor_id=plan.creditor.pk, sources=sources, at=at,
        progress=lambda table, done, of: progress("write", table, done, of),
    )  # fmt: skip
    for index, source in sources.items():
        body = {"import_file": source, **_body(plan, index)}
        journal.append("file.imported", creditor=plan.creditor, by=by, at=at, body=body)
    put_beside(plan.originals, creditor=plan.creditor, by=by, at=at)
    progress("commit", "", 0, 1)


def _body(plan: Plan, index: int) -> dict[str, object]:
    body: dict[str, object] = plan.files[index].body()
    if plan.open_list and index in plan.lists:
        body["open_items_date"] = plan.open_list.day.isoformat()
        body["list_kinds"] = sorted(plan.open_list.kinds)
    if plan.implied and plan.open_list and index == plan.open_list.file:
        body["open_items"] = implied_body(plan.implied)
    return body


def _plan(read: Read, book: Book, open_list: OpenList | None, last_list: date | None, now: datetime, by: Actor) -> Plan:
    batch, said = read.batch, read.said
    bank = plan_lines(read.lines, batch.frames, book)
    frames = {**batch.frames, "payments": pl.concat([batch.frames["payments"], bank.payments])}
    reports = [replace(file, notes=(*file.notes, *bank.notes.get(index, ()))) for index, file in enumerate(batch.files)]
    parties = import_parties.plan_parties(frames["customers"], frames["contacts"], book=book, said=said, at=now)
    ledger = import_ledger.plan_ledger(
        frames, parties.debtors, book=book, said=said, open_list=open_list,
        list_days=_list_days(book.creditor), today=_today(book.creditor, now),
    )  # fmt: skip
    aims = import_targets.plan_targets(
        frames["targets"], parties.debtors, book=book, today=_today(book.creditor, now), by=by
    )
    changes = [*parties.changes, *ledger.changes, *aims.changes, bank.change]
    lists = frozenset(index for index, file in enumerate(batch.files) if file.kind in import_ledger.KINDS)
    news = {
        index
        for change in changes
        for part in (change.new, change.changed)
        if "file" in part.columns
        for index in part["file"].unique()
    }
    kept = originals(book.creditor, batch.files, batch.frames)
    news |= {one.file for one in kept}
    if open_list and open_list.day != last_list:
        news |= lists
    if news and open_list:
        news.add(open_list.file)
    return Plan(
        creditor=book.creditor,
        changes=changes,
        files=tally(pl.concat([parties.outcome, ledger.outcome, aims.outcome, bank.outcome]), reports),
        news=frozenset(news),
        lists=lists if open_list else frozenset(),
        open_list=open_list,
        implied=ledger.open_items,
        differences=as_told(pl.concat([parties.differences, ledger.differences, aims.differences]), batch.files),
        absent=summed(ledger.absent) if ledger.absent.height else (0, {}),
        originals=kept,
    )


def _today(creditor: Creditor, now: datetime) -> date:
    return now.astimezone(ZoneInfo(creditor.zone)).date()


def _list_days(creditor: Creditor) -> list[date]:
    """The days of all lists, in their order."""
    lists = ImportFile.objects.filter(creditor=creditor, open_items_date__isnull=False)
    return sorted({day for day in lists.values_list("open_items_date", flat=True) if day})


def _last_list(creditor: Creditor) -> date | None:
    last: date | None = ImportFile.objects.filter(creditor=creditor).aggregate(last=Max("open_items_date"))["last"]
    return last


def _refuse_list_day(creditor: Creditor, day: date, last: date | None, now: datetime) -> None:
    today = _today(creditor, now)
    if day > today:
        raise Refused("import.list_ahead", day=day.isoformat(), today=today.isoformat())
    if last and day < last:
        raise Refused("import.list_older", day=day.isoformat(), last=last.isoformat())


def _refuse_undated_open(batch: Batch) -> None:
    """Part of an item is paid, but nobody says by which day: to ask for the whole of it would be wrong."""
    open_items = [
        batch.frames["invoices"].filter((pl.col("status") == ReceivableStatus.OPEN) & ~pl.col("says_paid")),
        batch.frames["credit_notes"],
    ]
    if all(frame.is_empty() for frame in open_items):
        return
    part = pl.concat(
        frame.select("file", "row", "number", "currency", "amount_minor", "open_minor") for frame in open_items
    ).filter(pl.col("open_minor").is_not_null() & (pl.col("open_minor").abs() < pl.col("amount_minor").abs()))
    if part.is_empty():
        return
    first = part.sort("file", "row").row(0, named=True)
    raise Refused(
        "import.open_without_day", count=part.height, file=batch.files[first["file"]].name, row=first["row"],
        number=first["number"], amount=Money(first["amount_minor"], first["currency"]),
        open=Money(first["open_minor"], first["currency"]),
    )  # fmt: skip


def _open_list(batch: Batch, day: date, scope: Scope) -> OpenList:
    """What is to be known about a list before it is compared. Refuses rows that cannot be told from missing ones."""
    files = [index for index, file in enumerate(batch.files) if file.kind in import_ledger.KINDS]
    numbers = []
    for kind in import_ledger.KINDS:
        rejected = batch.rejected[kind]
        numbers.append(rejected.select("file", "row", "number"))
    named = pl.concat(numbers).filter(pl.col("number").is_not_null())
    paths = {str(batch.files[index].path): index for index in files}
    bad = batch.errors.filter(pl.col("file").is_in(list(paths))).with_columns(
        pl.col("file").replace_strict(paths, return_dtype=pl.Int32)
    )
    nameless = bad.join(named, on=["file", "row"], how="anti").unique(["file", "row"]).sort("file", "row")
    if nameless.height:
        first = batch.files[nameless["file"][0]]
        raise Refused("import.list_unreadable", count=nameless.height, file=first.name, row=nameless["row"][0])
    return OpenList(
        day=day, kinds=scope.kinds, unreadable=named["number"], file=files[0], credit_notes_of=scope.credit_notes_of
    )


def _refuse_disappeared(gone: Disappeared, *, accept: bool, ask: Callable[[Disappeared], bool] | None) -> None:
    if not gone.too_much or accept or (ask is not None and ask(gone)):
        return
    raise Refused("import.too_much_disappeared", items=gone.items, of_items=gone.of_items, sums=sums_in_words(gone))


def sums_in_words(gone: Disappeared, language: str = "en") -> str:
    """`EUR 120.00 / EUR 480.00; ...`: what disappeared of what was open."""
    return "; ".join(
        f"{format_money(lost, currency, language)} / {format_money(of, currency, language)}"
        for currency, (lost, of) in gone.sums.items()
        if lost
    )
