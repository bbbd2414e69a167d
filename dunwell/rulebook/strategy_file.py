"""Read a strategy from YAML. Every fault is told with its line; `docs/strategy.md` says what each word means."""

from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import NamedTuple

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES, Channel, Stage
from dunwell.rulebook.experiment_file import Experiments
from dunwell.rulebook.own_text import Lint, refuse_places
from dunwell.rulebook.rank import packaged_rank, read_rank, whole_rank
from dunwell.rulebook.strategy import (
    AT_ONCE,
    PERSON,
    SYSTEM,
    TONES,
    Level,
    PromiseNotes,
    Segment,
    Step,
    Strategy,
    Treatment,
)
from dunwell.rulebook.strategy_values import SPOKEN_OFFERS, Values
from dunwell.rulebook.yaml_lines import Fault, Faults, Node, read_yaml

SENDABLE = (Channel.EMAIL, Channel.LETTER)
"""Channels by which the program itself sends."""

_TOP = frozenset({
    "name", "title", "netting", "level", "grace_days", "pause_days", "minimum_minor", "minimum_percent",
    "residue_minor", "uneconomic_minor", "promises", "segments", "rank", "at_once", "experiments",
})  # fmt: skip
_TREATMENT = frozenset(
    {"by", "channels", "tone", "pay_within_days", "interest", "reconciliation", "attempts", "offer", "text"}
)
_ROW = _TREATMENT | {"stage", "offset_days", "month_end", "after_days", "after_deadline_days", "instead"}
_INSTEAD = _TREATMENT | {"when", "skip"}


class Reading(NamedTuple):
    """A strategy (None where it has faults), its faults and its warnings, each by line."""

    strategy: Strategy | None
    faults: list[Fault]
    warnings: list[Fault]


def examine_strategy(text: str, usual_rank: str | None = None, lint: Lint | None = None) -> Reading:
    """A strategy from its text, with all that is wrong with it. Raises DunwellError when it is no YAML at all.

    usual_rank   the text of the rank that holds where it says nothing (None: the one that comes with Dunwell)
    lint         refuses words that must not stand in a message (None: nobody asks)
    """
    faults = Faults()
    usual = packaged_rank() if usual_rank is None else usual_rank
    strategy = _Reader(faults, text, usual, lint).strategy(read_yaml(text))
    found, warnings = (sorted(each, key=lambda fault: fault.line) for each in (faults.found, faults.warnings))
    return Reading(None if found else strategy, found, warnings)


def check_strategy(text: str, usual_rank: str | None = None) -> tuple[Strategy | None, list[Fault]]:
    """A strategy from its text, or all its faults by line: see `examine_strategy`."""
    reading = examine_strategy(text, usual_rank)
    return reading.strategy, reading.faults


def read_strategy(text: str, usual_rank: str | None = None, lint: Lint | None = None) -> Strategy:
    """A strategy from its text. Raises DunwellError with the first fault and its line. usual_rank, lint: see
    `examine_strategy`."""
    strategy, faults, _ = examine_strategy(text, usual_rank, lint)
    if strategy is None:
        first = faults[0]
        raise DunwellError("strategy.fault", line=first.line, why=first.error.words(), more=len(faults) - 1)
    return strategy


@cache
def default_strategy() -> Strategy:
    """The strategy a new installation starts with."""
    return read_strategy((resources.files("dunwell.rulebook") / "strategies" / "default.yaml").read_text("utf-8"))


@dataclass(slots=True)
class _Reader(Values):
    text: str = ""
    usual_rank: str = ""
    lint: Lint | None = None
    pause_days: int = 0
    at_once: tuple[str, ...] = ()
    notes: PromiseNotes = field(default_factory=PromiseNotes)
    names: set[str] = field(default_factory=set)

    def strategy(self, top: Node) -> Strategy:
        rows = top.keys(self.faults, _TOP, frozenset({"name", "title", "netting", "pause_days", "segments"}))
        self.pause_days = self.whole(rows, "pause_days", 1, default=1)
        self.at_once = self.words(rows.get("at_once"), AT_ONCE, ())
        self.notes = self.promises(rows.get("promises"))
        segments = self.segments(rows.get("segments"))
        return Strategy(
            name=self.name(rows.get("name")),
            title=self.title(rows.get("title")),
            netting=self.flag(rows, "netting"),
            level=Level(self.one_of(rows, "level", tuple(Level), Level.RECEIVABLE)),
            grace_days=self.whole(rows, "grace_days", 0, default=0),
            minimum_minor=self.sums(rows.get("minimum_minor")),
            minimum_bp=self.percents(rows.get("minimum_percent")),
            residue_minor=self.sums(rows.get("residue_minor")),
            uneconomic_minor=self.uneconomic(rows.get("uneconomic_minor")),
            promises=self.notes,
            segments=segments,
            rank=read_rank(rows.get("rank"), self.faults, whole_rank(self.usual_rank)),
            experiments=Experiments(self.faults, segments).read(rows.get("experiments")),
            text=self.text,
            usual_rank=self.usual_rank,
        )

    # --- segments, steps, treatments ---

    def segments(self, node: Node | None) -> tuple[Segment, ...]:
        rows = node.rows(self.faults) if node else []
        found = []
        for place, row in enumerate(rows, 1):
            found.append(self.segment(row, is_last=place == len(rows)))
        if node and not rows:
            self.faults.add(node, "strategy.no_segments")
        return tuple(found)

    def segment(self, row: Node, *, is_last: bool) -> Segment:
        keys = row.keys(
            self.faults, frozenset({"segment", "title", "when", "pause_days", "at_once", "promises", "stages"}),
            frozenset({"segment", "title", "stages"}),
        )  # fmt: skip
        name = self.name(keys.get("segment"))
        if name in self.names:
            self.faults.add(keys["segment"], "strategy.segment_twice", name=name)
        self.names.add(name)
        if is_last and "when" in keys:
            self.faults.add(keys["when"], "strategy.last_for_all", name=name)
        if not is_last and "when" not in keys:
            self.faults.add(row, "strategy.takes_all", name=name)
        return Segment(
            name=name,
            title=self.title(keys.get("title")),
            when=self.condition(keys.get("when")),
            pause_days=self.whole(keys, "pause_days", 1, default=self.pause_days),
            promises=self.promises(keys.get("promises")),
            steps=self.steps(keys.get("stages")),
            at_once=frozenset(self.words(keys.get("at_once"), AT_ONCE, self.at_once)),
        )

    def promises(self, node: Node | None) -> PromiseNotes:
        """What is written about promises; a segment says only what differs from the top."""
        if node is None:
            return self.notes
        keys = node.keys(self.faults, frozenset({"remind_days", "thank", "channels"}))
        found = PromiseNotes(
            remind_days=self.whole(keys, "remind_days", 0, default=self.notes.remind_days),
            thank=self.flag(keys, "thank", default=self.notes.thank),
            channels=self.channels(keys.get("channels"), self.notes.channels),
        )
        if found.any and not found.channels:
            self.faults.add(node, "strategy.no_channels", stage="promises")
        for channel in found.channels:
            if channel not in SENDABLE:
                self.faults.add(
                    keys.get("channels", node), "strategy.note_unsendable", channel=channel, known=", ".join(SENDABLE)
                )
                break
        return found

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        found: list[Step] = []
        for row in node.rows(self.faults) if node else []:
            step = self.step(row)
            if step is None:
                continue
            if found and step.stage <= found[-1].stage:
                self.faults.add(
                    row, "strategy.stage_order", stage=step.stage.word, before=found[-1].stage.word
                )  # fmt: skip
            has_deadline = any(each.stage == Stage.SECOND_DUNNING for each in found)
            if step.after_deadline_days is not None and not has_deadline:
                self.faults.add(row, "strategy.no_deadline_before", stage=step.stage.word)
            found.append(step)
        if node and not found:
            self.faults.add(node, "strategy.no_stages")
        return tuple(found)

    def step(self, row: Node) -> Step | None:
        keys = row.keys(self.faults, _ROW, frozenset({"stage"}))
        known = {stage.word: stage for stage in Stage if stage}
        word = keys["stage"].value if "stage" in keys else None
        if word not in known:
            if "stage" in keys:
                self.faults.add(keys["stage"], "strategy.unknown_stage", stage=str(word)[:40], known=", ".join(known))
            return None
        stage = known[word]
        after_deadline = self.maybe_whole(keys, "after_deadline_days", 0)
        offset = self.maybe_whole(keys, "offset_days", None)
        if offset is None and after_deadline is None:
            self.faults.add(row, "strategy.when_missing", stage=stage.word)
        if offset is not None and (offset > 0) == (stage is Stage.NOTICE):
            self.faults.add(
                keys["offset_days"], "strategy.notice_late" if offset > 0 else "strategy.step_early", stage=stage.word
            )
        month_end = self.flag(keys, "month_end")
        if month_end and (offset is None or offset <= 0):
            self.faults.add(keys["month_end"], "strategy.month_end", stage=stage.word)
        usual = Treatment(
            name=stage.word, by=SYSTEM if stage.is_message else PERSON,
            channels=(Channel.PHONE,) if stage is Stage.CALL else (),
        )  # fmt: skip
        plain = self.treatment(row, keys, stage, usual)
        return Step(
            stage=stage,
            offset_days=offset,
            after_days=self.whole(keys, "after_days", 0, default=0),
            after_deadline_days=after_deadline,
            treatments=(*self.instead(keys.get("instead"), stage, plain), plain),
            month_end=month_end,
        )

    def instead(self, node: Node | None, stage: Stage, plain: Treatment) -> tuple[Treatment, ...]:
        """Treatments for some; what a row does not say is as for all."""
        found = []
        for place, row in enumerate(node.rows(self.faults) if node else [], 1):
            keys = row.keys(self.faults, _INSTEAD, frozenset({"when"}))
            when = self.condition(keys.get("when"))
            named = replace(plain, name=f"{stage.word}.{place}", when=when)
            if "skip" in keys and self.flag(keys, "skip"):
                if keys.keys() - {"when", "skip"}:
                    self.faults.add(row, "strategy.skip_alone")
                found.append(replace(named, skip=True))
            else:
                found.append(self.treatment(row, keys, stage, named))
        return tuple(found)

    def treatment(self, row: Node, keys: dict[str, Node], stage: Stage, usual: Treatment) -> Treatment:
        found = replace(
            usual,
            by=self.one_of(keys, "by", (SYSTEM, PERSON), usual.by),
            channels=self.words(keys.get("channels"), tuple(Channel), usual.channels),
            tone=self.one_of(keys, "tone", TONES, usual.tone),
            pay_within_days=self.maybe_whole(keys, "pay_within_days", 1, usual.pay_within_days),
            interest=self.flag(keys, "interest", default=usual.interest),
            reconciliation=self.flag(keys, "reconciliation", default=usual.reconciliation),
            attempts=self.whole(keys, "attempts", 1, default=usual.attempts),
            offer=self.offer(keys["offer"]) if "offer" in keys else usual.offer,
        )
        self.check_treatment(row, stage, found)
        return replace(found, text=self.own_text(keys["text"], stage, found)) if "text" in keys else found

    def own_text(self, node: Node, stage: Stage, treatment: Treatment) -> dict[str, str]:
        """The house's own paragraph by language. In a language that is missing the message goes without it."""
        if treatment.by != SYSTEM:
            self.faults.add(node, "strategy.text_by_person", stage=stage.word)
        found: dict[str, str] = {}
        given = node.keys(self.faults, frozenset(LANGUAGES))
        for language, each in given.items():
            text = each.value.replace("\n", " ").strip() if isinstance(each.value, str) else ""
            try:
                refuse_places(text, has_deadline=treatment.pay_within_days is not None)
                if self.lint is not None:
                    self.lint(text, stage)
            except DunwellError as error:
                self.faults.error(each, error)
            else:
                found[language] = text
        if missing := [each for each in LANGUAGES if each not in given]:
            self.faults.warn(node, "strategy.text_missing", stage=stage.word, languages=", ".join(missing))
        return found

    def check_treatment(self, row: Node, stage: Stage, found: Treatment) -> None:
        if found.by == SYSTEM:
            if not stage.is_message:
                self.faults.add(row, "strategy.needs_person", stage=stage.word)
            elif not found.channels:
                self.faults.add(row, "strategy.no_channels", stage=stage.word)
            elif unsendable := [each for each in found.channels if each not in SENDABLE]:
                self.faults.add(
                    row, "strategy.unsendable", stage=stage.word, channel=unsendable[0], known=", ".join(SENDABLE)
                )
            if found.offer is not None and found.offer.kind not in SPOKEN_OFFERS:
                self.faults.add(row, "strategy.offer_by_person", stage=stage.word, kind=found.offer.kind)
        if stage.is_message and stage >= Stage.FIRST_DUNNING and found.pay_within_days is None:
            self.faults.add(row, "strategy.no_final_deadline", stage=stage.word)
