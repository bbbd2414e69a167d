"""A seeded book of any size as the daily run meets it, as Parquet files of facts. The same at every writing.

A debtor has ten receivables, nine payments, twenty contacts within a year and three consents, on the average: rows
stand in the order of their ids, which are those of time, and so belong to debtors in no order. Everything about a row
is worked out from its id, part by part, so that a book of any size is written in little memory.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import rmtree

import polars as pl

from dunwell.engine.facts import SCHEMAS, Facts
from dunwell.rulebook.calendars import public_holidays

DAY = date(2026, 11, 23)
"""A Monday."""
AT = datetime(2026, 11, 23, 11, tzinfo=UTC)
"""Noon of the day at the creditor's place, which contact rules are asked about."""
MOMENT = datetime(2026, 11, 22, 23, tzinfo=UTC)
"""Its midnight."""
ITEMS, PAYMENTS, CONTACTS, CONSENTS = 10, 9, 20, 3
PLACES = ("DE", "DE", "FR", "US", "GB", "CN", "TW", "HK", "IN", "JP")
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP", "CNY", "TWD", "HKD", "USD", "JPY")
_YEAR_SECONDS = 365 * 86_400
_PART_ROWS = 2_000_000


def write(folder: Path, debtors: int) -> None:
    """Keep the facts of a book of so many debtors, a Parquet file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        made = _FRAMES[name](debtors) if name in _FRAMES else iter(())
        _keep(folder, name, made)


def read(folder: Path) -> Facts:
    """The facts that lie in a folder."""
    return Facts({name: pl.read_parquet(folder / f"{name}.parquet") for name in SCHEMAS})


def _keep(folder: Path, name: str, parts: Iterator[pl.DataFrame]) -> None:
    drafts = folder / f".{name}"
    drafts.mkdir(exist_ok=True)
    pl.DataFrame(schema=SCHEMAS[name]).write_parquet(drafts / "0000.parquet")
    for place, part in enumerate(parts, 1):
        absent = [pl.lit(None).alias(column) for column in SCHEMAS[name] if column not in part.columns]
        shaped = part.with_columns(absent).select(list(SCHEMAS[name])).cast(dict(SCHEMAS[name]))  # type: ignore[arg-type]
        shaped.write_parquet(drafts / f"{place:04}.parquet")
    pl.scan_parquet(drafts / "*.parquet").sink_parquet(folder / f"{name}.parquet", maintain_order=True)
    rmtree(drafts)


def _ids(count: int, first: int = 1) -> Iterator[pl.DataFrame]:
    for begin in range(first, first + count, _PART_ROWS):
        yield pl.select(id=pl.int_range(begin, min(begin + _PART_ROWS, first + count)))


def _drawn(below: int, seed: int, of: pl.Expr | None = None) -> pl.Expr:
    """A number below `below` that hangs on an id alone."""
    return ((pl.col("id") if of is None else of).hash(seed) % below).cast(pl.Int64)


def _word(words: tuple[str | None, ...], place: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(list(words), dtype=pl.String)).gather(place)


def _one_in(many: int, seed: int) -> pl.Expr:
    return _drawn(many, seed) == 0


def _place(debtor: pl.Expr) -> pl.Expr:
    return _drawn(len(PLACES), 1, debtor)


def _currency(debtor: pl.Expr) -> pl.Expr:
    return _word(_CURRENCIES, _place(debtor))


# --- receivables: ids 1 .. 10 n; every thirtieth is a charge of the one before it, every fiftieth a credit note ---


def _owner(item: pl.Expr, debtors: int) -> pl.Expr:
    # a charge belongs to the debtor of its invoice
    invoice = pl.when(_is_charge(item)).then(item - 1).otherwise(item)
    return _drawn(debtors, 2, invoice) + 1


def _is_charge(item: pl.Expr) -> pl.Expr:
    return item % 30 == 0


def _is_note(item: pl.Expr) -> pl.Expr:
    return item % 50 == 7


def _size(item: pl.Expr) -> pl.Expr:
    """Most sums are small: from 10 to 20 000 units of most currencies."""
    return pl.when(_is_charge(item)).then(500 + _drawn(3_500, 3, item)).otherwise(
        1_000 + _drawn(10_000, 3, item) * (1 + _drawn(200, 4, item)) // 1
    )  # fmt: skip


def _due(item: pl.Expr) -> pl.Expr:
    return pl.lit(DAY) + pl.duration(days=30 - _drawn(230, 5, item))


def _receivables(debtors: int) -> Iterator[pl.DataFrame]:
    item = pl.col("id")
    for part in _ids(debtors * ITEMS):
        note, charge = _is_note(item), _is_charge(item)
        yield part.select(
            receivable_id=item,
            debtor_id=_owner(item, debtors),
            number=pl.concat_str(pl.lit("R"), item),
            kind=pl.when(charge).then(pl.lit("charge")).when(note).then(pl.lit("credit_note")).otherwise(
                pl.lit("invoice")
            ),
            # of credit notes some name no invoice
            parent_id=pl.when(charge).then(item - 1),
            issue_date=pl.when(charge | note).then(_due(item).clip(upper_bound=DAY)).otherwise(
                _due(item).dt.offset_by("-30d")
            ),
            due_date=pl.when(charge | note).then(_due(item).clip(upper_bound=DAY)).otherwise(_due(item)),
            currency=_currency(_owner(item, debtors)),
            amount_minor=pl.when(note).then(-_size(item) // 4).otherwise(_size(item)),
            status=_word(("cancelled", "written_off", *["open"] * 98), _drawn(100, 6)),
        )  # fmt: skip


def _payments(debtors: int) -> Iterator[pl.DataFrame]:
    """One in fifty names nothing, one in a hundred takes back the one before it."""
    payment = pl.col("id")
    back = payment % 100 == 0
    own = pl.when(back).then(payment - 1).otherwise(payment)
    item = _drawn(debtors * ITEMS, 11, own) + 1
    # some are for credit notes: there nobody pays, and the money names nothing
    loose = (_drawn(50, 12, own) == 0) | _is_note(item)
    paid = _size(item) * _word_number((30, 60, 100, 100, 100, 100), _drawn(6, 13, own)) // 100
    for part in _ids(debtors * PAYMENTS):
        yield part.select(
            payment_id=payment,
            debtor_id=_owner(item, debtors),
            number=pl.concat_str(pl.lit("P"), payment),
            receivable_id=pl.when(~loose).then(item),
            reverses_id=pl.when(back).then(payment - 1),
            value_date=pl.min_horizontal(
                _due(item) + pl.duration(days=_drawn(40, 14, own) - 10 + pl.when(back).then(5).otherwise(0)),
                pl.lit(DAY),
            ),
            currency=_currency(_owner(item, debtors)),
            amount_minor=pl.when(back).then(-paid).otherwise(paid),
            source_kind=pl.lit("bank"),
            designation=pl.lit(None, pl.String),
        )


def _word_number(numbers: tuple[int, ...], place: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(list(numbers))).gather(place)


# --- debtors and what is known of them ---


def _debtors(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors):
        yield part.select(
            debtor_id="id",
            number=pl.concat_str(pl.lit("D"), "id"),
            person_id=_person(pl.col("id")),
            kind=_word(("consumer", "business"), _drawn(2, 21)),
            debt_kind=_word(("trade", "online_credit", "credit_card", "consumer_loan"), _drawn(4, 22)),
            country=_word(PLACES, _place(pl.col("id"))),
            language=pl.when(_place(pl.col("id")) == 5).then(pl.lit("zh-Hans")).otherwise(pl.lit("en")),
            preferred_channel=_word(("letter", *[None] * 4), _drawn(5, 23)),
        )


def _person(debtor: pl.Expr) -> pl.Expr:
    """One debtor in twenty is an account of the person before."""
    return debtor - ((debtor % 20 == 0) & (debtor > 1)).cast(pl.Int64)


def _points(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors):
        for place, channel in enumerate(("email", "letter", "phone")):
            yield part.filter(_drawn(10, 31 + place) > 0).select(
                debtor_id="id", contact_point_id=pl.col("id") * 3 + place, channel=pl.lit(channel), rank=pl.lit(0),
                usable=_drawn(20, 34 + place) > 0,
            )  # fmt: skip


def _contacts(debtors: int) -> Iterator[pl.DataFrame]:
    channel = ("phone", "phone", "phone", "sms", "email", "email", "letter")
    for part in _ids(debtors * CONTACTS):
        made = part.with_columns(
            debtor=_of_contact(pl.col("id"), debtors),
            at=pl.lit(AT) - pl.duration(seconds=_YEAR_SECONDS - _seconds(debtors)),
            channel=_word(channel, _drawn(len(channel), 42)),
            spoken=_word(("reached", "no_answer", "no_answer", "message_left", "wrong_person"), _drawn(5, 43)),
            written=_word(("sent", "sent", "sent", "sent", "undeliverable"), _drawn(5, 43)),
        )
        is_written = pl.col("channel").is_in(["email", "letter"])
        out = ~_one_in(8, 44)
        yield made.select(
            "at", "channel", contact_id="id", debtor_id="debtor", person_id=_person(pl.col("debtor")),
            contact_date=pl.col("at").dt.convert_time_zone("Europe/Berlin").dt.date(),
            direction=pl.when(out).then(pl.lit("out")).otherwise(pl.lit("in")),
            stage=pl.when(is_written & out).then(_stage(pl.col("id"))),
            currency=_currency(pl.col("debtor")),
            deadline_date=pl.when(is_written & out & (_stage(pl.col("id")) == 50)).then(
                pl.col("at").dt.date().dt.offset_by("14d")
            ),
            outcome=pl.when(is_written).then("written").otherwise("spoken"),
            purpose=pl.lit("collection"), addressee=pl.lit("debtor"), mode=pl.lit("interactive"),
            contact_point_id=pl.col("debtor") * 3
            + pl.when(pl.col("channel") == "email").then(0).when(pl.col("channel") == "letter").then(1).otherwise(2),
        )  # fmt: skip


def _seconds(debtors: int) -> pl.Expr:
    """Ids are those of time; what falls together was made within the same few minutes."""
    step = _YEAR_SECONDS / (debtors * CONTACTS)
    return (pl.col("id") * step).floor().cast(pl.Int64)


def _of_contact(contact: pl.Expr, debtors: int) -> pl.Expr:
    return _owner(_named(contact, debtors), debtors)


def _named(contact: pl.Expr, debtors: int) -> pl.Expr:
    """The item a contact is about, if it is about one."""
    return _drawn(debtors * ITEMS, 45, contact) + 1


def _stage(contact: pl.Expr) -> pl.Expr:
    return _word_number((10, 20, 20, 25, 40, 50), _drawn(6, 46, contact))


def _contact_items(debtors: int) -> Iterator[pl.DataFrame]:
    """Two contacts in three are about an item; what is written moves it to a stage."""
    for part in _contacts(debtors):
        item = _named(pl.col("contact_id"), debtors)
        yield part.filter(_drawn(3, 47, pl.col("contact_id")) > 0).select(
            "contact_id", "stage", receivable_id=item, called=pl.lit(value=True), talked=pl.col("outcome") == "reached"
        ).filter(~_is_note(pl.col("receivable_id")))  # fmt: skip


def _registers(debtors: int) -> Iterator[pl.DataFrame]:
    """Three consents a debtor, one for each channel; one debtor in fifty wants no e-mails."""
    for part in _ids(debtors):
        for place, channel in enumerate(("sms", "email", "phone")):
            yield part.select(
                register_id=pl.col("id") * 4 + place, debtor_id="id", kind=pl.lit("consent"), channel=pl.lit(channel),
                from_date=pl.lit(date(2026, 1, 1)) + pl.duration(days=_drawn(300, 51 + place)),
            )  # fmt: skip
        yield part.filter(_one_in(50, 54)).select(
            register_id=pl.col("id") * 4 + 3, debtor_id="id", kind=pl.lit("opt_out"), channel=pl.lit("email"),
            from_date=pl.lit(date(2026, 6, 1)),
        )  # fmt: skip


def _promises(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors):
        made = pl.lit(DAY) - pl.duration(days=_drawn(60, 61))
        yield part.filter(_one_in(10, 60)).select(
            promise_id="id", debtor_id="id", currency=_currency(pl.col("id")), amount_minor=_drawn(500_000, 62) + 100,
            made_date=made, due_date=made + pl.duration(days=_drawn(20, 63)),
        )  # fmt: skip


def _disputes(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors * ITEMS):
        yield part.filter(_one_in(100, 64)).select(
            dispute_id="id", receivable_id="id", debtor_id=_owner(pl.col("id"), debtors),
            opened_date=pl.lit(DAY) - pl.duration(days=_drawn(40, 65)),
            closed_date=pl.when(_one_in(3, 66)).then(pl.lit(DAY) - pl.duration(days=_drawn(10, 67) - 3)),
            amount_minor=pl.when(_one_in(2, 68)).then(_size(pl.col("id")) // 3),
        ).filter(~_is_note(pl.col("receivable_id")))  # fmt: skip


def _holds(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors * ITEMS):
        yield part.filter(_one_in(300, 69)).select(
            hold_id="id", debtor_id=_owner(pl.col("id"), debtors),
            receivable_id=pl.when(_drawn(3, 70) > 0).then("id"),
            reason=_word(("talks", "hardship", "other"), _drawn(3, 71)),
            from_date=pl.lit(DAY) - pl.duration(days=_drawn(20, 72)),
            until_date=pl.when(_one_in(2, 73)).then(pl.lit(DAY) + pl.duration(days=_drawn(30, 74) - 10)),
        )  # fmt: skip


def _steps(debtors: int) -> Iterator[pl.DataFrame]:
    for part in _ids(debtors * ITEMS):
        yield part.filter(_one_in(20, 75)).select(
            step_id="id", debtor_id=_owner(pl.col("id"), debtors), receivable_id="id",
            stage=_word_number((30, 30, 60, 70), _drawn(4, 76)),
            done_date=pl.lit(DAY) - pl.duration(days=_drawn(60, 77)), taken=_drawn(3, 78) > 0,
        )  # fmt: skip


def _observations(debtors: int) -> Iterator[pl.DataFrame]:
    told = (
        ("reason", "hardship"), ("reason", "oversight"), ("reason", "refusal"), ("reason", "delay"),
        ("reason", "dispute"), ("vip", "yes"), ("cooperation", "good"), ("cooperation", "poor"),
    )  # fmt: skip
    for part in _ids(debtors):
        for round_ in range(2):
            yield part.filter(_one_in(6, 80 + round_)).select(
                observation_id=pl.col("id") * 2 + round_, debtor_id="id",
                kind=_word(tuple(kind for kind, _ in told), _drawn(len(told), 82 + round_)),
                value=_word(tuple(value for _, value in told), _drawn(len(told), 82 + round_)),
                from_date=pl.lit(DAY) - pl.duration(days=_drawn(100, 84 + round_)),
                until_date=pl.when(_one_in(4, 86 + round_)).then(
                    pl.lit(DAY) + pl.duration(days=_drawn(20, 88) - 5)
                ),
            )  # fmt: skip


def _creditor(_: int) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame(
        {"code": ["bench"], "zone": ["Europe/Berlin"], "country": ["DE"], "kind": ["supplier"], "collector": ["own"]}
    )


def _days_off(_: int) -> Iterator[pl.DataFrame]:
    around = (date(2026, 11, 20), date(2027, 1, 22))
    yield pl.DataFrame(
        [(place, day) for place in sorted(set(PLACES)) for day in public_holidays(place, *around)],
        schema=SCHEMAS["days_off"], orient="row",
    )  # fmt: skip


_FRAMES: dict[str, Callable[[int], Iterator[pl.DataFrame]]] = {
    "creditor": _creditor,
    "debtors": _debtors,
    "contact_points": _points,
    "receivables": _receivables,
    "payments": _payments,
    "promises": _promises,
    "disputes": _disputes,
    "holds": _holds,
    "contacts": _contacts,
    "contact_items": _contact_items,
    "registers": _registers,
    "steps": _steps,
    "observations": _observations,
    "days_off": _days_off,
}
