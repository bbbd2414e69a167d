"""The strategy: which step comes when, for whom, by which channel. A table, not code; `strategy_file` reads it."""

import hashlib
from dataclasses import dataclass
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


TONES = ("gentle", "plain", "firm")
SYSTEM, PERSON = "system", "person"


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
    interest           late interest and costs are demanded too, as far as the debtor's terms let them be claimed
    attempts           of a call: after so many that reached nobody the step counts as taken
    """

    name: str
    when: Condition | None = None
    skip: bool = False
    by: str = SYSTEM
    channels: tuple[str, ...] = ()
    tone: str = "plain"
    pay_within_days: int | None = None
    interest: bool = False
    attempts: int = 1
    offer: Offer | None = None


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

    promises   what is written to them about promises
    """

    name: str
    title: dict[str, str]
    when: Condition | None
    pause_days: int
    promises: PromiseNotes
    steps: tuple[Step, ...]

    def step(self, stage: Stage) -> Step | None:
        """The step of a stage, where the segment has it."""
        return next((step for step in self.steps if step.stage == stage), None)


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
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def segment(self, name: str) -> Segment:
        """A segment by its name."""
        return next(segment for segment in self.segments if segment.name == name)

    def treatments(self) -> dict[tuple[str, str], Treatment]:
        """(segment, treatment) -> what is done."""
        return {
            (segment.name, treatment.name): treatment
            for segment in self.segments
            for step in segment.steps
            for treatment in step.treatments
        }
