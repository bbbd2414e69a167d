"""What was observed of a debtor, and the steps people took."""

from dunwell.core.errors import DunwellError
from dunwell.store.models import Debtor, Observation, Step


def observations(debtor: Debtor) -> list[Observation]:
    """All, latest first."""
    return list(Observation.objects.filter(debtor=debtor).order_by("-from_date", "-pk"))


def observation(debtor: Debtor, key: int) -> Observation:
    """One of the debtor's. Raises DunwellError."""
    found = Observation.objects.filter(debtor=debtor, pk=key).first()
    if found is None:
        raise DunwellError("observation.unknown", id=key, number=debtor.number)
    return found


def steps(debtor: Debtor) -> list[Step]:
    """All, latest first."""
    return list(Step.objects.select_related("receivable").filter(debtor=debtor).order_by("-done_date", "-pk"))


def step(debtor: Debtor, key: int) -> Step:
    """One of the debtor's. Raises DunwellError."""
    found = Step.objects.filter(debtor=debtor, pk=key).first()
    if found is None:
        raise DunwellError("step.unknown", id=key, number=debtor.number)
    return found
