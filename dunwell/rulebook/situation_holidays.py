"""The public holidays that a described situation is asked with."""

from dataclasses import replace
from datetime import date, timedelta

from dunwell.rulebook.calendars import public_holidays
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.places import members_of
from dunwell.rulebook.situation import Situation

_BEFORE, _AHEAD = timedelta(days=3), timedelta(days=36)
"""Hours are sought for 31 days, in zones whose day may be another."""


def with_holidays(situation: Situation, rules: Rules) -> Situation:
    """The situation with the public holidays around its moment: of the debtor's place, or where his country is not
    known, of all places that a rule about hours names."""
    day = situation.at.date()
    first, last = day - _BEFORE, day + _AHEAD
    place = situation.debtor_place
    if place is not None:
        names = {place, place.partition("-")[0]}
        return replace(situation, days_off={name: _holidays(name, first, last) for name in sorted(names)})
    named = {
        name
        for rule, value in rules.in_force(situation.rule_day, "hours")
        if value["holidays"] != "open"
        for place in rule.scope.lists.get("place", ())
        for name in (place, place.partition("-")[0])
    }
    return replace(situation, days_off={name: _holidays(name, first, last) for name in sorted(named)})


def _holidays(name: str, first: date, last: date) -> frozenset[date]:
    """Of a place, or of all members of a union of states."""
    places = members_of(name) or {name}
    return frozenset(day for place in places for day in public_holidays(place, first, last))
