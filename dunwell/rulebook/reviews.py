"""Which rules must be looked at again, and by when: law changes, and nobody tells a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dunwell.rulebook.contact_rules import Rules, known_until
from dunwell.rulebook.fees import house_fees
from dunwell.rulebook.interest_terms import house_regimes
from dunwell.rulebook.legal_terms import house_legal_terms
from dunwell.rulebook.limitation_rules import limitation_rules
from dunwell.rulebook.lost_contact_terms import house_lost_contact
from dunwell.rulebook.notice_periods import notice_periods
from dunwell.rulebook.official_days import official_days
from dunwell.rulebook.rates import house_series
from dunwell.rulebook.rules_file import house_rules


@dataclass(frozen=True, slots=True)
class Review:
    """A rule or table by its id, and the day until which it was to be looked at again."""

    id: str
    review_by: date


def reviews() -> list[Review]:
    """Everything that carries a day of review, the most urgent first."""
    return sorted((Review(name, day) for name, day in _all()), key=lambda each: (each.review_by, each.id))


def overdue(today: date) -> list[Review]:
    """What should have been looked at before today."""
    return [each for each in reviews() if each.review_by < today]


A_YEAR = timedelta(days=366)
"""So long before its days run out a season is told: what moves with the moon is printed a year ahead."""


def ending(rules: Rules, today: date) -> list[Review]:
    """The seasons whose days are known for less than a year from today on: the rule, and the last day that is known."""
    found = [
        Review(rule.id, last)
        for rule, value in rules.in_force(today, "season")
        if (last := known_until(value)) is not None and last < today + A_YEAR
    ]
    return sorted(found, key=lambda each: (each.review_by, each.id))


def _all() -> Iterator[tuple[str, date]]:
    limitation = limitation_rules()
    for group in (
        house_rules().rules, house_series().values(), house_regimes().values(), house_fees().rules,
        house_lost_contact(),
        house_legal_terms().values(), limitation.clocks, limitation.threats, limitation.deadlines,
        notice_periods().values(),
    ):  # fmt: skip
        for rule in group:
            yield rule.id, rule.review_by
    for country, days in official_days().items():
        yield f"calendar {country}", days.review_by
