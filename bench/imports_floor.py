"""The floor of an import: `dump FOLDER` keeps the rows that an import wrote, `load FOLDER` times their bare load."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import django
import polars as pl

django.setup()

from django.db import connection, transaction  # noqa: E402

from bench.imports import TABLES  # noqa: E402
from dunwell.store import bulk, dialect, guard  # noqa: E402
from dunwell.store.models import ContactPoint, Debtor, ImportFile, Person, Receivable  # noqa: E402

_MODELS = dict(zip(TABLES, (Person, Debtor, ContactPoint, Receivable), strict=True))


def dump(folder: Path) -> None:
    """Keep all rows as Parquet, exactly as they stand."""
    folder.mkdir()
    for name, model in _MODELS.items():
        table = bulk.Table.of(model)
        own = {"id": pl.Int64(), "creditor_id": pl.Int64()}
        if table.versioned:
            own |= {"source_id": pl.Int64(), "known_from": bulk.MOMENT}
        schema = {**own, **table.columns}
        listed = ", ".join(f'"{column}"' for column in schema)
        dialect.read_frame(f"SELECT {listed} FROM {table.name} ORDER BY id", [], schema).write_parquet(
            folder / f"{name}.parquet"
        )
    files = ImportFile.objects.order_by("pk").values(
        "pk", "creditor_id", "sha256", "name", "kind", "imported_at", "report"
    )
    (folder / "files.json").write_text(json.dumps(list(files), default=str), encoding="utf-8")


def load(folder: Path) -> None:
    """Load them into an empty book and print the seconds: all tables, and receivables alone (commit not counted)."""
    for each in json.loads((folder / "files.json").read_text(encoding="utf-8")):
        with guard.writing("bench"):
            ImportFile.objects.create(**each)
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in _MODELS}
    receivables = 0.0
    start, busy = time.perf_counter(), time.process_time()
    with transaction.atomic():
        for name, frame in frames.items():
            began = time.perf_counter()
            _bare(f"store_{name}", frame)
            receivables = time.perf_counter() - began
    took = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - busy, "receivables": receivables}
    print(json.dumps(took))


def _bare(table: str, frame: pl.DataFrame) -> None:
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    if connection.vendor == "sqlite":
        text: list[Any] = [pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if kind == pl.Date] + [
            pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
            for name, kind in frame.schema.items()
            if kind.base_type() == pl.Datetime
        ]
        marks = ", ".join(["?"] * frame.width)
        statement = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'
        for part in frame.iter_slices(50_000):
            connection.connection.executemany(statement, part.with_columns(text).rows())
        return
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as copy,
    ):
        for part in frame.iter_slices(100_000):
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric").encode())


if __name__ == "__main__":
    {"dump": dump, "load": load}[sys.argv[1]](Path(sys.argv[2]))
