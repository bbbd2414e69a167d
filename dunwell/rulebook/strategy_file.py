"""Read a strategy from YAML. Every fault is told with its line; `docs/strategy.md` says what each word means."""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal, DecimalException
from functools import cache
from importlib import resources
from typing import Any

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS
from dunwell.core.terms import LANGUAGES, Channel, Stage
from dunwell.rulebook.conditions import Condition, read_condition
from dunwell.rulebook.rank import default_rank, read_rank
from dunwell.rulebook.strategy import (
    PERSON,
    SYSTEM,
    TONES,
    Level,
    Offer,
    OfferKind,
    PromiseNotes,
    Segment,
    Step,
    Strategy,
    Treatment,
)
from dunwell.rulebook.yaml_lines import Fault, Faults, Node, read_yaml

SENDABLE = (Channel.EMAIL, Channel.LETTER)
"""Channels by which the program itself sends."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MOST_DAYS = 3_650
_MOST_MINOR = 10**15
_WHOLE_PERCENT_BP = 10_000

_TOP = frozenset({
    "name", "title", "netting", "level", "grace_days", "pause_days", "minimum_minor", "minimum_percent",
    "residue_minor", "uneconomic_minor", "promises", "segments", "rank",
})  # fmt: skip
_TREATMENT = frozenset({"by", "channels", "tone", "pay_within_days", "interest", "attempts", "offer"})
_ROW = _TREATMENT | {"stage", "offset_days", "month_end", "after_days", "after_deadline_days", "instead"}
_INSTEAD = _TREATMENT | {"when", "skip"}
_SPOKEN_OFFERS = (OfferKind.INSTALMENTS, OfferKind.EXTENSION)
"""What a letter may offer by itself: an invitation to talk. What takes off money is a person's to offer."""
_LIMITS: dict[OfferKind, tuple[frozenset[str], frozenset[str]]] = {
    OfferKind.WAIVER: (frozenset({"percent"}), frozenset({"days"})),
    OfferKind.EXTENSION: (frozenset({"days"}), frozenset()),
    OfferKind.DISCOUNT: (frozenset({"percent", "days"}), frozenset()),
    OfferKind.INSTALMENTS: (frozenset({"instalments"}), frozenset()),
}
"""Of each kind of offer: the limits it must have, and those it may have besides."""


def check_strategy(text: str) -> tuple[Strategy | None, list[Fault]]:
    """A strategy from its text, or all its faults by line. Raises DunwellError when it is no YAML at all."""
    faults = Faults()
    strategy = _Reader(faults, text).strategy(read_yaml(text))
    ordered = sorted(faults.found, key=lambda fault: fault.line)
    return (None if ordered else strategy), ordered


def read_strategy(text: str) -> Strategy:
    """A strategy from its text. Raises DunwellError with the first fault and its line."""
    strategy, faults = check_strategy(text)
    if strategy is None:
        first = faults[0]
        raise DunwellError("strategy.fault", line=first.line, why=first.error.words(), more=len(faults) - 1)
    return strategy


@cache
def default_strategy() -> Strategy:
    """The strategy a new installation starts with."""
    return read_strategy((resources.files("dunwell.rulebook") / "strategies" / "default.yaml").read_text("utf-8"))


@dataclass(slots=True)
class _Reader:
    faults: Faults
    text: str
    pause_days: int = 0
    notes: PromiseNotes = field(default_factory=PromiseNotes)
    names: set[str] = field(default_factory=set)

    def strategy(self, top: Node) -> Strategy:
        rows = top.keys(self.faults, _TOP, frozenset({"name", "title", "netting", "pause_days", "segments"}))
        self.pause_days = self.whole(rows, "pause_days", 1, default=1)
        self.notes = self.promises(rows.get("promises"))
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
            segments=self.segments(rows.get("segments")),
            rank=read_rank(rows.get("rank"), self.faults, default_rank()),
            text=self.text,
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
            self.faults, frozenset({"segment", "title", "when", "pause_days", "promises", "stages"}),
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
            channels=self.channels(keys.get("channels"), usual.channels),
            tone=self.one_of(keys, "tone", TONES, usual.tone),
            pay_within_days=self.maybe_whole(keys, "pay_within_days", 1, usual.pay_within_days),
            interest=self.flag(keys, "interest", default=usual.interest),
            attempts=self.whole(keys, "attempts", 1, default=usual.attempts),
            offer=self.offer(keys["offer"]) if "offer" in keys else usual.offer,
        )
        self.check_treatment(row, stage, found)
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
            if found.offer is not None and found.offer.kind not in _SPOKEN_OFFERS:
                self.faults.add(row, "strategy.offer_by_person", stage=stage.word, kind=found.offer.kind)
        if stage.is_message and stage >= Stage.FIRST_DUNNING and found.pay_within_days is None:
            self.faults.add(row, "strategy.no_final_deadline", stage=stage.word)

    def channels(self, node: Node | None, usual: tuple[str, ...]) -> tuple[str, ...]:
        if node is None:
            return usual
        found: list[str] = []
        for row in node.rows(self.faults):
            word = row.value
            if word not in tuple(Channel):
                self.faults.add(
                    row, "strategy.unknown_word", where=node.path, value=str(word)[:40], known=", ".join(Channel)
                )
            elif word not in found:
                found.append(word)
        return tuple(found)

    def offer(self, node: Node) -> Offer | None:
        keys = node.keys(self.faults, frozenset({"kind", "percent", "days", "instalments"}), frozenset({"kind"}))
        word = keys["kind"].value if "kind" in keys else None
        if word not in tuple(OfferKind):
            if "kind" in keys:
                self.faults.add(
                    keys["kind"], "strategy.unknown_word", where=node.path, value=str(word)[:40],
                    known=", ".join(OfferKind),
                )  # fmt: skip
            return None
        kind = OfferKind(word)
        needed, allowed = _LIMITS[kind]
        given = keys.keys() - {"kind"}
        if not needed <= given <= needed | allowed:
            self.faults.add(node, "strategy.offer_limits", kind=kind, needs=", ".join(sorted(needed | allowed)))
        return Offer(
            kind=kind,
            percent_bp=self.percent(keys["percent"]) if "percent" in keys else None,
            days=self.maybe_whole(keys, "days", 1),
            instalments=self.maybe_whole(keys, "instalments", 2),
        )

    # --- values ---

    def condition(self, node: Node | None) -> Condition | None:
        if node is None:
            return None
        text = node.value
        if not isinstance(text, str) or not text.strip():
            self.faults.add(node, "strategy.wants_condition", where=node.path)
            return None
        try:
            return read_condition(text)
        except DunwellError as error:
            self.faults.error(node, error)
            return None

    def name(self, node: Node | None) -> str:
        if node is None:
            return ""
        found = node.value
        if not isinstance(found, str) or not _NAME.fullmatch(found):
            self.faults.add(node, "strategy.bad_name", name=str(found)[:40])
            return ""
        return found

    def title(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        keys = node.keys(self.faults, frozenset(LANGUAGES), frozenset(LANGUAGES))
        found = {}
        for language, each in keys.items():
            text = each.value
            if not isinstance(text, str) or not text.strip() or len(text) > 80 or not text.isprintable():
                self.faults.add(each, "strategy.bad_title", where=each.path)
            else:
                found[language] = text
        return found

    def flag(self, keys: dict[str, Node], name: str, *, default: bool = False) -> bool:
        if name not in keys:
            return default
        found = keys[name].value
        if not isinstance(found, bool):
            self.faults.add(keys[name], "strategy.wants_flag", where=keys[name].path)
            return default
        return found

    def one_of(self, keys: dict[str, Node], name: str, known: tuple[str, ...], default: str) -> str:
        if name not in keys:
            return default
        found = keys[name].value
        if found not in known:
            self.faults.add(
                keys[name],
                "strategy.unknown_word",
                where=keys[name].path,
                value=str(found)[:40],
                known=", ".join(known),
            )
            return default
        return str(found)

    def whole(self, keys: dict[str, Node], name: str, least: int, *, default: int) -> int:
        found = self.maybe_whole(keys, name, least)
        return default if found is None else found

    def maybe_whole(
        self, keys: dict[str, Node], name: str, least: int | None, default: int | None = None
    ) -> int | None:
        if name not in keys:
            return default
        if keys[name].leads_with_zero:
            self.faults.add(keys[name], "strategy.leading_zero", where=keys[name].path)
            return default
        found: Any = keys[name].value
        lowest = -_MOST_DAYS if least is None else least
        if type(found) is not int or not lowest <= found <= _MOST_DAYS:
            self.faults.add(keys[name], "strategy.wants_days", where=keys[name].path, least=lowest, most=_MOST_DAYS)
            return default
        return found

    def sums(self, node: Node | None) -> dict[str, int]:
        """Currency to whole minor units."""
        found = {}
        for currency, each in node.pairs(self.faults) if node else ():
            if currency not in DIGITS:
                self.faults.add(each, "strategy.no_currency", currency=currency[:20])
            elif each.leads_with_zero:
                self.faults.add(each, "strategy.leading_zero", where=each.path)
            elif type(each.value) is not int or not 0 <= each.value <= _MOST_MINOR:
                self.faults.add(each, "strategy.wants_minor", where=each.path)
            else:
                found[currency] = each.value
        return found

    def percents(self, node: Node | None) -> dict[str, int]:
        """Currency to hundredths of a percent."""
        found = {}
        for currency, each in node.pairs(self.faults) if node else ():
            if currency not in DIGITS:
                self.faults.add(each, "strategy.no_currency", currency=currency[:20])
            else:
                found[currency] = self.percent(each) or 0
        return found

    def percent(self, node: Node) -> int | None:
        if node.leads_with_zero:
            self.faults.add(node, "strategy.leading_zero", where=node.path)
            return None
        try:
            found = Decimal(str(node.value)) * 100
        except DecimalException:
            found = Decimal(-1)
        if not (found.is_finite() and 0 < found <= _WHOLE_PERCENT_BP and found == found.to_integral_value()):
            self.faults.add(node, "strategy.wants_percent", where=node.path)
            return None
        return int(found)

    def uneconomic(self, node: Node | None) -> dict[str, dict[str, int]]:
        found = {}
        for channel, each in node.pairs(self.faults) if node else ():
            if channel not in tuple(Channel):
                self.faults.add(
                    each,
                    "strategy.unknown_word",
                    where=node.path if node else "",
                    value=channel[:40],
                    known=", ".join(Channel),
                )
            else:
                found[channel] = self.sums(each)
        return found
