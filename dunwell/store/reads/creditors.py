"""Who is owed."""

from dunwell.core.errors import DunwellError
from dunwell.store.models import Creditor


def everyone() -> list[Creditor]:
    """All creditors of this installation, by code."""
    return list(Creditor.objects.order_by("code"))


def find(code: str) -> Creditor | None:
    """The creditor of a code, or None."""
    return Creditor.objects.filter(code=code).first()


def choose(code: str | None = None) -> Creditor:
    """The creditor of a code, or the only one. Raises `creditor.unknown`, `creditor.which`, `creditor.none`."""
    every = everyone()
    codes = ", ".join(each.code for each in every)
    if not every:
        raise DunwellError("creditor.none")
    if code is None:
        if len(every) > 1:
            raise DunwellError("creditor.which", codes=codes)
        return every[0]
    for each in every:
        if each.code == code:
            return each
    raise DunwellError("creditor.unknown", code=code, codes=codes)
