"""The answer for a channel: the worst of what the rules say of it, and the next span when none is in the way."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dunwell.documents.contact_answer import ChannelAnswer, Finding
from dunwell.engine.contact.hours import AHEAD_DAYS, Spans
from dunwell.engine.contact.rule_findings import Said
from dunwell.rulebook.contact_rules import EFFECTS

VERDICTS = (*EFFECTS[:3], "allowed")


def channel_answer(channel: str, at: datetime, found: Sequence[Finding], said: Said, spot: int) -> ChannelAnswer:
    """The answer about a contact at a moment.

    found   what rules say of the channel, but for those about hours; about addresses only where that one is used
    spot    where the subject stands in `said.hours`
    """
    next_from, next_until = _next(said.hours.spans[spot, channel], at, found)
    shut = [
        Finding(rule, said.effects[rule], None, None, None, None, opens)
        for rule, opens in said.hours.shut[spot, channel]
    ]
    everything = sorted((*found, *shut), key=lambda each: (EFFECTS.index(each.effect), each.rule, each.debt or ""))
    worst = min((VERDICTS.index(each.effect) for each in everything if each.effect in VERDICTS), default=3)
    return ChannelAnswer(channel, VERDICTS[worst], tuple(everything), next_from, next_until)


def _next(spans: Spans, at: datetime, found: Sequence[Finding]) -> tuple[datetime | None, datetime | None]:
    """The first span in which neither hours nor any other finding stand in the way."""
    stops = [each.until_at for each in found if each.effect in VERDICTS]
    if None in stops:
        return None, None
    free = max([at, *(stop for stop in stops if stop is not None)])
    last = at + timedelta(days=AHEAD_DAYS)
    return next(
        ((max(opened, free), closed if closed < last else None) for opened, closed in spans if closed > free),
        (None, None),
    )
