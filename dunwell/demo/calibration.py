"""What the simulator of debtors rests on: own fits to open data, and assumptions, which are named as such.

Fits (B2B open book, invoice histories, UK reports on payment practice, a run of road-traffic fines): shares and days
of late payment, amounts, invoices per customer, disputes, consumers' payments before any letter, the deadline's pull.
Assumptions: latent kinds of debtor and what a contact does to them. Nobody has measured these; whoever draws a
conclusion from the demonstration varies them by 0.5 and 2 (`--effect`).
"""

from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from random import Random


class Nature(StrEnum):
    """The latent kind of a debtor, which no file shows."""

    HABIT = "habit"
    FORGETFUL = "forgetful"
    HARDSHIP = "hardship"
    REFUSING = "refusing"


NATURES = {Nature.HABIT: 0.78, Nature.FORGETFUL: 0.12, Nature.HARDSHIP: 0.06, Nature.REFUSING: 0.04}
"""Assumption: shares of the kinds."""

EFFECTS = {
    "email": {Nature.HABIT: 0.010, Nature.FORGETFUL: 0.060, Nature.HARDSHIP: 0.004, Nature.REFUSING: 0.0},
    "phone": {Nature.HABIT: 0.015, Nature.FORGETFUL: 0.090, Nature.HARDSHIP: 0.020, Nature.REFUSING: 0.004},
    "letter": {Nature.HABIT: 0.012, Nature.FORGETFUL: 0.070, Nature.HARDSHIP: 0.006, Nature.REFUSING: 0.012},
}
"""Assumption: added daily probability of payment in the 14 days after a contact."""

EFFECT_DAYS = 14

LATE_SHARE = (1.07, 1.48)
"""Fit, B2B: a payer's share of late invoices is Beta(a, b) distributed; mean 0.42."""

LATE_DAYS = ((0.85, 3.2), (0.15, 26.6))
"""Fit, B2B: days late, given late: a mixture of exponentials (share, mean); mean 6.7."""

AMOUNT = (9.49, 1.73)
"""Fit, B2B: an invoice is lognormal (mu, sigma of its logarithm) in US dollars."""

CONSUMER_AMOUNT = (4.6, 0.8)
"""Assumption: the same for consumers."""

DISPUTE_RATE = (0.37, 1.29)
"""Fit, one sample of 100 customers: a customer's share of disputed invoices is Beta(a, b) distributed."""

DISPUTE_SCALE = 0.25
"""Assumption: that sample disputed 22 % of its invoices; this book a quarter of that."""

DISPUTE_DELAY_DAYS = 14.6
"""Fit: a disputed invoice is paid so much later."""

QUICK_CONSUMERS = 0.31
"""Fit, fines: so many consumers pay before any letter..."""

QUICK_DAYS = ((0.0, 0), (0.10, 0), (0.25, 2), (0.50, 5), (0.75, 9), (0.90, 27), (1.0, 30))
"""... after so many days: points of the distribution, straight lines between them."""

DEADLINE_PULL = 3.0
"""Fit, fines (the factor is an assumption): in the last days of a deadline a payment is so many times as likely..."""

DEADLINE_AFTER = 1 / 3
"""... and falls to a third once it has passed by `DEADLINE_AFTER_DAYS`."""

DEADLINE_BEFORE_DAYS = 2
DEADLINE_AFTER_DAYS = 5

_OWN_MEMORY = {Nature.FORGETFUL: (0.80, 50.0), Nature.HARDSHIP: (0.85, 90.0), Nature.REFUSING: (0.90, 400.0)}
"""Assumption: share of invoices not paid in time, and the mean days after which they are paid without any contact."""

INVOICES_MEDIAN_TAIL = 2.0
"""Fit, B2B: invoices per customer 1 / 2 / 6 at the quartiles: ceil(2 p / (1 - p)), cut at the top."""


def invoice_counts(customers: int, invoices: int) -> list[int]:
    """How many invoices each customer has, in rising order: quartiles 1 / 2 / 6, the tail cut so that the sum is near
    `invoices`. Where that is not enough for the quartiles, everybody has one."""
    places = [(n + 0.5) / customers for n in range(customers)]
    wanted = [max(1, round(INVOICES_MEDIAN_TAIL * p / (1 - p))) for p in places]
    low, high = 1, max(wanted, default=1)
    while low < high:
        cut = (low + high) // 2
        if sum(min(count, cut) for count in wanted) < invoices:
            low = cut + 1
        else:
            high = cut
    return [min(count, low) for count in wanted]


def chance(*of: object) -> Random:
    """A source of chance of its own for each thing, the same for the same names. For a simulation, not for secrets."""
    return Random("/".join(str(each) for each in of))  # noqa: S311


def draw_nature(rng: Random) -> Nature:
    """A debtor's latent kind."""
    return rng.choices(list(NATURES), list(NATURES.values()))[0]


def days_late(rng: Random) -> int:
    """Days late of a late payment out of habit, at least 1."""
    (share, short), (_, long) = LATE_DAYS
    mean = short if rng.random() < share else long
    return max(1, round(rng.expovariate(1 / mean)))


def own_payment(
    rng: Random, *, nature: Nature, consumer: bool, late_share: float, issued: date, due: date, disputed: bool
) -> date:
    """When an invoice would be paid if nobody ever wrote to the debtor."""
    if consumer and rng.random() < QUICK_CONSUMERS:
        return issued + timedelta(days=_quick_days(rng))
    if nature in _OWN_MEMORY:
        share, mean = _OWN_MEMORY[nature]
        late = round(rng.expovariate(1 / mean)) + 1 if rng.random() < share else -1
    elif consumer:
        late = round(rng.expovariate(1 / 25)) + 1
    else:
        late = days_late(rng) if rng.random() < late_share else -min(_early(rng), (due - issued).days)
    delay = round(rng.expovariate(1 / DISPUTE_DELAY_DAYS)) if disputed else 0
    return due + timedelta(days=late + delay)


def pull_of_deadline(day: date, deadline: date | None) -> float:
    """By how much a deadline multiplies the probability of a payment on a day."""
    if deadline is None:
        return 1.0
    left = (deadline - day).days
    if 0 <= left <= DEADLINE_BEFORE_DAYS:
        return DEADLINE_PULL
    return DEADLINE_AFTER if left < -DEADLINE_AFTER_DAYS else 1.0


def _early(rng: Random) -> int:
    return round(abs(rng.gauss(0.0, 6.0)))


def _quick_days(rng: Random) -> int:
    at = rng.random()
    for (below, low), (above, high) in pairwise(QUICK_DAYS):
        if at <= above:
            return round(low + (high - low) * (at - below) / (above - below))
    return QUICK_DAYS[-1][1]
