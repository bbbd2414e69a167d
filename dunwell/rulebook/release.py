"""When messages of a run leave without anybody looking at them: a creditor's setting, and the one that comes with us.

These are habits of the house, not law: docs/how-the-day-runs.md says why each limit is there.
"""

from dataclasses import dataclass, field

from dunwell.core.terms import Note, Stage

MOST_MINOR = {
    "EUR": 100_000_000, "USD": 100_000_000, "GBP": 100_000_000, "CHF": 100_000_000, "CNY": 800_000_000,
    "HKD": 800_000_000, "TWD": 3_000_000_000, "JPY": 150_000_000,
}  # fmt: skip
"""About a million euro in minor units: so large a sum is rare enough that somebody can read the letter."""


@dataclass(frozen=True, slots=True)
class Release:
    """What may leave by itself.

    automatic         False: every message waits for a person
    most_messages     so many a day; the mildest first, the rest waits (None: any number)
    most_minor        currency -> a message that asks for more waits; a currency that is not named has no limit
    waiting_stages    messages of these stages always wait
    waiting_notes     messages of these kinds about promises always wait
    times_usual       a run that would send more than so many times the usual number waits as a whole (None: never)
    usual_at_least    a usual number below this counts as this: a small book may grow tenfold in a day
    quiet_minutes     so long a message that was released does not leave yet, and can be taken back
    """

    automatic: bool = True
    most_messages: int | None = 5_000
    most_minor: dict[str, int] = field(default_factory=lambda: dict(MOST_MINOR))
    waiting_stages: tuple[Stage, ...] = ()
    waiting_notes: tuple[Note, ...] = ()
    times_usual: int | None = 5
    usual_at_least: int = 200
    quiet_minutes: int = 0


BY_HAND, UNUSUAL, STAGE_WAITS, NOTE_WAITS, OVER_AMOUNT, OVER_COUNT = WAITS = (
    "by_hand",
    "unusual",
    "stage_waits",
    "note_waits",
    "over_amount",
    "over_count",
)
"""Why a message waits, in the order in which they are asked."""
