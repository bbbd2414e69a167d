"""What people see of a debtor and do about him: `dunwell observe`, `dunwell step`."""

from datetime import date

import click

from dunwell.actions.talks.observations import end_observation, record_observation
from dunwell.actions.talks.steps import record_step, withdraw_step
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.terms import Stage
from dunwell.jobs.context import language, tell, words
from dunwell.jobs.day_option import Day
from dunwell.jobs.talks import acted, once
from dunwell.rulebook.strategy_columns import OBSERVED
from dunwell.store.reads import creditors
from dunwell.store.reads import observations as read
from dunwell.store.reads import talks as read_talks

_STAGES = [stage.word for stage in Stage if stage > Stage.NOTICE]


@click.command()
@click.argument("debtor")
@click.argument("kind", required=False, type=click.Choice(list(OBSERVED)))
@click.argument("value", required=False)
@click.option("--since", type=Day(), help="Since when (default: today).")
@click.option("--until", type=Day(), help="Its last day (default: until another is recorded).")
@click.option("--evidence", default="", help="Who said so, or where it was read.")
@click.option("--end", type=int, metavar="ID", help="End this observation instead: yesterday was its last day.")
@once
def observe(
    debtor: str,
    kind: str | None,
    value: str | None,
    since: date | None,
    until: date | None,
    evidence: str,
    end: int | None,
    key: str | None,
    code: str | None,
) -> None:
    """Record an observation of a debtor, e.g. `dunwell observe D-1 reason hardship`; without a kind: list them.

    The latest of a kind holds; strategies ask for it. `unknown` (of a yes-or-no kind: `no`) takes one back.
    """
    creditor = creditors.choose(code)
    owner = read_talks.debtor(creditor, debtor)
    if end is not None:
        ended = end_observation(observation=read.observation(owner, end), **acted(key))
        tell("observe.ended", id=ended.pk, kind=ended.kind, value=ended.value)
    elif kind is None:
        for each in read.observations(owner):
            span = f"{each.from_date.isoformat()} - {each.until_date.isoformat() if each.until_date else ''}"
            tell("observe.line", id=each.pk, kind=each.kind, value=each.value, days=span, evidence=each.evidence)
    elif value is None:
        raise DunwellError("observation.unknown_value", kind=kind, value="", known=", ".join(OBSERVED[kind]))
    else:
        made = record_observation(
            debtor=owner, kind=kind, value=value, from_date=since, until_date=until, evidence=evidence, **acted(key)
        )
        tell("observe.recorded", id=made.pk, kind=kind, value=value, day=format_date(made.from_date, language()))


@click.command()
@click.argument("debtor")
@click.argument("stage", required=False, type=click.Choice(_STAGES))
@click.option("--on", "done", type=Day(), help="The day it was done (default: today).")
@click.option("--item", "items", multiple=True, help="Only for this item (default: all for which the step is due).")
@click.option("--note", default="", help="What came of it.")
@click.option("--withdraw", type=int, metavar="ID", help="Take this step back instead: it was recorded by mistake.")
@once
def step(
    debtor: str,
    stage: str | None,
    done: date | None,
    items: tuple[str, ...],
    note: str,
    withdraw: int | None,
    key: str | None,
    code: str | None,
) -> None:
    """Record a step of the strategy that a person took: `dunwell step D-1 lawyer_letter`; without a stage: list them.

    Calls are recorded by `dunwell contact record`, letters and mails by the program itself.
    """
    creditor = creditors.choose(code)
    owner = read_talks.debtor(creditor, debtor)
    if withdraw is not None:
        taken_back = withdraw_step(step=read.step(owner, withdraw), note=note, **acted(key))
        tell("step.withdrawn", id=taken_back.pk)
    elif stage is None:
        for each in read.steps(owner):
            what = words(f"stage.{Stage(each.stage).word}")
            state = words("step.state.tried" if not each.taken else "step.state.taken")
            state = words("step.state.withdrawn") if each.withdrawn_date else state
            tell("step.line", id=each.pk, stage=what, item=each.receivable.number, day=each.done_date.isoformat(),
                 state=state, note=each.note)  # fmt: skip
    else:
        named = [read_talks.receivable(creditor, number) for number in items] or None
        found = record_step(
            debtor=owner, stage=Stage[stage.upper()], done_date=done, receivables=named, note=note, **acted(key)
        )
        tell("step.recorded", count=len(found.steps), stage=words(f"stage.{stage}"))
