"""Whether a statement agrees with itself: balances, currencies, its own counts and sums.

A statement that does not is refused as a whole; its entries can be read, so a person may still take them in.
"""

from datetime import date

import polars as pl

from dunwell.core.money import DIGITS, grouped_amount
from dunwell.intake.amounts import parse_amounts
from dunwell.intake.dates import parse_dates
from dunwell.intake.faults import Faults
from dunwell.intake.shapes import Note
from dunwell.intake.statements.shapes import CREDIT, Balance, Declared, Head, Taken


def weigh(taken: Taken, every: pl.DataFrame, index: int, faults: Faults, doubts: Faults) -> None:
    """Note in `doubts` what is wrong with statements. every: all entries, `typed`; faults: what is wrong with those."""
    scales = _Scales(taken, every, index, faults, doubts)
    for trouble in taken.troubles:
        if not trouble.entry:
            scales.doubt(trouble.row, trouble.code, trouble.column, trouble.value, trouble.other)
    for place, head in enumerate(taken.heads):
        scales.statement(place, head)
    scales.running()
    scales.unchecked()


class _Scales:
    def __init__(self, taken: Taken, every: pl.DataFrame, index: int, faults: Faults, doubts: Faults) -> None:
        self._taken, self._index, self._faults, self._doubts = taken, index, faults, doubts
        self._every = every
        bad = faults.rows()["row"]
        self._torn = set(taken.cells.filter(pl.col("row").is_in(bad.implode()))["head"].to_list())
        self._sums = _sums(every)
        self._balances = _balances(taken.heads, every["currency"].drop_nulls().unique().to_list())
        self._not_weighed = 0

    def doubt(self, row: int, code: str, column: str, value: str = "", other: str = "") -> None:
        """Something wrong with a statement, not with an entry."""
        place = pl.DataFrame({"file": [self._index], "row": [row]})
        self._doubts.add(place, None, code, column=column, value=pl.Series([value]), other=other)

    def statement(self, place: int, head: Head) -> None:
        """One statement: account, balances, currency of its entries, its own counts."""
        name = " ".join(one for one in (head.account, head.statement) if one) or "-"
        if not head.account:
            self.doubt(head.row, "intake.statement_no_account", name)
        self._currencies(place, head)
        if head.opening and head.closing:
            self._weigh(place, head, name)
        elif head.must_balance:
            self.doubt(head.row, "intake.statement_without_balance", name)
        else:
            self._not_weighed += 1
        if place not in self._torn:
            for declared in head.declared:
                self._declared(place, head, declared, name)

    def _currencies(self, place: int, head: Head) -> None:
        told = head.currency or (head.opening.currency if head.opening else "")
        if not told or self._taken.columns:
            return
        strange = self._every.filter((pl.col("head") == place) & (pl.col("currency") != told))
        self._faults.add(strange, None, "intake.statement_currency", value=strange["currency"], other=told)

    def _weigh(self, place: int, head: Head, name: str) -> None:
        if not head.opening or not head.closing:
            return
        sums = self._sums.get(place, {})
        currency = head.opening.currency or (next(iter(sums)) if len(sums) == 1 else "")
        if (head.closing.currency or currency) != currency:
            self.doubt(
                head.closing.row,
                "intake.statement_balance_currency",
                name,
                head.opening.currency,
                head.closing.currency,
            )
            return
        opening, closing = (self._minor(one, currency, name) for one in (head.opening, head.closing))
        if opening is None or closing is None:
            return
        days = [_day(one.date) for one in (head.opening, head.closing)]
        if days[0] and days[1] and days[0] > days[1]:
            self.doubt(head.closing.row, "intake.statement_dates", name, str(days[0]), str(days[1]))
        if place in self._torn or set(sums) - {currency}:
            return
        made = opening + sums.get(currency, {}).get("all", (0, 0))[1]
        if made != closing:
            self.doubt(
                head.closing.row, "intake.statement_unbalanced", name, _money(made, currency),
                f"{_money(closing, currency)} ({_money(closing - made, currency)})",
            )  # fmt: skip

    def _minor(self, balance: Balance, currency: str, name: str) -> int | None:
        found = self._balances.get((balance.amount, currency))
        if found is None and not (balance.amount == "" and self._taken.troubles):
            self.doubt(balance.row, "intake.statement_bad_balance", balance.label or name, balance.amount, currency)
        return found

    def _declared(self, place: int, head: Head, told: Declared, name: str) -> None:
        """The file's own count and sum, beside those of its entries."""
        name = f"{name} {told.label}"
        sums = self._sums.get(place, {})
        part = {CREDIT: "credit", "": "all"}.get(told.side, "debit")
        if told.side == "":
            count = self._taken.cells.filter(pl.col("head") == place)["row"].n_unique()
        else:
            count = sum(of[part][0] for of in sums.values())
        if told.count is not None and told.count != count and told.firm:
            self.doubt(told.row, "intake.statement_count", name, str(count), str(told.count))
        if told.amount is None or len(sums) > 1:
            return
        currency = next(iter(sums), "") or head.currency
        if currency not in DIGITS:
            return
        declared = _exact(told.amount, currency)
        found = abs(sums.get(currency, {}).get(part, (0, 0))[1])
        if declared is None or declared == found:
            return
        if told.firm:
            self.doubt(told.row, "intake.statement_sum", name, _money(found, currency), _money(declared, currency))
        else:
            told_sum = {"found": _money(found, currency), "told": _money(declared, currency)}
            self._taken.notes.append(Note("intake.note_sum_differs", told_sum))

    def running(self) -> None:
        """The balance that a table gives after each entry: it goes from row to row, downwards or upwards."""
        rows = self._every.filter(pl.col("balance_minor").is_not_null() & pl.col("amount_minor").is_not_null())
        rows = rows.filter(pl.col("booked"))
        if rows.height < 2 or rows["account"].n_unique() > 1 or rows["currency"].n_unique() > 1 or self._torn:
            return
        balance, amount = pl.col("balance_minor"), pl.col("amount_minor")
        steps = rows.with_columns(
            down=balance.shift(1) + amount, up=(balance.shift(1) - amount.shift(1))
        ).slice(1)  # fmt: skip
        jumps = {way: steps.filter(pl.col(way) != balance) for way in ("down", "up")}
        way = min(jumps, key=lambda one: jumps[one].height)
        found = jumps[way]
        self._not_weighed = max(self._not_weighed - 1, 0)
        if found.height:
            first = found.row(0, named=True)
            shown, due = (_money(first[name], first["currency"]) for name in ("balance_minor", way))
            other = f"{due} (x{found.height})"
            self.doubt(first["row"], "intake.statement_balance_jumps", self._header(), shown, other)

    def _header(self) -> str:
        return next((header for header, field in self._taken.columns.items() if field == "balance"), "balance")

    def unchecked(self) -> None:
        """Say so where nothing could be weighed."""
        if self._not_weighed and self._taken.format != "ofx":
            self._taken.notes.append(Note("intake.note_no_balances", {"count": self._not_weighed}))


def _sums(every: pl.DataFrame) -> dict[int, dict[str, dict[str, tuple[int, int]]]]:
    """head -> currency -> all, credit, debit -> count of entries and sum. `all` is of booked entries only."""
    minor = pl.col("amount_minor").cast(pl.Int128)
    known = every.filter(minor.is_not_null() & pl.col("currency").is_not_null())
    found: dict[int, dict[str, dict[str, tuple[int, int]]]] = {}
    parts = (("all", pl.col("booked")), ("credit", minor > 0), ("debit", minor < 0))
    for part, condition in parts:
        grouped = known.group_by("head", "currency", maintain_order=True).agg(
            pl.col("row").filter(condition).n_unique(), minor.filter(condition).sum()
        )
        for head, currency, count, total in grouped.iter_rows():
            found.setdefault(head, {}).setdefault(currency, {})[part] = (count, int(total))
    return found


def _balances(heads: list[Head], spoken: list[str]) -> dict[tuple[str, str], int]:
    """(amount as text, currency) -> minor units, of all balances that can be read. spoken: currencies of the entries,
    for balances that name none."""
    asked = {
        (one.amount, currency)
        for head in heads
        for one in (head.opening, head.closing)
        if one and head.opening
        for currency in ((one.currency, head.opening.currency) if head.opening.currency else spoken)
        if currency in DIGITS
    }
    frame = pl.DataFrame(
        {"text": [text for text, _ in asked], "currency": [of for _, of in asked]},
        schema={"text": pl.String, "currency": pl.String},
    ).with_columns(digits=pl.col("currency").replace_strict(DIGITS, return_dtype=pl.Int64))
    parsed = frame.with_columns(parse_amounts(pl.col("text"), pl.col("digits"), ".").alias("parsed")).unnest("parsed")
    return {(text, of): minor for text, of, _, minor, problem in parsed.iter_rows() if problem is None}


def _exact(amount: str, currency: str) -> int | None:
    parsed = pl.DataFrame({"t": [amount]}).select(parse_amounts(pl.col("t"), DIGITS[currency], ".").alias("p")).item()
    return None if parsed["problem"] else int(parsed["minor"])


def _day(text: str) -> date | None:
    found = parse_dates(pl.Series([text]))["date"].to_list() if text else [None]
    return found[0] if found else None


def _money(minor: int, currency: str) -> str:
    return f"{currency} {grouped_amount(minor, currency)}"
