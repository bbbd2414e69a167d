"""Copies of the tables that grow, as Parquet: the next day reads only what changed.

    copies/<creditor>/manifest.json              what stands in them, up to which row; renamed in place as a whole
    copies/<creditor>/<frame>-<span>-<turn>.parquet   the rows of a span of ids

A row is read anew when its id is above all that were seen, when an earlier version of it was put away since, or when
its own state says that it is not final. No clock is asked: moments of acts may be pretended. Afterwards counts and sums
are asked of the table and of the copy; where they differ, and where a file is missing, damaged or of another version,
the whole is read again. So a copy is never the source of anything: it may be deleted at any time.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

SPAN = 1 << 20
"""Ids in a file: a change rewrites so many rows."""
VERSION = 1
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Source:
    """A table as a frame, for `Copies`.

    key       the column of ids that says which rows replace one another
    marks     the highest ids of now, by which the next time finds what came since
    changed   the rows since such marks (None: all of them)
    check     what the table says of itself: counts and sums
    said      the same of a frame, so that both can be held against each other
    open_rows rows that may change without a trace: they are read anew each time
    """

    key: str
    marks: Callable[[], dict[str, int]]
    changed: Callable[[dict[str, int] | None], pl.DataFrame]
    check: Callable[[], dict[str, int]]
    said: Callable[[pl.DataFrame], dict[str, int]]
    open_rows: pl.Expr = field(default_factory=lambda: pl.lit(value=False))


class Copies:
    """The copies of one creditor's tables in a folder of his. bound: what the frames hang on beside the tables."""

    def __init__(self, folder: Path, bound: str) -> None:
        self._folder = folder
        self._bound = bound

    def frames(self, sources: Mapping[str, Source]) -> dict[str, pl.DataFrame]:
        """Every frame as the tables have it now; the copies are brought up to date. Where they cannot be written, there
        are none until the next time: the frames are right all the same."""
        known = self._manifest(sources)
        before = {name: known["frames"][name] if known else None for name in sources}
        marks = {name: source.marks() for name, source in sources.items()}
        brought = {name: self._brought(source, before[name]) for name, source in sources.items()}
        found = {name: frame for name, (frame, _) in brought.items()}
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            turn = self._next_turn()
            written = {}
            for name, (frame, spans) in brought.items():
                kept = before[name]
                files = {} if kept is None or spans is None else dict(kept["files"])
                files |= self._write(name, sources[name], frame, spans, turn)
                written[name] = {"marks": marks[name], "files": files, "rows": frame.height}
            self._keep({"version": VERSION, "bound": self._bound, "frames": written})
        except (OSError, pl.exceptions.PolarsError):
            with suppress(OSError):
                (self._folder / _MANIFEST).unlink(missing_ok=True)
        return found

    def _next_turn(self) -> int:
        """Part of the names of new files, so that none of the day before is written over."""
        return 1 + max((int(each.stem.rpartition("-")[2]) for each in self._folder.glob("*-*-*.parquet")), default=0)

    def _manifest(self, sources: Mapping[str, Source]) -> dict[str, Any] | None:
        try:
            found = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
            whole = (found["version"], found["bound"]) == (VERSION, self._bound) and set(sources) == set(
                found["frames"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if whole else None

    def _brought(self, source: Source, before: dict[str, Any] | None) -> tuple[pl.DataFrame, set[int] | None]:
        """The frame, and the spans of it that are new; None: all are."""
        if before is not None:
            with suppress(OSError, ValueError, KeyError, pl.exceptions.PolarsError):
                old = self._read(before)
                fresh = source.changed(before["marks"])
                if _columns(old) == _columns(fresh):
                    merged, spans = _merged(old, fresh, source)
                    if source.check() == source.said(merged):
                        return merged, spans
        return source.changed(None), None

    def _read(self, before: dict[str, Any]) -> pl.DataFrame:
        """Raises OSError, KeyError or PolarsError where files are missing or damaged."""
        parts = [pl.read_parquet(self._folder / file) for file in before["files"].values()]
        if not parts:
            raise KeyError("files")
        found = pl.concat(parts)
        if found.height != before["rows"]:
            raise ValueError(f"{found.height} rows")
        return found

    def _write(
        self, name: str, source: Source, frame: pl.DataFrame, spans: set[int] | None, turn: int
    ) -> dict[str, str]:
        """Write the spans that are new (None: all, at least an empty one): span -> file."""
        wanted = set((frame[source.key] // SPAN).unique()) or {0} if spans is None else spans
        files = {}
        for span in sorted(wanted):
            rows = frame.filter(pl.col(source.key) // SPAN == span)
            files[str(span)] = f"{name}-{span}-{turn}.parquet"
            rows.write_parquet(self._folder / files[str(span)])
        return files

    def _keep(self, manifest: dict[str, Any]) -> None:
        draft = self._folder / f".{_MANIFEST}.part"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(manifest, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / _MANIFEST)
        used = {file for frame in manifest["frames"].values() for file in frame["files"].values()}
        for each in self._folder.glob("*.parquet"):
            if each.name not in used:
                each.unlink(missing_ok=True)


def _merged(old: pl.DataFrame, fresh: pl.DataFrame, source: Source) -> tuple[pl.DataFrame, set[int]]:
    """The old rows with the fresh ones in place of theirs, in the order of the key; and the spans that changed."""
    key = source.key
    gone = pl.concat([fresh[key], old.filter(source.open_rows)[key]]).unique()
    stay = old.filter(~pl.col(key).is_in(gone.implode()))
    spans = set((gone // SPAN).unique())
    return pl.concat([stay, fresh]).sort(key, maintain_order=True), spans


def _columns(frame: pl.DataFrame) -> list[list[str]]:
    return [[name, str(kind)] for name, kind in frame.schema.items()]
