"""Customers and contacts of checked frames -> what changes among persons, debtors and their addresses."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dunwell.actions.importing.book import Book, Said, Spoken, compare, condition, numbered
from dunwell.actions.importing.changes import CHANGES, differences, nothing
from dunwell.actions.importing.report import no_outcome
from dunwell.intake.time_zones import zones_of
from dunwell.rulebook.places import part_of
from dunwell.store import bulk

CLOSED_RANK = 1000
"""The rank of an address that the creditor's ledger has replaced. It is kept (`invalid_since` says since when),
because messages went there."""

_ADDRESS = ("street", "postcode", "city", "region", "country")
_LONGEST_VALUE = 500


@dataclass(frozen=True)
class Parties:
    """What changes, and how to find a debtor.

    debtors   number, debtor_id: of all debtors, known and new (negative)
    outcome   file, row, kind (customers, contacts), outcome (new, changed, unchanged): one row per row of a file
    differences  what changes, field by field (`import_changes.CHANGES`)
    """

    changes: list[bulk.Change]
    debtors: pl.DataFrame
    outcome: pl.DataFrame
    differences: pl.DataFrame


def plan_parties(customers: pl.DataFrame, contacts: pl.DataFrame, *, book: Book, said: Said, at: datetime) -> Parties:
    """Compare customers and contacts (frames of intake) with the book.

    A debtor without a person of his own in the file is a person by himself, under his own number: a file that later
    names that number as somebody's person means him. Where a file of customers has spoken, columns of invoice files
    only fill what is empty.
    """
    if customers.is_empty() and contacts.is_empty():
        return Parties([], book.debtors.select("number", debtor_id="id"), no_outcome(), nothing())
    rows = customers.join(book.debtors, on="number", how="left", maintain_order="left")
    is_new = pl.col("id").is_null()
    wants_person = is_new | (
        condition(said.of_customer("person")) & (~pl.col("derived") | pl.col("person").is_not_null())
    )
    rows = rows.with_columns(person_number=pl.when(wants_person).then(pl.coalesce("person", "number")))
    persons, new_persons = _persons(rows, book)
    rows = rows.join(persons, on="person_number", how="left", maintain_order="left")
    rows = rows.with_columns(
        language=pl.when(is_new | ~pl.col("derived"))
        .then(pl.coalesce("language", pl.lit(book.creditor.language)))
        .otherwise("language"),
        country_told=pl.col("country"),
        country=pl.when(is_new | ~pl.col("derived"))
        .then(pl.coalesce("country", pl.lit(book.creditor.country)))
        .otherwise("country"),
    )
    rows = _with_subdivision(rows)
    fresh = numbered(rows.filter(is_new))
    known = rows.filter(~is_new)
    settled = _told_by_customers(rows, book)
    # An invoice file only adds to what a file of customers said: it may fill a column that is still empty.
    speaks: dict[str, Spoken] = {}
    for name in bulk.DEBTORS.columns:
        speaks[name] = said.of_customer("person" if name == "person_id" else name)
        told = (speaks[name], said.of_customer("region"))
        if name == "subdivision" and any(each is not False for each in told):
            # which part a name means depends on the country: without one, what stands is left as it is
            speaks[name] = (condition(told[0]) | condition(told[1])) & pl.col("country_told").is_not_null()
        if speaks[name] is not False and rows["derived"].any():
            adds = pl.col(name).is_not_null() & (~_is(settled) | pl.col(f"{name}_was").is_null())
            speaks[name] = condition(speaks[name]) & (~pl.col("derived") | adds)
    compared = compare(known, bulk.DEBTORS, speaks, creditor_id=book.creditor.pk, key=("number",))
    debtors = pl.concat([book.debtors.select("number", debtor_id="id"), fresh.select("number", debtor_id="ref")])
    addresses = _Addresses(book, said, at)
    owners = [fresh.with_columns(debtor_id="ref"), known.with_columns(debtor_id="id")]
    points, moved = addresses.plan(
        pl.concat([part.select(_MAIN) for part in owners]),
        contacts.join(debtors, left_on="debtor", right_on="number", how="left", maintain_order="left"),
        settled,
        pl.concat([part.select("debtor_id", "country") for part in owners]),
    )
    touched = moved["debtor_id"].unique().implode()
    outcome = pl.concat(
        [
            _outcome(fresh, "customers", pl.lit("new")),
            _outcome(compared.rows, "customers", _changed(pl.col("differs") | pl.col("id").is_in(touched))),
            addresses.outcome,
        ]
    )
    columns = [*bulk.DEBTORS.columns, "file"]
    changes = [
        bulk.Change(bulk.PERSONS, new_persons, pl.DataFrame()),
        bulk.Change(
            bulk.DEBTORS,
            fresh.select("ref", *columns),
            compared.changed,
        ),
        points,
    ]
    called = pl.concat([book.persons.select("id", "number"), new_persons.select("ref", "number").rename({"ref": "id"})])
    different = pl.concat([differences(compared.beside, bulk.DEBTORS, {"person_id": called}), *addresses.differences])
    return Parties(changes, debtors, outcome, different)


def _persons(rows: pl.DataFrame, book: Book) -> tuple[pl.DataFrame, pl.DataFrame]:
    """person_number -> person_id for everybody the rows name, and the new ones among them."""
    named = rows.select(number="person_number").drop_nulls().unique(maintain_order=True)
    found = named.join(book.persons, on="number", how="left", maintain_order="left")
    fresh = numbered(found.filter(pl.col("id").is_null()))
    known = found.filter(pl.col("id").is_not_null())
    persons = pl.concat(
        [known.select(person_number="number", person_id="id"), fresh.select(person_number="number", person_id="ref")]
    )
    return persons, fresh.select("ref", "number")


def _with_subdivision(rows: pl.DataFrame) -> pl.DataFrame:
    """The part of the country by its code: as it was told, or as the postal region says; null where neither is one."""
    told = rows.with_columns(subdivision=pl.coalesce("subdivision", "region"))
    pairs = told.select("country", "subdivision").drop_nulls().unique()
    found = pairs.with_columns(part=pl.Series([part_of(*pair) for pair in pairs.rows()], dtype=pl.String))
    joined = told.join(found, on=["country", "subdivision"], how="left", maintain_order="left")
    return joined.with_columns(subdivision="part").drop("part")


def _told_by_customers(rows: pl.DataFrame, book: Book) -> pl.Series:
    """Debtors of whom a file of customers has ever spoken. Asked only when invoice files speak of known debtors."""
    asked = rows.filter("derived", pl.col("id").is_not_null())["id"]
    return bulk.told_by(bulk.DEBTORS, "f.kind = 'customers'", book.creditor.pk, asked)


def _is(ids: pl.Series) -> pl.Expr:
    return pl.col("id").is_in(ids.implode())


def _changed(differs: pl.Expr) -> pl.Expr:
    return pl.when(differs).then(pl.lit("changed")).otherwise(pl.lit("unchanged"))


def _outcome(rows: pl.DataFrame, kind: str, outcome: pl.Expr) -> pl.DataFrame:
    return rows.select("file", "row", kind=pl.lit(kind), outcome=outcome)


_MAIN = ["debtor_id", "id", "file", "row", "derived", "email", "phone", *_ADDRESS[:-1], "country_told"]
_KEY = ["debtor_id", "channel", "value"]


class _Addresses:
    """Addresses of debtors, in two steps over one state: the columns of customers, then the rows of contacts.

    Rank 0 is the address that the customer's own row gives. When the row gives another one, the old one is closed.
    Further addresses come from contacts files, ranked from 1 in the order in which they were told.
    """

    def __init__(self, book: Book, said: Said, at: datetime) -> None:
        self._book, self._said, self._at = book, said, at
        self.differences: list[pl.DataFrame] = []
        self.outcome = no_outcome()

    def plan(
        self, customers: pl.DataFrame, contacts: pl.DataFrame, settled: pl.Series, countries: pl.DataFrame
    ) -> tuple[bulk.Change, pl.DataFrame]:
        """The change, and the addresses that the customers' columns moved (debtor_id).

        countries   debtor_id, country: of those whom files of customers speak of
        """
        who = pl.concat([customers["debtor_id"], contacts["debtor_id"]]).unique()
        columns = list(bulk.CONTACT_POINTS.columns)
        found = bulk.read(
            bulk.CONTACT_POINTS, self._book.creditor.pk, [*columns, "known_from"], ids=who.filter(who > 0),
            by="debtor_id", where="t.third_person_id IS NULL",
        )  # fmt: skip
        state = found.with_columns(file=pl.lit(None, pl.Int32))
        wanted = self._wanted(customers, state, settled)
        self._main_differences(wanted, found)
        state = self._mains(state, wanted)
        moved = self._differing(state, found)
        after, differing = state, moved
        if contacts.height:
            after = self._others(state, contacts)
            differing = self._differing(after, found)
        new = self._zoned(after.filter(pl.col("id").is_null()), countries)
        changed = self._zoned(differing.filter(pl.col("id").is_not_null()), countries)
        return bulk.Change(
            bulk.CONTACT_POINTS,
            numbered(new).select("ref", *columns, "file"),
            changed.select("id", *columns, "file", seen_from="known_from"),
        ), moved

    def _zoned(self, points: pl.DataFrame, countries: pl.DataFrame) -> pl.DataFrame:
        """The time zones that new and changed addresses tell. Of a debtor of whom no file told where he is, what the
        tables say."""
        others = points.select(pl.col("debtor_id").unique()).join(countries, on="debtor_id", how="anti")["debtor_id"]
        known = bulk.read(bulk.DEBTORS, self._book.creditor.pk, ["country"], ids=others.filter(others > 0))
        where = pl.concat([countries, known.select(debtor_id="id", country="country")])
        at = points.join(where, on="debtor_id", how="left", suffix="_of", maintain_order="left").select(
            "channel", "value", "region", country=pl.coalesce("country", "country_of")
        )
        return points.with_columns(zones=zones_of(at))

    def _main_differences(self, wanted: pl.DataFrame, found: pl.DataFrame) -> None:
        """Main addresses of known debtors that are another from now on: field email, phone or street."""
        mains = found.filter(pl.col("rank") == 0).unique(["debtor_id", "channel"], keep="first", maintain_order=True)
        beside = (
            wanted.filter(pl.col("debtor_id") > 0)
            .join(mains.select("debtor_id", "channel", was="value"), on=["debtor_id", "channel"], how="left")
            .filter(pl.col("value").ne_missing(pl.col("was")))
            .join(self._book.debtors.select("number", debtor_id="id"), on="debtor_id", how="left")
        )
        self._note(beside.select("file", "row", "number", "was", field=_FIELD_OF, now="value"), "customers")

    def _note(self, changes: pl.DataFrame, kind: str) -> None:
        told = [pl.col(name).cast(dtype) for name, dtype in CHANGES.items()]
        self.differences.append(changes.with_columns(kind=pl.lit(kind)).select(told))

    @staticmethod
    def _differing(state: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
        """Rows of a state that are not as they were before."""
        names = [name for name in bulk.CONTACT_POINTS.columns if name not in _KEY]
        was = before.select(*_KEY, pl.col(names).name.suffix("_was"), was_there=True)
        beside = state.join(was, on=_KEY, how="left", maintain_order="left")
        return beside.filter(
            pl.col("was_there").is_null()
            | pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_was")) for name in names)
        ).select(state.columns)

    def _wanted(self, customers: pl.DataFrame, state: pl.DataFrame, settled: pl.Series) -> pl.DataFrame:
        """Per debtor and channel that a row speaks of: the address it gives (value null: none)."""
        mains = state.filter(pl.col("rank") == 0)
        parts = []
        for channel in ("email", "phone"):
            rows = customers.filter(condition(self._said.of_customer(channel))).with_columns(
                *(pl.lit(None, pl.String).alias(name) for name in _ADDRESS), value=channel, channel=pl.lit(channel)
            )
            parts.append(rows)
        rows = customers.filter(condition(self._said.of_customer("street"))).rename({"country_told": "country"})
        before = mains.filter(pl.col("channel") == "letter").unique("debtor_id", keep="first", maintain_order=True)
        before = before.select("debtor_id", pl.col(_ADDRESS).name.suffix("_was"))
        rows = rows.join(before, on="debtor_id", how="left", maintain_order="left").with_columns(
            pl.when(condition(self._said.of_customer(name))).then(name).otherwise(f"{name}_was").alias(name)
            for name in _ADDRESS
        )
        parts.append(rows.with_columns(value=_one_line(), channel=pl.lit("letter")))
        order = ["debtor_id", "id", "file", "row", "derived", "channel", "value", *_ADDRESS]
        wanted = pl.concat([part.select(order) for part in parts])
        # What an invoice file does not say is no news, and what a file of customers said goes before it.
        has_main = mains.select("debtor_id", "channel").unique().with_columns(has_main=True)
        wanted = wanted.join(has_main, on=["debtor_id", "channel"], how="left", maintain_order="left")
        silent = pl.col("derived") & (
            pl.col("value").is_null() | (_is(settled) & pl.col("has_main").fill_null(value=False))
        )
        return wanted.filter(~silent.fill_null(value=False)).drop("has_main", "derived", "id")

    def _mains(self, state: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
        asked = wanted.rename({name: f"{name}_new" for name in ("value", "file", *_ADDRESS)})
        beside = state.join(
            asked.with_columns(asked=True), on=["debtor_id", "channel"], how="left", maintain_order="left"
        )
        is_it = (pl.col("value") == pl.col("value_new")).fill_null(value=False)
        closes = pl.col("asked").fill_null(value=False) & (pl.col("rank") == 0) & ~is_it
        known = beside.with_columns(
            rank=pl.when(is_it).then(0).when(closes).then(CLOSED_RANK).otherwise("rank"),
            invalid_since=pl.when(closes)
            .then(pl.coalesce("invalid_since", pl.lit(self._at, bulk.MOMENT)))
            .when(is_it & (pl.col("rank") == CLOSED_RANK))
            .then(None)
            .otherwise("invalid_since"),
            file=pl.when(is_it | closes).then("file_new").otherwise("file"),
            **{name: pl.when(is_it).then(f"{name}_new").otherwise(name) for name in _ADDRESS},
        ).select(state.columns)
        new = (
            wanted.filter(pl.col("value").is_not_null())
            .join(state.select(_KEY), on=_KEY, how="anti", maintain_order="left")
            .with_columns(rank=pl.lit(0, pl.Int64))
        )
        return pl.concat([known, new], how="diagonal").select(state.columns)

    def _others(self, state: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
        said = self._said
        letter = pl.col("channel") == "letter"
        told = contacts.with_columns(
            street=pl.when(letter).then(pl.coalesce("street", "value")).otherwise("street")
        ).with_columns(value=pl.when(letter).then(_one_line()).otherwise("value"))
        told = told.filter(pl.col("value").is_not_null())
        once = told.unique(_KEY, keep="first", maintain_order=True)
        names = ["contact_name", *_ADDRESS]
        asked = once.select(*_KEY, pl.col("file", *names).name.suffix("_new"), asked=True, order=pl.int_range(pl.len()))
        beside = state.join(asked, on=_KEY, how="full", coalesce=True, maintain_order="left_right")
        is_new = pl.col("rank").is_null() | ((pl.col("rank") == CLOSED_RANK) & pl.col("asked"))
        is_new = is_new.fill_null(value=False)
        last = pl.col("rank").filter(pl.col("rank") < CLOSED_RANK).max().over("debtor_id", "channel").fill_null(0)
        place = pl.when(is_new).then("order").rank("ordinal").over("debtor_id", "channel").cast(pl.Int64)
        asks = pl.col("asked").fill_null(value=False)
        after = beside.with_columns(
            rank=pl.when(is_new).then(last + place).otherwise("rank"),
            invalid_since=pl.when(is_new).then(None).otherwise("invalid_since"),
            file=pl.when(asks).then("file_new").otherwise("file"),
            **{
                name: pl.when(asks & (pl.col("rank").is_null() | condition(said(name, file="file_new"))))
                .then(f"{name}_new")
                .otherwise(name)
                for name in names
            },
        )
        changed = self._differing(after.select(state.columns), state).select(_KEY).with_columns(touched=True)
        was = state.select(*_KEY, was_there=True)
        self._further_differences(once, after, state, changed)
        self.outcome = (
            told.join(changed, on=_KEY, how="left", maintain_order="left")
            .join(was, on=_KEY, how="left", maintain_order="left")
            .select(
                "file",
                "row",
                kind=pl.lit("contacts"),
                outcome=pl.when(pl.col("was_there").is_null())
                .then(pl.lit("new"))
                .when("touched")
                .then(pl.lit("changed"))
                .otherwise(pl.lit("unchanged")),
            )
        )
        return after.select(state.columns)

    def _further_differences(
        self, told: pl.DataFrame, after: pl.DataFrame, state: pl.DataFrame, changed: pl.DataFrame
    ) -> None:
        """Addresses that contacts files change: parts of theirs, or that they count again."""
        names = ["contact_name", *_ADDRESS]
        rows = (
            changed.join(told.select(*_KEY, "file", "row", number="debtor"), on=_KEY)
            .join(after.select(*_KEY, *names, "rank"), on=_KEY)
            .join(state.select(*_KEY, pl.col(*names, "rank").name.suffix("_was")), on=_KEY)
        )
        for name in names:
            part = rows.filter(pl.col(name).ne_missing(pl.col(f"{name}_was")))
            self._note(
                part.select("file", "row", "number", field=pl.lit(name), was=f"{name}_was", now=name), "contacts"
            )
        again = rows.filter((pl.col("rank_was") == CLOSED_RANK) & (pl.col("rank") < CLOSED_RANK))
        no_text = pl.lit(None, pl.String)
        self._note(again.select("file", "row", "number", field=pl.lit("value"), was=no_text, now="value"), "contacts")


_FIELD_OF = pl.when(pl.col("channel") == "letter").then(pl.lit("street")).otherwise("channel")
"""The field of a customer that gives the address of a channel."""


def _one_line() -> pl.Expr:
    """A postal address as one line, by which it is known; null without a street."""
    line = pl.concat_str(list(_ADDRESS), separator=", ", ignore_nulls=True).str.slice(0, _LONGEST_VALUE)
    return pl.when(pl.col("street").is_not_null()).then(line)
