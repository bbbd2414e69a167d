"""What somebody observed of a debtor: why he is in arrears, whether he can and will pay, a warning from outside."""

from datetime import date, datetime, timedelta
from uuid import UUID

from dunwell.actions.act import act
from dunwell.actions.once import clean_text, first_result, happened_on, plain_day
from dunwell.core.actor import Actor
from dunwell.core.errors import Refused
from dunwell.rulebook.strategy_columns import OBSERVED
from dunwell.store import journal
from dunwell.store.models import Debtor, Observation
from dunwell.store.versions import change

_LONGEST = 2_000


@act("observation.record", may_record_nothing=True, refreshes=True)
def record_observation(
    *,
    debtor: Debtor,
    kind: str,
    value: str,
    at: datetime,
    by: Actor,
    key: UUID | str,
    from_date: date | None = None,
    until_date: date | None = None,
    evidence: str = "",
) -> Observation:
    """Record an observation: kind and value of `strategy_columns.OBSERVED`. The latest of a kind holds.

    from_date    since when (None: today; not ahead)
    until_date   its last day (None: until another of the kind is recorded)
    evidence     who said so, or where it was read
    Refuses unknown kinds and values, and an end before the beginning.
    """
    if kind not in OBSERVED:
        raise Refused("observation.unknown_kind", kind=kind[:40], known=", ".join(OBSERVED))
    if value not in OBSERVED[kind]:
        raise Refused("observation.unknown_value", kind=kind, value=value[:40], known=", ".join(OBSERVED[kind]))
    evidence = clean_text(evidence, "evidence", limit=_LONGEST)
    asked = {
        "kind": kind,
        "value": value,
        "from_date_told": plain_day(from_date),
        "until_date": plain_day(until_date),
        "evidence": evidence,
    }
    debtor, text, before = first_result(debtor, "observation.recorded", key, asked)
    if before is not None:
        return Observation.objects.get(pk=before["observation"])
    since, today = happened_on(debtor.creditor, from_date, at)
    if until_date and until_date < max(since, today):
        raise Refused("observation.ends_before", until=until_date.isoformat(), start=max(since, today).isoformat())
    made = Observation.objects.create(
        creditor=debtor.creditor, debtor=debtor, kind=kind, value=value, from_date=since, until_date=until_date,
        evidence=evidence, recorded_by=str(by)[:200], known_from=at,
    )  # fmt: skip
    journal.append(
        "observation.recorded", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"observation": made.pk, "number": debtor.number, "from_date": since, **asked},
    )  # fmt: skip
    return made


@act("observation.end", may_record_nothing=True, refreshes=True)
def end_observation(*, observation: Observation, at: datetime, by: Actor, key: UUID | str) -> Observation:
    """It holds no longer: yesterday was its last day. Refuses one that was over already."""
    asked = {"observation": observation.pk}
    debtor, text, before = first_result(observation.debtor, "observation.ended", key, asked)
    observation = Observation.objects.select_for_update().get(pk=observation.pk)
    if before is not None:
        return observation
    _, today = happened_on(debtor.creditor, None, at)
    if observation.until_date is not None and observation.until_date < today:
        raise Refused("observation.over", observation=observation.pk, day=observation.until_date.isoformat())
    change(observation, at=at, until_date=today - timedelta(days=1))
    journal.append(
        "observation.ended", creditor=debtor.creditor, debtor=debtor, by=by, at=at, key=text,
        body={"number": debtor.number, "kind": observation.kind, "value": observation.value, **asked},
    )  # fmt: skip
    return observation
