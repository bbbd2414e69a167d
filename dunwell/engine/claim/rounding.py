"""Rounding of sums, the same everywhere: half up, in whole numbers."""

import polars as pl


def half_up(numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """A fraction that is not negative, rounded half up to a whole number. Int128 inside and out: cast at the border."""
    wide = denominator.cast(pl.Int128) if isinstance(denominator, pl.Expr) else pl.lit(denominator, pl.Int128)
    return (2 * numerator.cast(pl.Int128) + wide) // (2 * wide)
