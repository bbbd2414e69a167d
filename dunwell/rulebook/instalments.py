"""How the instalments of an invoice are called: `R1#2` is the second one of `R1`."""

import re

import polars as pl

_PART = re.compile(r"^(.+)#([1-9][0-9]{0,2})$", re.DOTALL)
_PATTERN = r"(?s)^(.+)#([1-9][0-9]{0,2})$"


def number_of(invoice: pl.Expr, instalment: pl.Expr) -> pl.Expr:
    """The number of an instalment."""
    return pl.format("{}#{}", invoice, instalment)


def invoice_of(number: pl.Expr) -> pl.Expr:
    """The number of the invoice that an instalment is of; null where a number is not that of an instalment."""
    return number.str.extract(_PATTERN, 1)


def place_of(number: pl.Expr) -> pl.Expr:
    """Which of its invoice's instalments a number is of; null where it is not that of an instalment."""
    return number.str.extract(_PATTERN, 2).cast(pl.Int16)


def invoice_and_place(number: str) -> tuple[str, int] | None:
    """`R1#2` -> R1, 2; None where a number is not that of an instalment."""
    found = _PART.match(number)
    return (found[1], int(found[2])) if found else None
