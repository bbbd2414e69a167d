"""The number by which an entry is known again, whichever file tells it.

It is made of account, day, amount and the bank's reference; where the bank gives none, of what was written instead. Of
several that are equal in all this, the place among them counts: a second payment of the same amount, day and text is
a second payment, in this file and in the next.
"""

import hashlib

import polars as pl

from dunwell.intake.shapes import Note
from dunwell.intake.statements.shapes import Taken

NUMBER_PREFIX = "bank:"
"""Numbers of lines, and of the payments made of them, begin so: `bank:20150310-3f2a9c01be4d7c55`."""

_WRITTEN = ("end_to_end", "reference", "payer", "payer_account", "text")


def numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of one file with their numbers."""
    if lines.is_empty():
        return lines
    written = pl.concat_str(
        [pl.col(name).fill_null("").str.to_lowercase().str.replace_all(r"\s", "") for name in _WRITTEN],
        separator="\x1f",
    )
    keyed = lines.with_columns(
        key=pl.concat_str(
            pl.col("account").fill_null(""),
            pl.col("booking_date").cast(pl.String),
            pl.col("amount_minor").cast(pl.String),
            "currency",
            pl.coalesce(pl.format("={}", "bank_reference"), written),
            separator="\x1e",
        )
    )
    keyed = keyed.with_columns(place=pl.int_range(pl.len()).over("key"))
    hashes = [
        hashlib.sha256(f"{key}\x1e{place}".encode()).hexdigest()[:16]
        for key, place in keyed.select("key", "place").rows()
    ]
    day = pl.col("booking_date").dt.to_string("%Y%m%d")
    return lines.with_columns(number=pl.concat_str(pl.lit(NUMBER_PREFIX), day, pl.lit("-"), pl.Series(hashes)))


def once(lines: pl.DataFrame, taken: Taken) -> pl.DataFrame:
    """Without statements that the same file holds twice: same account and number, same entries."""
    seen: dict[tuple[object, ...], int] = {}
    again: list[int] = []
    named = {index for index, head in enumerate(taken.heads) if head.statement and head.account}
    for (head,), part in lines.group_by("head", maintain_order=True):
        if head not in named:
            continue
        told = taken.heads[int(str(head))]
        content = part.drop("head", "row", "number", "file").hash_rows().to_list()
        key = (told.account, told.statement, tuple(content))
        if key in seen:
            again.append(int(str(head)))
        seen.setdefault(key, int(str(head)))
    if again:
        taken.notes.append(Note("intake.note_statement_twice", {"count": len(again)}))
    return lines.filter(~pl.col("head").is_in(again)) if again else lines
