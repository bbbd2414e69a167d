"""The worklists of a day, decided anew from the facts: of any day, as it is known now or was then."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from dunwell.actions.business_day import day_start, today
from dunwell.actions.day.runs import inputs_of
from dunwell.engine.book.targets import against_money
from dunwell.engine.day.worklists import Decided, Listed, Staff, lists
from dunwell.rulebook.rank import Rank
from dunwell.rulebook.team import Team
from dunwell.store.models import Creditor
from dunwell.store.reads.targets import targets
from dunwell.store.reads.teams import plain_absences, require_team, team_of


@dataclass(frozen=True, slots=True)
class Worklists:
    """All tasks of a day in order, and by which rules they were put so.

    staff     None: there is no team
    targets   (debtor_id, currency) -> what should come of him, beside what came (`engine.book.targets.against_money`):
              it is told beside a task and moves none
    """

    day: date
    tasks: list[Listed]
    staff: Staff | None
    rank: Rank
    targets: dict[tuple[int, str], dict[str, Any]]

    @property
    def team(self) -> Team | None:
        """Who collects."""
        return self.staff.team if self.staff else None


def worklists(
    *,
    creditor: Creditor,
    as_of: date,
    now: datetime,
    collector: str | None = None,
    minutes: int | None = None,
    as_known_then: bool = False,
) -> Worklists:
    """The worklists of a day. Nothing is written.

    collector   one who must be known to the team (raises `team.none`, `team.no_collector`)
    minutes     so long he works that day, or, without a team, whoever works; None: as in the team, or without end
    as_known_then   with the facts known at the end of that day, else with those of now; strategy and team are the day's
    """
    team = team_of(creditor, as_of) if collector is None else require_team(creditor, as_of)
    longer: dict[str, int] = {}
    if team is not None and minutes is not None:
        names = [team.collector(collector).name] if collector is not None else [each.name for each in team.collectors]
        longer = dict.fromkeys(names, minutes)
    elif team is not None and collector is not None:
        team.collector(collector)
    staff = Staff(team, plain_absences(creditor, as_of), as_of, longer) if team is not None else None
    known_at = day_start(creditor, as_of + timedelta(days=1)) if as_known_then else None
    inputs = inputs_of(creditor, as_of, known_at=known_at)
    seen: dict[str, Any] = {}
    outcome = inputs.decide_watched(seen.__setitem__, team.columns if team else frozenset())
    decided = Decided(outcome, seen["profile"], seen["hours"], seen["known"]["contact_points"])
    start, end = (day_start(creditor, as_of + timedelta(days=n)) for n in (0, 1))
    at = max(start, now) if today(creditor, now) == as_of else start
    rank = inputs.strategy.rank
    told = against_money(targets(creditor, as_of, known_at=known_at), seen["applied"].came, as_of)
    aims = {(row["debtor_id"], row["currency"]): row for row in told}
    return Worklists(as_of, lists(decided, rank, staff, at, end, minutes), staff, rank, aims)
