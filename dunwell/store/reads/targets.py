"""The targets that stand on a day."""

from datetime import date, datetime

from dunwell.core.errors import DunwellError
from dunwell.store.models import Creditor, Debtor, Target
from dunwell.store.versions import known


def targets(
    creditor: Creditor, day: date, *, debtor: Debtor | None = None, known_at: datetime | None = None
) -> list[tuple[int, int, str, int, date, date]]:
    """target_id, debtor_id, currency, amount_minor, set_date, by_date: all of a creditor, or of one debtor.

    known_at   as was known then (None: now)
    """
    wanted = {"creditor": creditor, "set_date__lte": day} | ({"debtor": debtor} if debtor else {})
    return [
        (each.pk, each.debtor_id, each.currency, each.amount_minor, each.set_date, each.by_date)
        for each in known(Target, known_at, **wanted)
        if each.withdrawn_date is None or each.withdrawn_date > day
    ]


def target(debtor: Debtor, currency: str) -> Target:
    """The one that stands for a debtor in a currency. Raises DunwellError `target.none`."""
    found = Target.objects.filter(debtor=debtor, currency=currency, withdrawn_date__isnull=True).first()
    if found is None:
        raise DunwellError("target.none", number=debtor.number, currency=currency)
    return found
