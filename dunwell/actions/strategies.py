"""A creditor keeps strategies, and says which one is in force from which day."""

from datetime import date, datetime

from dunwell.actions.act import act
from dunwell.actions.business_day import today
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError, Refused
from dunwell.documents.personal import refuse_own_text
from dunwell.rulebook.strategy import Strategy
from dunwell.rulebook.strategy_file import read_strategy
from dunwell.store import journal
from dunwell.store.models import Creditor, StrategyAdopted, StrategyVersion
from dunwell.store.reads.strategies import adopted_on


@act("strategy.save", may_record_nothing=True)
def save_strategy(*, creditor: Creditor, text: str, at: datetime, by: Actor) -> StrategyVersion:
    """Keep a strategy as a draft. Refuses a text with faults. A text that is kept already records nothing."""
    strategy = _read(text)
    kept = StrategyVersion.objects.filter(creditor=creditor, hash=strategy.hash).first()
    if kept is not None:
        return kept
    saved = StrategyVersion.objects.create(
        creditor=creditor, name=strategy.name, hash=strategy.hash, text=text, saved_at=at, saved_by=str(by)
    )
    journal.append(
        "strategy.saved", creditor=creditor, by=by, at=at, key=strategy.hash,
        body={"name": saved.name, "hash": saved.hash, "text": text},
    )  # fmt: skip
    return saved


@act("strategy.adopt", may_record_nothing=True)
def adopt_strategy(
    *, creditor: Creditor, version: StrategyVersion, at: datetime, by: Actor, from_date: date | None = None
) -> StrategyAdopted:
    """Put a version in force from a day on (None: today). Refuses a day that is over: what was decided then stands.

    One that is in force already from that day records nothing.
    """
    now = today(creditor, at)
    day = from_date or now
    if day < now:
        raise Refused("strategy.adopted_late", day=day.isoformat(), today=now.isoformat())
    _read(version.text)
    before = adopted_on(creditor, day)
    if before is not None and before.version_id == version.pk:
        return before
    adopted = StrategyAdopted.objects.create(
        creditor=creditor, version=version, from_date=day, adopted_at=at, adopted_by=str(by)
    )
    journal.append(
        "strategy.adopted", creditor=creditor, by=by, at=at,
        body={
            "name": version.name, "hash": version.hash, "from": day,
            "before": before.version.hash if before is not None else "default",
        },
    )  # fmt: skip
    return adopted


def _read(text: str) -> Strategy:
    try:
        return read_strategy(text, lint=refuse_own_text)
    except DunwellError as error:
        raise Refused(error.code, **error.params) from error
