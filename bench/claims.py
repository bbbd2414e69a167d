"""Interest and the order of payments: debts of four regimes with 0.9 payments each, beside two floors.

The *scan* sums the same columns; the *loop* does the same sums debt by debt in plain Python with exact integers, on a
sample, as a program without columns would.
"""

import sys
from datetime import date, timedelta
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import polars as pl

from dunwell.engine.claim import accrual
from dunwell.engine.claim.debts import DEBTS
from dunwell.rulebook.interest_terms import Terms, make_terms

DAY = date(2026, 6, 30)
SAMPLE = 20_000


def terms() -> dict[str, Terms]:
    """A floating rate, two that are fixed by a series, and one of a contract."""
    return {
        "de": make_terms("de.bgb-288-2", {"confirmed": True}),
        "gb": make_terms("uk.lpcdia-1998"),
        "cn": make_terms("cn.sale-lpr"),
        "contract": make_terms("contract.clause", {"rate": "8.5"}),
    }


def book(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Debts due from 2022 on, and payments from 20 days before to 200 days after the due date. The same every time."""

    def drawn(below: int, seed: int) -> pl.Expr:
        return (pl.col("row").hash(seed) % below).cast(pl.Int64)

    names = pl.Series(list(terms()))
    rows = pl.select(row=pl.int_range(count))
    debts = rows.select(
        debt_id="row",
        terms=names.gather(rows.select(drawn(4, 1)).to_series()),
        principal_minor=drawn(10**7, 2) + 100,
        due_date=pl.lit(date(2022, 1, 1)) + pl.duration(days=drawn(1600, 3)),
        start_date=pl.lit(None, pl.Date),
        contract_date=pl.lit(None, pl.Date),
        fixed_sum_minor=pl.lit(0, pl.Int64),
    ).select(list(DEBTS))
    paid = pl.select(row=pl.int_range(count * 9 // 10))
    entries = (
        paid.with_columns(
            entry_id="row", debt_id=drawn(count, 4), amount_minor=drawn(10**6, 5) + 100, late=drawn(220, 6)
        )
        .join(debts.select("debt_id", "due_date"), on="debt_id")
        .select(
            "entry_id",
            "debt_id",
            entry_date=pl.col("due_date") + pl.duration(days=pl.col("late") - 20),
            kind=pl.lit("payment"),
            amount_minor="amount_minor",
            designation=pl.lit(None, pl.String),
            reverses_id=pl.lit(None, pl.Int64),
        )
        .select(list(accrual.ENTRIES))
    )
    return debts, entries


def main() -> None:
    """Print one line per size."""
    print("\nClaims: interest and the order of payments (four regimes, 0.9 payments a debt)")
    for count in (1_000_000, 10_000_000):
        _time(count)


def _time(count: int) -> None:
    debts, entries = book(count)
    began, used = perf_counter(), process_time()
    sums = accrual.claims(debts, entries, terms(), DAY)
    wall, cpu = perf_counter() - began, process_time() - used
    began = perf_counter()
    debts.group_by("terms").agg(pl.col("principal_minor").sum())
    entries.group_by("debt_id").agg(pl.col("amount_minor").sum(), pl.col("entry_date").max())
    scan = perf_counter() - began
    few = debts.head(SAMPLE)
    began = perf_counter()
    _loop(few, entries.join(few.select("debt_id"), on="debt_id", how="semi"))
    loop = (perf_counter() - began) * count / SAMPLE
    peak = getrusage(RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    print(
        f"  {count:>10,} debts: {wall:6.1f} s, {cpu / count * 1e6:5.2f} CPU-s a million, peak {peak:,.0f} MB;"
        f" scan {scan:.1f} s ({wall / scan:.0f} x), loop about {loop:,.0f} s ({loop / wall:.0f} x);"
        f" interest {sums['interest_sum_minor'].cast(pl.Int128).sum():,}",
        flush=True,
    )


def _loop(debts: pl.DataFrame, entries: pl.DataFrame) -> int:
    """The same kind of work one debt at a time, with fewer changes of the rate than the truth has."""
    paid: dict[int, list[tuple[date, int]]] = {}
    for debt, day, amount in entries.select("debt_id", "entry_date", "amount_minor").rows():
        paid.setdefault(debt, []).append((day, amount))
    total = 0
    for debt, principal, due in debts.select("debt_id", "principal_minor", "due_date").rows():
        start, exact, interest_paid = due + timedelta(days=1), 0, 0
        for day, amount in [*sorted(paid.get(debt, [])), (DAY, 0)]:
            if day >= start:
                exact += principal * 102_700 * ((day - start).days + 1)
                start = day + timedelta(days=1)
            owed = (2 * exact + 365_000_000) // 730_000_000 - interest_paid
            to_interest = min(amount, max(0, owed))
            interest_paid += to_interest
            principal -= min(principal, amount - to_interest)
        total += principal
    return total


if __name__ == "__main__":
    main()
