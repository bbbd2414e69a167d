"""The floor of the daily run: DuckDB works out from the same files what it can, and is compared with the engine.

Money, ageing, stages, next steps and counters come from `tests.oracles.day_sql`, contact windows from
`bench.contacts_floor`, which is told beforehand which rules speak of whom. It writes no findings but counts, asks no
hours, registers and channels, and matches no payment to its item.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from bench import contacts, contacts_floor, day_book
from dunwell.core.terms import Stage
from dunwell.engine.contact.findings import asked_of
from dunwell.engine.day.decide import Outcome
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy import Strategy
from tests.oracles import day_sql

_WINDOWS = """
    CREATE VIEW contacts AS
        SELECT contact_id, debtor_id AS account_id, person_id, "at", channel, direction, outcome, purpose,
               addressee AS "to", mode, contact_point_id AS address_id, collector
        FROM '{0}/contacts.parquet' WHERE contact_date <= DATE '{1}';
    CREATE VIEW debts AS
        SELECT debtor_id AS account_id, receivable_id AS debt_id FROM '{0}/receivables.parquet'
        WHERE issue_date <= DATE '{1}';
    CREATE VIEW contact_debts AS
        SELECT contact_id, receivable_id AS debt_id, called, talked FROM '{0}/contact_items.parquet';
    CREATE VIEW asked AS SELECT * FROM '{0}/asked.parquet'"""


def prepare(folder: Path) -> None:
    """What DuckDB is told beforehand: who is asked about, by which rules, and when each window began."""
    facts = day_book.read(folder).on(day_book.DAY)
    asked = asked_of(facts, house_rules().binding, day_book.DAY, day_book.AT)
    contacts_floor.prepare(folder, asked.subjects, house_rules().binding)


def grace_of_promises() -> int:
    """So many days after a promise's day its money still counts."""
    return max((value["grace_days"] for _, value in house_rules().in_force(day_book.DAY, "promise")), default=0)


def work_out(folder: Path, strategy: Strategy) -> duckdb.DuckDBPyConnection:
    """Do it all; the tables are those of the connection, the counts lie in the folder."""
    connection = day_sql.opened(folder)
    day_sql.work_out(connection, strategy, day_book.DAY, grace_of_promises())
    with duckdb.connect(config={"temp_directory": str(folder / ".duckdb")}) as windows:
        windows.execute(_WINDOWS.format(folder, day_book.DAY))
        contacts_floor.count_in(windows, folder, house_rules().binding)
    return connection


def compare(connection: duckdb.DuckDBPyConnection, outcome: Outcome, strategy: Strategy) -> int:
    """How many lines of both agree in every column, and the ageing too. RuntimeError with the first that differs."""
    names = [each.name for each in strategy.segments]
    segment = pl.col("segment").replace_strict(list(range(len(names))), names, return_dtype=pl.String)
    theirs = _table(connection, "lines").with_columns(segment)
    keys = ["debtor_id", "currency"]
    columns = [*keys, *day_sql.LINES]
    ours = outcome.lines
    _same(ours.select(columns), theirs.select(columns), keys)
    # what rules and pauses leave alone: the day of the next step, and the step of the message
    alone = ["waiting", "overdue_first", "not_yet_due", "residue"]
    quiet = ours.filter((pl.col("action") == "none") & pl.col("reason").is_in(alone))
    ahead = theirs.select(*keys, next_date="ahead_date").join(quiet, on=keys, how="semi")
    _same(quiet.select(*keys, "next_date"), ahead, keys)
    going = ours.filter((pl.col("action") == "message") & (pl.col("stage") > Stage.NOTICE))
    due = theirs.select(*keys, stage="dunning_stage").join(going, on=keys, how="semi")
    _same(going.select(*keys, "stage"), due, keys)
    aged = _table(connection, "ageing")
    _same(outcome.ageing, aged.select(outcome.ageing.columns), ["currency", "bucket"])
    return ours.height


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    with TemporaryDirectory(prefix="dunwell-bench-") as folder:
        connection.execute(f"COPY {name} TO '{folder}/{name}.parquet'")
        return pl.read_parquet(Path(folder) / f"{name}.parquet")


def _same(ours: pl.DataFrame, theirs: pl.DataFrame, keys: list[str]) -> None:
    theirs = theirs.cast(dict(ours.schema))  # type: ignore[arg-type]
    for name, left, right in (("ours", ours, theirs), ("DuckDB's", theirs, ours)):
        alone = left.join(right, on=left.columns, how="anti", nulls_equal=True).sort(keys)
        if not alone.is_empty():
            mine = alone.row(0, named=True)
            other = right.filter(pl.all_horizontal(pl.col(key) == mine[key] for key in keys)).to_dicts()
            raise RuntimeError(f"{alone.height} rows are {name} alone, as {mine}; the other side: {other}")


def compare_counts(folder: Path, outcome: Outcome) -> int:
    """How many counts of contact windows equal ours. RuntimeError with the first that differs."""
    said = outcome.findings.rename(
        {"debtor_id": "subject_id", "contact_point_id": "address_id", "receivable_id": "debt_id"}
    )
    said.write_parquet(folder / "said.parquet")
    return contacts.counts(folder, house_rules().binding)
