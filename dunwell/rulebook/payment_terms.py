"""Payment terms as a notation that people can read and write: parsed, checked, printed.

    30 days                                        30 days after the invoice's date
    30 days from delivery                          from another day: invoice, receipt, delivery, acceptance, due
    30 days from later of receipt and delivery     from the later of several days
    end of month + 45 days                         steps one after the other, from left to right
    45 days + end of month
    10th of next month, 31st of 2nd month          the day of a later month, or its last day where it is shorter
    1 month, end of next month                     calendar months, the day cut to the month's length
    on 2026-12-31                                  a fixed day
    30%: on 2026-12-31; 70%: 60 days               instalments; their shares (percent or `1/3`) add up to the whole
    30 days roll CN                                moved to the next working day of a calendar (`calendars`)

`net 30` and `eom` are read too. `str(terms)` prints the one canonical form, which reads back as the same terms. Texts
are read by `terms_notation`; what the terms come to for given days is counted by `due_dates`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

MOST_DAYS, MOST_MONTHS, MOST_STEPS, MOST_PARTS, FINEST_SHARE = 3_650, 120, 4, 120, 1_000_000
"""The bounds of one step, of the steps of one part, of the parts, and of a share's denominator."""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)
"""Days that terms may start from or name: so that no step leads out of the calendars."""
LAST_OF_MONTH = 31
"""A `day` that every month is cut to: its last one."""


class BaseDate(StrEnum):
    """The day that a term runs from: the invoice's own date, its receipt, the delivery, its acceptance, a due date."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"
    DUE = "due"

    @property
    def column(self) -> str:
        """The column of a frame that holds this day."""
        return _COLUMNS[self]


_COLUMNS = {
    BaseDate.INVOICE: "issue_date",
    BaseDate.RECEIPT: "received_date",
    BaseDate.DELIVERY: "delivered_date",
    BaseDate.ACCEPTANCE: "accepted_date",
    BaseDate.DUE: "due_date",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`months` on, then to a `day` of that month (0 keeps the day; cut to the month's length), then `days` on."""

    months: int = 0
    day: int = 0
    days: int = 0

    def __str__(self) -> str:
        if self.day:
            which = "end" if self.day == LAST_OF_MONTH else _ordinal(self.day)
            month = {0: "", 1: "next "}.get(self.months, f"{_ordinal(self.months)} ")
            return f"{which} of {month}month"
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{number} {unit}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment: its share of the whole, and its day: fixed, or steps from the latest of the base days."""

    share: Fraction
    steps: tuple[Step, ...]
    base: tuple[BaseDate, ...]
    fixed: date | None = None

    def __str__(self) -> str:
        if self.fixed:
            return f"on {self.fixed.isoformat()}"
        said = " + ".join(str(step) for step in self.steps)
        if self.base == (BaseDate.INVOICE,):
            return said
        later = "later of " if len(self.base) > 1 else ""
        return f"{said} from {later}{' and '.join(self.base)}"


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """Terms that were read. `calendar` names the working days to which a due date is moved, or is None."""

    parts: tuple[Part, ...]
    calendar: str | None = None

    def __str__(self) -> str:
        alone = len(self.parts) == 1
        said = "; ".join(str(part) if alone else f"{share_text(part.share)}: {part}" for part in self.parts)
        return said + (f" roll {self.calendar}" if self.calendar else "")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def share_text(share: Fraction) -> str:
    """`30%`, `12.5%`, or `1/3` where four decimals of a percent do not say it."""
    hundredths = share * 1_000_000
    if hundredths.denominator != 1:
        return f"{share.numerator}/{share.denominator}"
    whole, part = divmod(int(hundredths), 10_000)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".") + "%"
