"""A creditor says which messages may leave without anybody looking at them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.core.money import DIGITS, LARGEST_MINOR
from dunwell.rulebook.release import Release
from dunwell.store import journal
from dunwell.store.models import Creditor, ReleaseSet
from dunwell.store.reads.release import release_of

LARGEST = 10_000_000
LONGEST_QUIET = 7 * 24 * 60
"""Minutes. A message that waits longer is stale when it may leave."""

_BOUNDS = {
    "most_messages": (0, LARGEST), "times_usual": (1, 1_000), "usual_at_least": (0, LARGEST),
    "quiet_minutes": (0, LONGEST_QUIET),
}  # fmt: skip
_MAY_BE_NONE = ("most_messages", "times_usual")


@act("release.set", may_record_nothing=True)
def set_release(
    *, creditor: Creditor, changes: Mapping[str, Any], at: datetime, by: Actor, from_date: date | None = None
) -> Release:
    """Change fields of the setting (`rulebook.release.Release`) from a day on (None: today); the others stay.

    It holds for the runs of these days: what a run released before stays released. What stands already records nothing.
    Refuses a day that is over, numbers out of range, and stages that no message has.
    """
    # two who set it at once queue here, so that neither loses what the other said
    Creditor.objects.select_for_update(no_key=True).get(pk=creditor.pk)
    now = today(creditor, at)
    day = from_date or now
    if day < now:
        raise Refused("release.set_late", day=day.isoformat(), today=now.isoformat())
    before = release_of(creditor, day)
    after = replace(before, **changes)
    _check(after)
    if after == before:
        return before
    values = _plain(after)
    ReleaseSet.objects.create(creditor=creditor, from_date=day, set_at=at, set_by=str(by)[:200], **values)
    journal.append(
        "release.set", creditor=creditor, by=by, at=at, body={"from": day, "before": _plain(before), **values}
    )
    return after


def _plain(release: Release) -> dict[str, Any]:
    return {
        **asdict(release),
        "waiting_stages": [int(stage) for stage in release.waiting_stages],
        "waiting_notes": [str(note) for note in release.waiting_notes],
    }


def _check(release: Release) -> None:
    for name, (least, most) in _BOUNDS.items():
        value = getattr(release, name)
        if value is None and name in _MAY_BE_NONE:
            continue
        if value is None or not least <= value <= most:
            raise Refused("release.out_of_range", field=name, value=value, least=least, most=most)
    for currency, minor in release.most_minor.items():
        if currency not in DIGITS or not 0 < minor < LARGEST_MINOR:
            raise Refused("release.bad_amount", currency=currency[:10])
    for stage in release.waiting_stages:
        if not stage.is_message:
            raise Refused("release.no_message", stage=stage.word)
