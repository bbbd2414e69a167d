"""The runs that were kept."""

from dunwell.store.models import Creditor, Run


def latest(creditor: Creditor, count: int) -> list[Run]:
    """The newest runs of a creditor."""
    return list(Run.objects.filter(creditor=creditor).order_by("-pk")[:count])


def find(name: str) -> Run | None:
    """The run of a name, or None."""
    return Run.objects.filter(name=name).first()
