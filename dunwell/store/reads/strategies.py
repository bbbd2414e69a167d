"""Which strategy a creditor follows on a day, and the versions he keeps."""

from datetime import date

from dunwell.core.errors import DunwellError
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from dunwell.store.models import Creditor, StrategyAdopted, StrategyVersion


def strategy_of(creditor: Creditor, day: date) -> Strategy:
    """The strategy in force on a day: the one adopted from the latest day by then, else the one that comes with
    Dunwell."""
    adopted = adopted_on(creditor, day)
    return default_strategy() if adopted is None else read_strategy(adopted.version.text)


def adopted_on(creditor: Creditor, day: date) -> StrategyAdopted | None:
    """What was adopted for a day; None: the default holds."""
    return (
        StrategyAdopted.objects.select_related("version")
        .filter(creditor=creditor, from_date__lte=day)
        .order_by("-from_date", "-pk")
        .first()
    )


def versions(creditor: Creditor) -> list[StrategyVersion]:
    """All versions, newest first."""
    return list(StrategyVersion.objects.filter(creditor=creditor).order_by("-pk"))


def adoptions(creditor: Creditor) -> list[StrategyAdopted]:
    """From which day which version is in force, latest day first."""
    return list(
        StrategyAdopted.objects.select_related("version").filter(creditor=creditor).order_by("-from_date", "-pk")
    )


def find_version(creditor: Creditor, named: str) -> StrategyVersion:
    """A version by the beginning of its hash. Raises DunwellError when none or several begin so."""
    known = StrategyVersion.objects.filter(creditor=creditor, hash__startswith=named.lower())[:2] if named else []
    found = list(known)
    if len(found) != 1:
        raise DunwellError("strategy.no_version" if not found else "strategy.many_versions", value=named[:64])
    return found[0]
