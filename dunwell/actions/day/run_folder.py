"""The folder of a run: its facts, its decisions, and all that is needed to reach them again.

runs/<name>/manifest.json    hashes, versions, the day and the moment
runs/<name>/facts/*.parquet  one file per kind of fact
runs/<name>/*.parquet        lines, items, findings, notes, decisions
runs/<name>/strategy.yaml, rules.json
runs/<name>/rank.yaml         the order of tasks where the strategy says nothing: a newer version may bring another
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dunwell import engine
from dunwell.core.errors import DunwellError
from dunwell.engine.day.decide import Outcome, Watch, decide
from dunwell.engine.day.sharded import Progress, decide_in_shards
from dunwell.engine.day.shards import ROWS_PER_SHARD, of_facts, rows_of
from dunwell.engine.facts import SCHEMA_VERSION, SCHEMAS, Facts
from dunwell.evidence.frames import frame_hash
from dunwell.rulebook.rules_file import Rules, read_rules
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import read_strategy

LARGE_ROWS = 4 * ROWS_PER_SHARD
"""From so many rows on, some 200 000 debtors, a day is decided in shards: see docs/decisions/shards.md."""
PARTS = ("lines", "items", "findings", "notes", "decisions")


@dataclass(frozen=True, slots=True)
class Inputs:
    """All a decision rests on."""

    facts: Facts
    strategy: Strategy
    rules: Rules
    as_of: date
    moment: datetime

    def with_strategy(self, strategy: Strategy) -> "Inputs":
        """The same, but for the strategy."""
        return replace(self, strategy=strategy)

    def decide(self, progress: Callable[[Progress], None] = lambda _: None) -> Outcome:
        """Decide anew: the same inputs always give the same outcome. A large book goes shard by shard, and tells how
        far it has come."""
        asked = (self.facts, self.strategy, self.rules, self.as_of, self.moment)
        if rows_of(of_facts(self.facts)) <= LARGE_ROWS:
            return decide(*asked)
        return decide_in_shards(*asked, progress=progress)

    def decide_watched(self, watch: Watch, also: frozenset[str] = frozenset()) -> Outcome:
        """The same in one piece, told what it is made of; also: see `engine.day.decide.decide`."""
        return decide(self.facts, self.strategy, self.rules, self.as_of, self.moment, watch, also=also)


def facts_hash(facts: Facts) -> str:
    """One hash over all frames of facts, whose rows stand in the order of their keys."""
    return _together({name: frame_hash(facts[name]) for name in SCHEMAS})


def outcome_hash(outcome: Outcome) -> str:
    """One hash over all that was decided."""
    return _together({part: frame_hash(getattr(outcome, part)) for part in PARTS})


def write(folder: Path, inputs: Inputs, outcome: Outcome, manifest: dict[str, Any]) -> None:
    """Write a run's folder as a whole: it appears under its name only when it is complete."""
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "facts").mkdir(parents=True)
    for name in SCHEMAS:
        inputs.facts[name].write_parquet(draft / "facts" / f"{name}.parquet")
    for part in PARTS:
        getattr(outcome, part).write_parquet(draft / f"{part}.parquet")
    (draft / "strategy.yaml").write_text(inputs.strategy.text, encoding="utf-8")
    (draft / "rank.yaml").write_text(inputs.strategy.usual_rank, encoding="utf-8")
    (draft / "rules.json").write_text(json.dumps(inputs.rules.texts, ensure_ascii=False, indent=1), encoding="utf-8")
    (draft / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def manifest_of(inputs: Inputs, outcome: Outcome) -> dict[str, Any]:
    """What a stranger needs to know to replay the run, with the hashes that bind it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "engine_version": engine.VERSION,
        "as_of": inputs.as_of.isoformat(),
        "moment": inputs.moment.isoformat(),
        **manifest_hashes(inputs),
        "decisions_hash": outcome_hash(outcome),
    }


def manifest_hashes(inputs: Inputs) -> dict[str, str]:
    """What binds the inputs of a run."""
    return {
        "facts_hash": facts_hash(inputs.facts),
        "strategy_hash": inputs.strategy.hash,
        "rank_hash": hashlib.sha256(inputs.strategy.usual_rank.encode()).hexdigest(),
        "rules_hash": inputs.rules.hash,
    }


def read(folder: Path) -> tuple[Inputs, dict[str, Any]]:
    """A run's inputs and its manifest. Raises DunwellError when the folder is missing, incomplete or was altered."""
    if not (folder / "manifest.json").is_file():
        raise DunwellError("run.no_folder", name=folder.name)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["schema_version"] != SCHEMA_VERSION:
            raise DunwellError(
                "run.other_schema", name=folder.name, theirs=manifest["schema_version"], ours=SCHEMA_VERSION
            )
        inputs = Inputs(
            facts=Facts({name: pl.read_parquet(folder / "facts" / f"{name}.parquet") for name in SCHEMAS}),
            strategy=_strategy(folder),
            rules=read_rules(json.loads((folder / "rules.json").read_text(encoding="utf-8"))),
            as_of=date.fromisoformat(manifest["as_of"]),
            moment=datetime.fromisoformat(manifest["moment"]),
        )
        found = manifest_hashes(inputs)
        wanted = {name: manifest[name] for name in found}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise DunwellError("run.unreadable", name=folder.name, why=str(error)) from error
    for name, ours in found.items():
        if wanted[name] != ours:
            raise DunwellError("run.altered", name=folder.name, part=name.removesuffix("_hash"))
    return inputs, manifest


def _strategy(folder: Path) -> Strategy:
    """A kept strategy, with the order of tasks that held then. Raises ValueError when it was altered to none."""
    text, rank = ((folder / name).read_text(encoding="utf-8") for name in ("strategy.yaml", "rank.yaml"))
    try:
        return read_strategy(text, rank)
    except DunwellError as error:
        raise ValueError(str(error)) from error


def _together(hashes: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
