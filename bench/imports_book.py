"""Write the files of a seeded book: `python -m bench.imports_book FOLDER INVOICES`.

customers.csv, invoices.csv; changed.csv holds the same invoices with 5 % of the amounts changed and 5 % more rows.
"""

import sys
from datetime import date
from pathlib import Path

import polars as pl

from bench.imports import SEED


def write(folder: Path, size: int) -> None:
    """Write the three files: ten invoices per debtor, in the order in which a ledger grows."""
    debtors = size // 10
    key = pl.int_range(debtors, eager=True).alias("key")
    customers = pl.DataFrame(key).select(
        customer_id=pl.format("K{}", pl.col("key") + 100_000),
        name=pl.format("Kunde {} GmbH & Co. KG", "key"),
        kind=pl.lit("business"),
        country=pl.lit("DE"),
        email=pl.format("buchhaltung@kunde-{}.example", "key"),
        street=pl.format("Hauptstraße {}", pl.col("key") % 200 + 1),
        postcode=pl.format("{}", pl.col("key") % 90_000 + 10_000),
        city=pl.lit("Musterstadt"),
    )
    customers.write_csv(folder / "customers.csv")
    invoices = _invoices(size + size // 20, debtors)
    invoices.head(size).write_csv(folder / "invoices.csv")
    every = pl.int_range(pl.len()) % 20 == 7
    raised = pl.format("{}1", pl.col("amount").str.slice(0, pl.col("amount").str.len_chars() - 1))
    changed = invoices.with_columns(amount=pl.when(every).then(raised).otherwise("amount"))
    changed.write_csv(folder / "changed.csv")


def _invoices(count: int, debtors: int) -> pl.DataFrame:
    draw = pl.int_range(count, eager=True).alias("n").to_frame().with_columns(r=pl.col("n").hash(SEED))
    issue = pl.lit(date(2024, 1, 1)) + pl.duration(days=pl.col("n") * 700 // count)
    cents = pl.col("r") % 2_000_000 + 100
    return draw.with_columns(issue=issue, cents=cents).select(
        invoice_id=pl.format("RE-{}", pl.col("n") + 10_000_000),
        customer_id=pl.format("K{}", (pl.col("r") // 7 % debtors).cast(pl.Int64) + 100_000),
        issue_date="issue",
        due_date=pl.col("issue") + pl.duration(days=30),
        currency=pl.lit("EUR"),
        # the last digit is 0: a changed amount ends in 1
        amount=pl.format("{}.{}0", pl.col("cents") // 100, pl.col("cents") // 10 % 10),
        description=pl.format("Lieferung {}", pl.col("r") % 100_000),
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
