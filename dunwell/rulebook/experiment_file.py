"""The block `experiments` of a strategy's file, each fault with its line. docs/strategy.md says what it means."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dunwell.core.terms import Stage
from dunwell.rulebook.strategy import SYSTEM, Arm, Change, Experiment, Offer, Segment, Step, Treatment
from dunwell.rulebook.strategy_values import SPOKEN_OFFERS, Values
from dunwell.rulebook.yaml_lines import Node

WHOLE_BP = 10_000
"""What the shares of all arms come to."""
_LEAST_ARMS = 2
_NEEDED = frozenset({"experiment", "from", "until", "arms"})


@dataclass(slots=True)
class Experiments(Values):
    """Reads experiments. An arm is no way around the strategy: it may be slower and more generous, nothing else."""

    segments: tuple[Segment, ...] = ()
    found: list[Experiment] = field(default_factory=list)

    def read(self, node: Node | None) -> tuple[Experiment, ...]:
        """All of them; none where the strategy has no such block."""
        for row in node.rows(self.faults) if node else []:
            each = self._experiment(row)
            if each is not None:
                self._refuse_overlap(row, each)
                self.found.append(each)
        return tuple(self.found)

    def _experiment(self, row: Node) -> Experiment | None:
        keys = row.keys(self.faults, _NEEDED | {"segment", "when"}, _NEEDED)
        name = self.name(keys.get("experiment"))
        if name in {each.name for each in self.found}:
            self.faults.add(keys["experiment"], "strategy.experiment_twice", name=name)
        first, last = self.day(keys, "from"), self.day(keys, "until")
        if first and last and last < first:
            self.faults.add(keys["until"], "strategy.experiment_days", name=name)
        segment = self._segment(keys.get("segment"))
        meant = tuple(each for each in self.segments if segment in (None, each.name))
        arms = self._arms(keys["arms"], meant) if "arms" in keys else ()
        when = self.condition(keys.get("when"))
        if first is None or last is None:
            return None
        return Experiment(name=name, from_date=first, until_date=last, segment=segment, when=when, arms=arms)

    def _refuse_overlap(self, row: Node, mine: Experiment) -> None:
        """Who were in two at once would blur both."""
        for other in self.found:
            first, last = max(mine.from_date, other.from_date), min(mine.until_date, other.until_date)
            if first <= last:
                self.faults.add(
                    row, "strategy.experiments_overlap", name=mine.name, other=other.name, first=first.isoformat(),
                    last=last.isoformat(),
                )  # fmt: skip

    def _segment(self, node: Node | None) -> str | None:
        if node is None:
            return None
        known = [each.name for each in self.segments]
        if node.value not in known:
            self.faults.add(node, "strategy.unknown_segment", name=str(node.value)[:40], known=", ".join(known))
            return None
        return str(node.value)

    # --- arms ---

    def _arms(self, node: Node, meant: tuple[Segment, ...]) -> tuple[Arm, ...]:
        found: list[Arm] = []
        for row in node.rows(self.faults):
            arm = self._arm(row, meant)
            if arm.name in {each.name for each in found}:
                self.faults.add(row, "strategy.arm_twice", name=arm.name)
            found.append(arm)
        if len(found) < _LEAST_ARMS:
            self.faults.add(node, "strategy.few_arms", least=_LEAST_ARMS)
        elif (total := sum(each.share_bp for each in found)) != WHOLE_BP:
            self.faults.add(node, "strategy.shares", total=total, whole=WHOLE_BP)
        return tuple(found)

    def _arm(self, row: Node, meant: tuple[Segment, ...]) -> Arm:
        keys = row.keys(self.faults, frozenset({"arm", "share_bp", "stages"}), frozenset({"arm", "share_bp"}))
        changes: dict[Stage, Change] = {}
        for each in keys["stages"].rows(self.faults) if "stages" in keys else []:
            change = self._change(each, meant)
            if change is not None and change.stage in changes:
                self.faults.add(each, "strategy.twice", where=each.path, key=change.stage.word)
            elif change is not None:
                changes[change.stage] = change
        return Arm(self.name(keys.get("arm")), self._share(keys.get("share_bp")), tuple(changes.values()))

    def _share(self, node: Node | None) -> int:
        if node is None:
            return 0
        found = node.value
        if type(found) is not int or not 0 < found < WHOLE_BP:
            self.faults.add(node, "strategy.wants_share", where=node.path, most=WHOLE_BP - 1)
            return 0
        return found

    def _change(self, row: Node, meant: tuple[Segment, ...]) -> Change | None:
        keys = row.keys(self.faults, frozenset({"stage", "channels", "after_days", "offer"}), frozenset({"stage"}))
        steps = [
            (each, place) for each in meant for place, step in enumerate(each.steps) if step.stage.word == _word(keys)
        ]
        if not steps:
            if "stage" in keys:
                known = dict.fromkeys(step.stage.word for each in meant for step in each.steps)
                self.faults.add(
                    keys["stage"], "strategy.unknown_stage", stage=str(_word(keys))[:40], known=", ".join(known)
                )
            return None
        if len(keys) == 1:
            self.faults.add(row, "strategy.arm_same", stage=str(_word(keys)))
        own = [segment.steps[place] for segment, place in steps]
        return Change(
            stage=own[0].stage,
            channels=self._channels(keys.get("channels"), own),
            after_days=self._after_days(keys, steps),
            offer=self._offer(keys["offer"], own) if "offer" in keys else None,
        )

    def _channels(self, node: Node | None, own: list[Step]) -> tuple[str, ...]:
        """An order of the strategy's channels: an arm opens no other way to a debtor, and closes none."""
        found = self.channels(node, ())
        known = dict.fromkeys(channel for each in _treatments(own) for channel in each.channels)
        for channel in found:
            if node is not None and channel not in known:
                self.faults.add(
                    node, "strategy.arm_channel", channel=channel, stage=own[0].stage.word,
                    known=", ".join(known) or "-",
                )  # fmt: skip
        return found

    def _after_days(self, keys: dict[str, Node], steps: list[tuple[Segment, int]]) -> int | None:
        found = self.maybe_whole(keys, "after_days", 0)
        if found is None:
            return None
        stage = str(_word(keys))
        for segment, place in steps:
            least = segment.steps[place].after_days
            if found < least:
                self.faults.add(
                    keys["after_days"], "strategy.arm_sooner", stage=stage, segment=segment.name, least=least
                )  # fmt: skip
        if all(place == 0 for _, place in steps):
            self.faults.add(keys["after_days"], "strategy.arm_first", stage=stage)
        return found

    def _offer(self, node: Node, own: list[Step]) -> Offer | None:
        found = self.offer(node)
        for each in _treatments(own) if found else ():
            assert found is not None
            if each.offer is not None and not _is_wider(found, each.offer):
                self.faults.add(node, "strategy.arm_offer", treatment=each.name)
            if each.by == SYSTEM and found.kind not in SPOKEN_OFFERS:
                self.faults.add(node, "strategy.offer_by_person", stage=own[0].stage.word, kind=found.kind)
                break
        return found


def _word(keys: dict[str, Node]) -> object:
    return keys["stage"].value if "stage" in keys else None


def _treatments(steps: list[Step]) -> Iterator[Treatment]:
    """What is done at any of these steps."""
    for step in steps:
        yield from (each for each in step.treatments if not each.skip)


def _is_wider(mine: Offer, usual: Offer) -> bool:
    """Does it give at least as much as the usual one? No end of days is longer than any."""
    more = all(
        (getattr(mine, name) or 0) >= (getattr(usual, name) or 0) for name in ("percent_bp", "instalments")
    )  # fmt: skip
    longer = mine.days is None or (usual.days is not None and mine.days >= usual.days)
    return mine.kind is usual.kind and more and longer
