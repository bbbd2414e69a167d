"""A strategy in words: whom a segment takes, when a step comes, what is done."""

from dunwell.core.errors import say
from dunwell.core.money import DIGITS
from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf
from dunwell.rulebook.strategy import PERSON, Offer, Segment, Step, Strategy, Treatment
from dunwell.rulebook.strategy_columns import COLUMNS, MONEY_SCALE_DIGITS, Kind


def condition_text(condition: Condition | None) -> str:
    """A condition as it could stand in the file; of equal conditions always the same."""
    match condition:
        case None:
            return ""
        case Flag(column):
            return column
        case Known(column):
            return f"{column} is not null"
        case Not(Known(column)):
            return f"{column} is null"
        case Not(of):
            return f"not {_inner(of)}"
        case Compare(column, op, value):
            return f"{column} {'<>' if op == '!=' else op} {value_text(column, value)}"
        case OneOf(column, values):
            return f"{column} in ({', '.join(value_text(column, value) for value in values)})"
        case All(parts):
            return " and ".join(map(_inner, parts))
        case Either(parts):
            return " or ".join(map(_inner, parts))


def _inner(condition: Condition) -> str:
    text = condition_text(condition)
    return f"({text})" if isinstance(condition, All | Either) else text


def value_text(column: str, value: int | str) -> str:
    """A value of a column as it stands in a condition; money in units of the currency."""
    if isinstance(value, str):
        return f"'{value}'"
    if COLUMNS[column].kind is not Kind.MONEY:
        return str(value)
    whole, rest = divmod(abs(value), 10**MONEY_SCALE_DIGITS)
    text = f"{whole}.{rest:0{MONEY_SCALE_DIGITS}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def segment_words(segment: Segment, language: str) -> str:
    """Its title and whom it takes."""
    when = condition_text(segment.when) or say("strategy.for_all", language)
    return say("strategy.segment_head", language, title=segment.title[language], name=segment.name, when=when)


def when_words(step: Step, language: str) -> str:
    """When a step comes."""
    parts = []
    if step.offset_days is not None:
        code = "offset" if step.offset_days > 0 else "before" if step.offset_days else "on"
        parts.append(say(f"strategy.when.{code}", language, days=abs(step.offset_days)))
    if step.month_end:
        parts.append(say("strategy.when.month_end", language))
    if step.after_days:
        parts.append(say("strategy.when.after", language, days=step.after_days))
    if step.after_deadline_days is not None:
        parts.append(say("strategy.when.deadline", language, days=step.after_deadline_days))
    return "; ".join(parts)


def treatment_words(treatment: Treatment, language: str) -> str:
    """What is done, for those whom its condition holds for."""
    how = _how(treatment, language)
    if treatment.when is None:
        return how
    return say("strategy.how.if", language, when=condition_text(treatment.when), how=how)


def _how(treatment: Treatment, language: str) -> str:
    if treatment.skip:
        return say("strategy.how.skip", language)
    parts = [say("strategy.how.person", language)] if treatment.by == PERSON else []
    if treatment.channels:
        parts.append(" / ".join(say(f"channel.{channel}", language) for channel in treatment.channels))
    parts.append(say(f"strategy.tone.{treatment.tone}", language))
    if treatment.pay_within_days:
        parts.append(say("strategy.how.pay_by", language, days=treatment.pay_within_days))
    if treatment.interest:
        parts.append(say("strategy.how.interest", language))
    if treatment.attempts > 1:
        parts.append(say("strategy.how.attempts", language, count=treatment.attempts))
    if treatment.offer is not None:
        parts.append(say("strategy.how.offer", language, offer=offer_words(treatment.offer, language)))
    return ("，" if language.startswith("zh") else ", ").join(parts)


def offer_words(offer: Offer, language: str) -> str:
    """What may be offered, with its limits."""
    percent = f"{(offer.percent_bp or 0) / 100:.2f}".rstrip("0").rstrip(".")
    return say(
        f"strategy.offer.{offer.kind}", language, percent=percent, days=offer.days or 0,
        instalments=offer.instalments or 0,
    )  # fmt: skip


def strategy_lines(strategy: Strategy, language: str) -> list[str]:
    """All a strategy says, a line each and each by itself: two strategies differ where these lines do."""
    lines = [
        f"netting: {str(strategy.netting).lower()}",
        f"level: {strategy.level}",
        f"grace_days: {strategy.grace_days}",
        *(f"minimum: {_sum(minor, currency)}" for currency, minor in sorted(strategy.minimum_minor.items())),
        *(f"minimum_percent: {currency} {bp / 100:g}" for currency, bp in sorted(strategy.minimum_bp.items())),
        *(f"residue: {_sum(minor, currency)}" for currency, minor in sorted(strategy.residue_minor.items())),
    ]
    for channel, least in sorted(strategy.uneconomic_minor.items()):
        lines += [f"uneconomic: {channel} {_sum(minor, currency)}" for currency, minor in sorted(least.items())]
    for place, segment in enumerate(strategy.segments, 1):
        lines.append(f"{place}. {segment_words(segment, language)}")
        lines.append(f"{segment.name}: {say('strategy.pause', language, days=segment.pause_days)}")
        for step in segment.steps:
            head = f"{segment.name}: {say(f'stage.{step.stage.word}', language)}"
            lines.append(f"{head}: {when_words(step, language)}")
            lines += [f"{head}: {treatment_words(each, language)}" for each in step.treatments]
    return lines


def _sum(minor: int, currency: str) -> str:
    digits = DIGITS[currency]
    whole, rest = divmod(minor, 10**digits)
    return f"{currency} {whole}.{rest:0{digits}d}" if digits else f"{currency} {whole}"
