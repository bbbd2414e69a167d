"""A creditor says who collects, and who is away."""

from datetime import date, datetime

from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.rulebook.team import Team, read_team
from dunwell.store import journal
from dunwell.store.models import Creditor, TeamAbsence, TeamAdopted
from dunwell.store.reads.teams import adopted_on, team_of


@act("team.adopt", may_record_nothing=True)
def adopt_team(*, creditor: Creditor, text: str, at: datetime, by: Actor, from_date: date | None = None) -> TeamAdopted:
    """Put a team in force from a day on (None: today). Refuses a text with faults and a day that is over.

    The same text as is in force already records nothing.
    """
    team = _read(text)
    now = today(creditor, at)
    day = from_date or now
    if day < now:
        raise Refused("team.adopted_late", day=day.isoformat(), today=now.isoformat())
    before = adopted_on(creditor, day)
    if before is not None and before.hash == team.hash:
        return before
    adopted = TeamAdopted.objects.create(
        creditor=creditor, name=team.name, hash=team.hash, text=text, from_date=day, adopted_at=at, adopted_by=str(by)
    )
    journal.append(
        "team.adopted", creditor=creditor, by=by, at=at,
        body={"name": team.name, "hash": team.hash, "from": day, "text": text,
              "before": before.hash if before is not None else None},
    )  # fmt: skip
    return adopted


@act("team.absent", may_record_nothing=True)
def record_absence(
    *,
    creditor: Creditor,
    collector: str,
    from_date: date,
    until_date: date,
    at: datetime,
    by: Actor,
    substitute: str | None = None,
) -> TeamAbsence:
    """A collector is away, both days included. Refuses names the team of the first day does not know, days in the wrong
    order or all over, and somebody as his own substitute. The same absence told again records nothing."""
    team = _team(creditor, from_date)
    for name in filter(None, (collector, substitute)):
        _known(team, name)
    if until_date < from_date:
        raise Refused("team.days_reversed", first=from_date.isoformat(), last=until_date.isoformat())
    if until_date < today(creditor, at):
        raise Refused("team.absence_over", last=until_date.isoformat())
    if substitute == collector:
        raise Refused("team.own_substitute", name=collector)
    told = {
        "creditor": creditor, "collector": collector, "from_date": from_date, "until_date": until_date,
        "substitute": substitute or "",
    }  # fmt: skip
    same = TeamAbsence.objects.filter(**told, withdrawn_at=None).first()
    if same is not None:
        return same
    made = TeamAbsence.objects.create(**told, recorded_at=at, recorded_by=str(by))
    journal.append(
        "team.absent", creditor=creditor, by=by, at=at,
        body={"id": made.pk, "collector": collector, "from": from_date, "until": until_date, "substitute": substitute},
    )  # fmt: skip
    return made


@act("team.back")
def withdraw_absence(*, absence: TeamAbsence, at: datetime, by: Actor) -> TeamAbsence:
    """He is there after all. Refuses an absence that was taken back already."""
    locked = TeamAbsence.objects.select_for_update().get(pk=absence.pk)
    if locked.withdrawn_at is not None:
        raise Refused("team.no_absence", id=locked.pk)
    locked.withdrawn_at = at
    locked.save(update_fields=["withdrawn_at"])
    journal.append(
        "team.back", creditor=locked.creditor, by=by, at=at, body={"id": locked.pk, "collector": locked.collector}
    )  # fmt: skip
    return locked


def _read(text: str) -> Team:
    try:
        return read_team(text)
    except DunwellError as error:
        raise Refused(error.code, **error.params) from error


def _team(creditor: Creditor, day: date) -> Team:
    team = team_of(creditor, day)
    if team is None:
        raise Refused("team.none", day=day.isoformat())
    return team


def _known(team: Team, name: str) -> None:
    try:
        team.collector(name)
    except DunwellError as error:
        raise Refused(error.code, **error.params) from error
