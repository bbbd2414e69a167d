"""Who is owed."""

from dunwell.core.errors import DunwellError
from dunwell.store.models import Creditor


def everyone() -> list[Creditor]:
    """All creditors of this installation, by code."""
    return list(Creditor.objects.order_by("code"))


def find(code: str) -> Creditor | None:
    """The creditor of a code, or None."""
    return Creditor.objects.filter(code=code).first()


def get(code: str) -> Creditor:
    """The creditor of a code. Raises `creditor.unknown`, which names those there are."""
    if (creditor := find(code)) is None:
        known = ", ".join(each.code for each in everyone()) or "-"
        raise DunwellError("creditor.unknown", code=code, known=known)
    return creditor
