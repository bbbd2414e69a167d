"""Cut a book into shards that can be decided apart: whatever bears on a debtor lies in his shard.

Debtors belong together who share a person, an item, a payment or a contact, to the end of the chain; such a group is
never cut. Its shard hangs on its smallest debtor id alone, so that it is the same tomorrow. What belongs to nobody
(the creditor, the days of lists, public holidays) lies in every shard. See docs/decisions/shards.md.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl

from dunwell.core.terms import PaymentSource
from dunwell.engine.book.cash import money
from dunwell.engine.facts import SCHEMAS, Facts, empty, refuse_overflow

type Frames = Callable[[str], pl.LazyFrame]
"""A frame of facts by its name, of `facts.SCHEMAS`, not read yet."""

ROWS_PER_SHARD = 2_500_000
"""Rows of `WEIGHTY` frames that one process holds at once: about a gigabyte, some 50 000 debtors."""
WEIGHTY = ("receivables", "payments", "contacts", "contact_items")

_OF_NOBODY = ("creditor", "open_item_days", "days_off")
_MULTIPLIER = 11_400_714_819_323_198_485
"""2^64 over the golden ratio: neighbouring ids come to lie far apart."""

_LINKS = (
    ("receivables", "parent_id", "receivables", "receivable_id"),
    ("payments", "receivable_id", "receivables", "receivable_id"),
    ("payments", "reverses_id", "payments", "payment_id"),
    ("disputes", "receivable_id", "receivables", "receivable_id"),
    ("holds", "receivable_id", "receivables", "receivable_id"),
    ("steps", "receivable_id", "receivables", "receivable_id"),
    ("contacts", "contact_point_id", "contact_points", "contact_point_id"),
    ("registers", "address_id", "contact_points", "contact_point_id"),
    ("wishes", "contact_point_id", "contact_points", "contact_point_id"),
)
"""By which column a row of one debtor may name a row of another's."""


def of_facts(facts: Facts) -> Frames:
    """The frames of facts in memory."""
    return lambda name: facts[name].lazy()


def of_folder(folder: Path) -> Frames:
    """The frames of a folder with a Parquet file each."""
    return lambda name: pl.scan_parquet(folder / f"{name}.parquet")


def rows_of(frames: Frames) -> int:
    """How many rows of the `WEIGHTY` frames there are."""
    return sum(frames(name).select(pl.len()).collect().item() for name in WEIGHTY)


def shards_for(rows: int) -> int:
    """How many shards so many rows want: at least 1."""
    return max(1, -(-rows // ROWS_PER_SHARD))


def groups(frames: Frames) -> pl.DataFrame:
    """debtor_id, group: the smallest id of all he belongs together with. Also of debtors whom only other rows name."""
    return _groups(frames, _contact_owners(frames))


def _groups(frames: Frames, contacts: pl.DataFrame) -> pl.DataFrame:
    """contacts: see `_contact_owners`."""
    debtors = frames("debtors").select("debtor_id", "person_id").collect()
    group = pl.col("debtor_id").min().over("person_id")
    of_persons = debtors.select(
        "debtor_id", group=pl.when(pl.col("person_id").is_null()).then("debtor_id").otherwise(group)
    )
    pairs = pl.concat(_edges(frames, contacts), how="vertical").unique()
    for side in ("one", "other"):
        pairs = (
            pairs.join(of_persons, left_on=side, right_on="debtor_id", how="left")
            .with_columns(pl.coalesce("group", side).alias(side))
            .drop("group")
        )
    roots = _roots(pairs.filter(pl.col("one") != pl.col("other")).unique())
    unknown = roots.join(of_persons, left_on="member", right_on="debtor_id", how="anti").select(
        debtor_id="member", group="member"
    )
    return (
        pl.concat([of_persons, unknown])
        .join(roots, left_on="group", right_on="member", how="left")
        .select("debtor_id", group=pl.coalesce("root", "group"))
    )


def _contact_owners(frames: Frames) -> pl.DataFrame:
    """contact_id, owner: whose contact it is. One of an account that is not in the book is one of its person."""
    contacts = frames("contacts").select("contact_id", owner="debtor_id").collect()
    known = frames("debtors").select("debtor_id").collect()["debtor_id"]
    if contacts["owner"].unique().is_in(known.implode()).all():
        return contacts
    persons = frames("debtors").group_by("person_id").agg(of_person=pl.col("debtor_id").min())
    return (
        frames("contacts")
        .select("contact_id", "debtor_id", "person_id")
        # row by row beside the frame itself: `_edges` counts on it
        .join(persons, on="person_id", how="left", maintain_order="left")
        .select(
            "contact_id",
            owner=pl.when(pl.col("debtor_id").is_in(known.implode()))
            .then("debtor_id")
            .otherwise(pl.coalesce("of_person", "debtor_id")),
        )
        .collect()
    )


def _edges(frames: Frames, contacts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """one, other: debtors of whom a row of the one names a row of the other."""
    owners: dict[str, _OwnersOf] = {}
    for name, column, target, key in _LINKS:
        if target not in owners:
            owners[target] = _owners_of(frames(target).select(key, owner="debtor_id").collect())
        rows = frames(name).select(pl.col(column).alias("key"), one="debtor_id").collect()
        if name == "contacts":
            rows = rows.with_columns(one=contacts["owner"])
        yield _apart(rows.drop_nulls(), owners[target])
    items = frames("contact_items").select("contact_id", key="receivable_id").collect()
    items = items.select("key", one=_owners_of(contacts)(items["contact_id"]))
    yield _apart(items.drop_nulls(), owners["receivables"])


def _apart(rows: pl.DataFrame, owners_of: "_OwnersOf") -> pl.DataFrame:
    found = rows.select("one", other=owners_of(rows["key"]))
    return found.filter(pl.col("one") != pl.col("other")).unique()


type _OwnersOf = Callable[[pl.Series], pl.Series]
"""The owner of each id, null where nobody is known."""
_LOOSE = 4
"""So many places for each id: beyond, a table by id would waste memory."""


def _owners_of(owners: pl.DataFrame) -> _OwnersOf:
    """owners: an id, unique, and its owner. A database counts its ids on, so they are places in a table, which is a
    tenth of the work of a join."""
    keys = owners.to_series(0)
    first, last = keys.min(), keys.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return lambda ids: pl.repeat(None, len(ids), dtype=pl.Int64, eager=True)
    if last - first >= _LOOSE * len(keys):
        return lambda ids: (
            ids.alias("id")
            .to_frame()
            .join(owners, left_on="id", right_on=keys.name, how="left", maintain_order="left")["owner"]
        )
    if last - first + 1 == len(keys) and keys.is_sorted():
        table = owners["owner"]
    else:
        table = pl.repeat(None, last - first + 1, dtype=pl.Int64, eager=True).scatter(keys - first, owners["owner"])

    def places(ids: pl.Series) -> pl.Series:
        return pl.select(pl.when(ids.is_between(first, last)).then(ids - first)).to_series()

    return lambda ids: table.gather(places(ids))


def _roots(pairs: pl.DataFrame) -> pl.DataFrame:
    """member, root: the smallest of all that hang together by pairs. Few do: a walk."""
    above: dict[int, int] = {}

    def top(member: int) -> int:
        path = []
        while (higher := above.get(member, member)) != member:
            path.append(member)
            member = higher
        for each in path:
            above[each] = member
        return member

    for one, other in pairs.rows():
        first, second = sorted((top(one), top(other)))
        above.setdefault(first, first)
        above[second] = first
    found = [(member, top(member)) for member in list(above)]
    return pl.DataFrame(found, schema={"member": pl.Int64, "root": pl.Int64}, orient="row")


def shard_of(group: pl.Expr, shards: int) -> pl.Expr:
    """The shard of a group, from 0. Int64."""
    return ((group.cast(pl.UInt64) * pl.lit(_MULTIPLIER, pl.UInt64)) // (1 << 40) % shards).cast(pl.Int64)


def split(frames: Frames, shards: int, folder: Path) -> list[int]:
    """Write the facts by shard, `folder/<frame>/<shard>.arrow`; see `read`. How many debtors each has."""
    contacts = _contact_owners(frames)
    places = _groups(frames, contacts).select("debtor_id", shard=shard_of(pl.col("group"), shards)).lazy()
    for name in SCHEMAS:
        (folder / name).mkdir(parents=True)
        if name in _OF_NOBODY:
            frames(name).collect().write_ipc(folder / name / "all.arrow")
            continue
        placed = (
            _owned(frames, name, contacts)
            .join(places, left_on="owner", right_on="debtor_id", how="left")
            .with_columns(pl.coalesce("shard", shard_of(pl.col("owner"), shards), 0))
            .select(*SCHEMAS[name], "shard")
        )
        # not compressed: the files are read once, within minutes, and packing them costs a quarter of the cutting
        placed.sink_ipc(
            pl.PartitionBy(folder / name, key="shard", include_key=False),
            compression="uncompressed",
            engine="streaming",
        )
    counted = places.join(frames("debtors").select("debtor_id"), on="debtor_id").group_by("shard").len().collect()
    sizes = dict(counted.rows())
    return [sizes.get(shard, 0) for shard in range(shards)]


def _owned(frames: Frames, name: str, contacts: pl.DataFrame) -> pl.LazyFrame:
    """Rows + owner: whose they are. contacts: see `_contact_owners`."""
    rows = frames(name)
    if name == "contact_items":
        read = rows.collect()
        return read.lazy().with_columns(owner=_owners_of(contacts)(read["contact_id"]))
    if name == "contacts" and not _as_recorded(frames, contacts):
        return rows.join(contacts.lazy(), on="contact_id", how="left")
    return rows.with_columns(owner=pl.col("debtor_id"))


def _as_recorded(frames: Frames, contacts: pl.DataFrame) -> bool:
    """Whether every contact is owned by the account it was recorded for."""
    return contacts["owner"].equals(frames("contacts").select(owner="debtor_id").collect()["owner"])


def read(folder: Path, shard: int) -> Facts:
    """The facts of a shard that `split` wrote."""
    return Facts({name: _read(folder / name, name, shard) for name in SCHEMAS})


def _read(folder: Path, name: str, shard: int) -> pl.DataFrame:
    if name in _OF_NOBODY:
        return pl.read_ipc(folder / "all.arrow")
    files = sorted((folder / f"shard={shard}").glob("*"))
    if not files:
        return empty(name)
    return pl.concat([pl.read_ipc(file) for file in files]).rechunk()


def told_until(frames: Frames, day: date) -> date | None:
    """The last day of which payments speak that lists of open items imply (see `open_lists.effective`): it is one for
    the whole book. Raises DunwellError when the sums of the book do not fit in 64 bits, as `Facts.on` does."""
    for name, column in (("receivables", "issue_date"), ("payments", "value_date")):
        refuse_overflow(frames(name).filter(pl.col(column) <= day).select("amount_minor").collect(), name)
    before = frames("payments").filter(pl.col("value_date") <= day)
    implied = before.filter(pl.col("source_kind") == PaymentSource.LEDGER).collect()
    if implied.is_empty():
        return None
    reversed_ = before.join(implied.lazy().select(payment_id="reverses_id"), on="payment_id", how="semi").collect()
    payments = pl.concat([implied, reversed_]).unique("payment_id")
    named = frames("receivables").filter(pl.col("issue_date") <= day)
    kept = {name: empty(name) for name in SCHEMAS} | {
        "payments": payments,
        "receivables": named.join(payments.lazy(), on="receivable_id", how="semi").collect(),
    }
    came = money(Facts(kept)).filter(pl.col("source_kind") == PaymentSource.LEDGER)
    last = came["value_date"].max()
    return last if isinstance(last, date) else None
