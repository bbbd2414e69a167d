"""Which setting of release holds, and what is usual."""

from datetime import date

from dunwell.core.terms import Note, Stage
from dunwell.rulebook.release import Release
from dunwell.store.models import Creditor, ReleaseSet, Run

DAYS = 10
"""So many earlier days tell what is usual."""


def release_of(creditor: Creditor, day: date) -> Release:
    """The setting of a day: the one set for the latest day by then, else the one that comes with Dunwell."""
    found = set_on(creditor, day)
    return Release() if found is None else said(found)


def said(found: ReleaseSet) -> Release:
    """A setting as the rule book has it."""
    return Release(
        automatic=found.automatic,
        most_messages=found.most_messages,
        most_minor=dict(found.most_minor),
        waiting_stages=tuple(Stage(number) for number in found.waiting_stages),
        waiting_notes=tuple(Note(word) for word in found.waiting_notes),
        times_usual=found.times_usual,
        usual_at_least=found.usual_at_least,
        quiet_minutes=found.quiet_minutes,
    )


def set_on(creditor: Creditor, day: date) -> ReleaseSet | None:
    """What was set for a day; None: the default holds."""
    return ReleaseSet.objects.filter(creditor=creditor, from_date__lte=day).order_by("-from_date", "-pk").first()


def settings_of(creditor: Creditor) -> list[ReleaseSet]:
    """All that was set, latest day first."""
    return list(ReleaseSet.objects.filter(creditor=creditor).order_by("-from_date", "-pk"))


def changes_of(creditor: Creditor) -> list[tuple[ReleaseSet, Release, Release]]:
    """All that was set, latest day first, each with what held before it and what holds from it on."""
    rows = settings_of(creditor)
    before = [*(said(row) for row in rows[1:]), Release()]
    return [(row, was, said(row)) for row, was in zip(rows, before, strict=False)]


def earlier_counts(creditor: Creditor, day: date) -> list[int]:
    """How many messages the latest run of each of the last days before a day wanted; days without any are left out."""
    found: dict[date, int] = {}
    runs = Run.objects.filter(creditor=creditor, as_of__lt=day).order_by("-as_of", "-pk")
    for as_of, summary in runs.values_list("as_of", "summary").iterator(chunk_size=DAYS):
        if as_of not in found:
            found[as_of] = sum(row["count"] for row in summary["messages"])
        if sum(count > 0 for count in found.values()) == DAYS:
            break
    return [count for count in found.values() if count][:DAYS]
