"""The strategy: which step comes when, for whom, by which channel. A table, not code; `strategy_file` reads it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from dunwell.core.terms import Stage
from dunwell.rulebook.conditions import Condition
from dunwell.rulebook.rank import Rank


class Level(StrEnum):
    """Whose step it is. docs/strategy.md shows the three on one example.

    receivable    each item takes its own steps; a message goes out at the highest that is due
    highest       the same, and every overdue item then stands where the highest stands
    debtor        one ladder per debtor and currency, counted from the oldest overdue item
    """

    RECEIVABLE = "receivable"
    HIGHEST = "highest"
    DEBTOR = "debtor"


class OfferKind(StrEnum):
    """A way out that a treatment offers, inside its limits."""

    WAIVER = "waiver"
    EXTENSION = "extension"
    DISCOUNT = "discount"
    INSTALMENTS = "instalments"


TONES = GENTLE, PLAIN, FIRM = ("gentle", "plain", "firm")
SYSTEM, PERSON = "system", "person"
PROMISE_BROKEN, PAYMENT_BOUNCED = "promise_broken", "payment_bounced"
AT_ONCE = (PROMISE_BROKEN, PAYMENT_BOUNCED)
"""News for which the next step may come the same day."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be offered. Of the limits, those that its kind has.

    percent_bp    waiver: so much of the late fees and interest; discount: of what is owed (hundredths of a percent)
    days          extension: at most so many more days; waiver and discount: if paid within so many days
    instalments   at most so many parts
    """

    kind: OfferKind
    percent_bp: int | None = None
    days: int | None = None
    instalments: int | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done at a stage, for those whom `when` holds for (None: for all).

    name               `reminder`, or `reminder.2` for the second row under `instead`
    skip               this stage is left out for them
    by                 `system`: the message leaves by itself; `person`: it is a task
    channels           in order; the debtor's own preference goes first where it is among them
    pay_within_days    the deadline a message sets, in days from its day (the next working day, where that is none)
    tone               of `TONES`: the sentences of its message, and how whoever talks should talk
    interest           late interest and costs are demanded too, as far as the debtor's terms let them be claimed
    reconciliation     the account reconciliation letter goes with it, to be returned with seal and signature
    text               by language: a paragraph of the house's own in its message, see `own_text`
    attempts           of a call: after so many that reached nobody the step counts as taken
    """

    name: str
    when: Condition | None = None
    skip: bool = False
    by: str = SYSTEM
    channels: tuple[str, ...] = ()
    tone: str = PLAIN
    pay_within_days: int | None = None
    interest: bool = False
    reconciliation: bool = False
    attempts: int = 1
    offer: Offer | None = None
    text: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a segment, and when it may be taken: on the latest of

    offset_days            days after the due date (negative: before); with `month_end` the last day of that month
    after_days             days after the step before
    after_deadline_days    days after the final deadline that was set (the day after them)

    treatments             the first whose condition holds; the last has none
    """

    stage: Stage
    offset_days: int | None
    after_days: int
    after_deadline_days: int | None
    treatments: tuple[Treatment, ...]
    month_end: bool = False

    @property
    def treatment(self) -> Treatment:
        """What is done where no condition holds."""
        return self.treatments[-1]


@dataclass(frozen=True, slots=True)
class PromiseNotes:
    """What is written about promises: no step of a segment, and none is skipped or put off for good by it.

    remind_days   so many days before a promise falls due whoever made it is reminded; 0: nobody is
    thank         thanks go out on the day on which a promise is seen to be kept
    channels      in order; the debtor's own preference goes first where it is among them
    """

    remind_days: int = 0
    thank: bool = False
    channels: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Is anything written at all?"""
        return self.thank or self.remind_days > 0


@dataclass(frozen=True, slots=True)
class Segment:
    """Debtors who are treated alike: those whom `when` holds for and no segment before it took. title: by language.

    at_once   news (of `AT_ONCE`) for which the next step comes the same day
    promises   what is written to them about promises
    """

    name: str
    title: dict[str, str]
    when: Condition | None
    pause_days: int
    promises: PromiseNotes
    steps: tuple[Step, ...]
    at_once: frozenset[str] = frozenset()

    def step(self, stage: Stage) -> Step | None:
        """The step of a stage, where the segment has it."""
        return next((step for step in self.steps if step.stage == stage), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What an arm of an experiment does otherwise at a stage: never firmer than the strategy, and never sooner.

    channels      these go first, in this order, as far as a treatment has them; none is added or taken away
    after_days    at least what the step waits in every segment that is meant (None: as the strategy says)
    offer         a way out where the treatment has none, or a wider one of the same kind (None: as the strategy says)
    """

    stage: Stage
    channels: tuple[str, ...] = ()
    after_days: int | None = None
    offer: Offer | None = None

    def step(self, step: Step, mark: str) -> Step:
        """The step as it is in the arm. mark: what the names of its changed treatments end with."""
        return replace(
            step,
            after_days=step.after_days if self.after_days is None else self.after_days,
            treatments=tuple(self._treatment(each, mark) for each in step.treatments),
        )

    def _treatment(self, treatment: Treatment, mark: str) -> Treatment:
        if treatment.skip or not (self.channels or self.offer):
            return treatment
        first = [channel for channel in self.channels if channel in treatment.channels]
        rest = [channel for channel in treatment.channels if channel not in first]
        return replace(
            treatment, name=treatment.name + mark, channels=(*first, *rest), offer=self.offer or treatment.offer
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of an experiment. share_bp: its part of all debtors, in hundredths of a percent."""

    name: str
    share_bp: int
    changes: tuple[Change, ...] = ()

    @property
    def percent(self) -> str:
        """Its share in percent, as text."""
        return f"{self.share_bp / 100:g}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two or more ways to treat debtors, side by side on these days; who gets which is drawn by `engine.day.arms`.

    segment    the only one that is meant (None: all)
    when       the only debtors who are meant (None: all)
    arms       their shares come to 10 000
    """

    name: str
    from_date: date
    until_date: date
    segment: str | None
    when: Condition | None
    arms: tuple[Arm, ...]

    def runs_on(self, day: date) -> bool:
        """Does it run on a day?"""
        return self.from_date <= day <= self.until_date

    def segment_in(self, segment: Segment, arm: Arm) -> Segment:
        """A segment as it is in an arm. Treatments the arm changes are called `first_dunning@<experiment>.<arm>`."""
        changes = {change.stage: change for change in arm.changes}
        mark = f"@{self.name}.{arm.name}"
        steps = (changes[step.stage].step(step, mark) if step.stage in changes else step for step in segment.steps)
        return replace(segment, steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy with the text it was read from, so that a run can be replayed.

    netting             unallocated payments and open credit notes are deducted before anything is demanded
    grace_days          so many days after the due date nothing counts as overdue
    minimum_minor       currency -> below it a debtor is sent nothing
    minimum_bp          currency -> an item of which less than this part (hundredths of a percent) is open is left alone
    residue_minor       currency -> who paid all but charges up to this is left alone
    uneconomic_minor    channel -> currency -> below it the channel is too dear
    promises            what is written about promises to whoever owes nothing any more, and so is in no segment
    rank                what comes first on a worklist
    usual_rank          the text of the rank that holds where the strategy says nothing: not a part of its hash
    experiments         no two of them run on the same day
    """

    name: str
    title: dict[str, str]
    netting: bool
    level: Level
    grace_days: int
    minimum_minor: dict[str, int]
    minimum_bp: dict[str, int]
    residue_minor: dict[str, int]
    uneconomic_minor: dict[str, dict[str, int]]
    promises: PromiseNotes
    segments: tuple[Segment, ...]
    rank: Rank
    experiments: tuple[Experiment, ...]
    text: str
    usual_rank: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def segment(self, name: str) -> Segment:
        """A segment by its name."""
        return next(segment for segment in self.segments if segment.name == name)

    def experiment_on(self, day: date) -> Experiment | None:
        """The experiment that runs on a day, if one does."""
        return next((each for each in self.experiments if each.runs_on(day)), None)

    def treatments(self) -> dict[tuple[str, str], Treatment]:
        """(segment, treatment) -> what is done, in arms of experiments too."""
        return {
            (segment.name, treatment.name): treatment
            for segment in self._all_segments()
            for step in segment.steps
            for treatment in step.treatments
        }

    def _all_segments(self) -> Iterator[Segment]:
        """Every segment, and as it is in each arm."""
        for segment in self.segments:
            yield segment
            for each in self.experiments:
                if each.segment in (None, segment.name):
                    yield from (each.segment_in(segment, arm) for arm in each.arms)
