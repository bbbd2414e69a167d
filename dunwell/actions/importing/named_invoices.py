"""Which invoice a line of a statement names: its number, written out, in a reference or in the text."""

from collections.abc import Mapping

import polars as pl

from dunwell.actions.importing.book import Book

_KINDS = ("invoice", "instalment")
_WORDS = (r"[a-z0-9][a-z0-9/._\-]*[a-z0-9]", r"[\p{L}\p{N}][\p{L}\p{N}/._\-]*")
"""What a number may be: letters, digits and signs between them, ended by anything else. Once in plain letters, because
Chinese text leaves no space around it, and once in any."""
_FEWEST, _FEWEST_DIGITS = 4, 6
"""Characters that a number must have to be looked for; one of digits only must have more: any text has digits."""


def named_invoices(lines: pl.DataFrame, frames: Mapping[str, pl.DataFrame], book: Book) -> pl.DataFrame:
    """Lines with `debtor` and `receivable`: the debtor, if all invoices that the line names are his; the invoice, if it
    names one, in the line's currency. Null where nothing is named, or several debtors are."""
    invoices = _invoices(frames, book)
    words = _words(lines)
    found = words.join(invoices, on="word").select("number", "debtor", "invoice", "currency").unique()
    by_line = found.group_by("number").agg(
        debtors=pl.col("debtor").n_unique(),
        invoices=pl.col("invoice").n_unique(),
        debtor=pl.col("debtor").first(),
        invoice=pl.col("invoice").first(),
        invoice_currency=pl.col("currency").first(),
    )
    joined = lines.join(by_line, on="number", how="left", maintain_order="left")
    one = (pl.col("debtors") == 1) & (pl.col("invoices") == 1) & (pl.col("invoice_currency") == pl.col("currency"))
    return joined.with_columns(
        debtor=pl.when(pl.col("debtors") == 1).then("debtor"), receivable=pl.when(one).then("invoice")
    ).select(*lines.columns, "debtor", "receivable")


def _invoices(frames: Mapping[str, pl.DataFrame], book: Book) -> pl.DataFrame:
    """word, invoice, debtor, currency of all that may be named, in the book and in the files beside."""
    known = book.known().receivables.filter(pl.col("kind").is_in(_KINDS)).select("number", "debtor", "currency")
    told = frames["invoices"].select("number", "debtor", "currency")
    number = pl.col("number")
    long_enough = (number.str.len_chars() >= _FEWEST_DIGITS) | (
        (number.str.len_chars() >= _FEWEST) & number.str.contains("[^0-9]")
    )
    every = pl.concat([told, known]).unique("number", keep="first", maintain_order=True)
    return every.filter(long_enough & number.str.contains("[0-9]")).select(
        "debtor", "currency", word=number.str.to_lowercase(), invoice="number"
    )


def _words(lines: pl.DataFrame) -> pl.DataFrame:
    """number, word: what stands in the references and the text of each line, in whole and parted at slashes."""
    said = pl.concat_str(
        [pl.col(name).fill_null("") for name in ("reference", "end_to_end", "text")], separator="\n"
    ).str.to_lowercase()
    found = pl.concat_list(said.str.extract_all(pattern) for pattern in _WORDS)
    words = lines.select("number", found.alias("word")).explode("word").drop_nulls()
    words = words.with_columns(pl.col("word").str.strip_chars_end("/._-"))
    parts = words.with_columns(pl.col("word").str.split("/")).explode("word")
    return pl.concat([words, parts]).filter(pl.col("word").str.len_chars() >= _FEWEST).unique(maintain_order=True)
