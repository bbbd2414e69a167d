"""Which team collects for a creditor on a day, and who is away."""

from datetime import date

from dunwell.core.errors import DunwellError
from dunwell.rulebook.team import Absence, Team, read_team
from dunwell.store.models import Creditor, TeamAbsence, TeamAdopted


def adopted_on(creditor: Creditor, day: date) -> TeamAdopted | None:
    """What was adopted for a day; None: there is no team."""
    return TeamAdopted.objects.filter(creditor=creditor, from_date__lte=day).order_by("-from_date", "-pk").first()


def team_of(creditor: Creditor, day: date) -> Team | None:
    """The team of a day; None: nobody adopted one."""
    found = adopted_on(creditor, day)
    return None if found is None else read_team(found.text)


def require_team(creditor: Creditor, day: date) -> Team:
    """The team of a day. Raises `team.none`."""
    found = team_of(creditor, day)
    if found is None:
        raise DunwellError("team.none", day=day.isoformat())
    return found


def absences(creditor: Creditor, day: date) -> list[TeamAbsence]:
    """Who is away on a day or later, in the order in which it was told."""
    return list(TeamAbsence.objects.filter(creditor=creditor, until_date__gte=day, withdrawn_at=None).order_by("pk"))


def absence(creditor: Creditor, number: int) -> TeamAbsence:
    """An absence by its number. Raises `team.no_absence`."""
    found = TeamAbsence.objects.filter(creditor=creditor, pk=number, withdrawn_at=None).first()
    if found is None:
        raise DunwellError("team.no_absence", id=number)
    return found


def plain_absences(creditor: Creditor, day: date) -> list[Absence]:
    """The absences as worklists ask for them."""
    return [
        Absence(each.collector, each.from_date, each.until_date, each.substitute or None)
        for each in absences(creditor, day)
    ]
