"""A strategy in words: whom a segment takes, when a step comes, what is done."""

from dunwell.core.errors import say
from dunwell.core.money import format_money
from dunwell.core.terms import LANGUAGES, Stage
from dunwell.rulebook.conditions import All, Compare, Condition, Either, Flag, Known, Not, OneOf
from dunwell.rulebook.rank import OTHER
from dunwell.rulebook.strategy import (
    AT_ONCE,
    PERSON,
    Change,
    Experiment,
    Offer,
    OfferKind,
    PromiseNotes,
    Segment,
    Step,
    Strategy,
    Treatment,
)
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
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    if COLUMNS[column].kind is not Kind.MONEY:
        return str(value)
    whole, rest = divmod(abs(value), 10**MONEY_SCALE_DIGITS)
    text = f"{whole}.{rest:0{MONEY_SCALE_DIGITS}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def segment_words(segment: Segment, language: str) -> str:
    """Its title and whom it takes."""
    when = condition_text(segment.when) or say("strategy.for_all", language)
    return say("strategy.segment_head", language, title=segment.title[language], name=segment.name, when=when)


def at_once_words(segment: Segment, language: str) -> str:
    """For which news its next step comes the same day; empty: for none."""
    events = say("explain.comma", language).join(
        _says(event, language) for event in AT_ONCE if event in segment.at_once
    )
    return say("strategy.at_once", language, events=events) if events else ""


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
    return ("；" if language.startswith("zh") else "; ").join(parts)


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
        parts.append(
            ("／" if language.startswith("zh") else " / ").join(
                say(f"channel.{channel}", language) for channel in treatment.channels
            )
        )
    parts.append(say(f"strategy.tone.{treatment.tone}", language))
    if treatment.pay_within_days:
        parts.append(say("strategy.how.pay_by", language, days=treatment.pay_within_days))
    if treatment.interest:
        parts.append(say("strategy.how.interest", language))
    if treatment.reconciliation:
        parts.append(say("strategy.how.reconciliation", language))
    if treatment.text:
        parts.append(say("strategy.how.text", language))
    if treatment.attempts > 1:
        parts.append(say("strategy.how.attempts", language, count=treatment.attempts))
    if treatment.offer is not None:
        parts.append(say("strategy.how.offer", language, offer=offer_words(treatment.offer, language)))
    return ("，" if language.startswith("zh") else ", ").join(parts)


def own_text_words(segment: Segment, language: str) -> list[str]:
    """The house's own paragraphs in the messages of a segment, in every language; one that others take over once."""
    found = {
        say("strategy.own_text", language, name=_treatment_name(treatment, language), spoken=spoken, text=text): None
        for step in segment.steps
        for treatment in (step.treatment, *step.treatments[:-1])
        if treatment is step.treatment or treatment.text != step.treatment.text
        for spoken, text in treatment.text.items()
    }
    return list(found)


def _treatment_name(treatment: Treatment, language: str) -> str:
    word, _, place = treatment.name.partition(".")
    stage = say(f"stage.{word}", language)
    return _says("row", language, place=place, what=stage) if place else stage


def offer_words(offer: Offer, language: str) -> str:
    """What may be offered, with its limits."""
    percent = f"{(offer.percent_bp or 0) / 100:.2f}".rstrip("0").rstrip(".")
    kind = "waiver_days" if offer.kind is OfferKind.WAIVER and offer.days else offer.kind
    return say(
        f"strategy.offer.{kind}", language, percent=percent, days=offer.days or 0, instalments=offer.instalments or 0
    )


def note_words(notes: PromiseNotes, language: str) -> list[str]:
    """What is written about promises: of reminders, and of thanks."""
    by = ("／" if language.startswith("zh") else " / ").join(
        say(f"channel.{channel}", language) for channel in notes.channels
    )
    return [
        _says("remind" if notes.remind_days else "no_remind", language, days=notes.remind_days, channels=by),
        _says("thank" if notes.thank else "no_thank", language, channels=by),
    ]


def strategy_lines(strategy: Strategy, language: str) -> list[str]:
    """All a strategy says, a line each and each by itself: two strategies differ where these lines do.

    What is asked in order (segments, the rows under `instead`) has its place in its line.
    """
    lines = [
        _says("name", language, name=strategy.name),
        _titles(strategy.title, language),
        _says("netting" if strategy.netting else "no_netting", language),
        _says(f"level.{strategy.level}", language),
        _says("grace", language, days=strategy.grace_days),
        *_least(strategy, language),
        *(
            _says("of", language, of=_says("no_segment", language), what=each)
            for each in note_words(strategy.promises, language)
        ),
    ]
    for place, segment in enumerate(strategy.segments, 1):
        lines.append(f"{place}. {segment_words(segment, language)}")
        lines.append(_says("of", language, of=segment.name, what=_titles(segment.title, language)))
        pause = say("strategy.pause", language, days=segment.pause_days)
        lines.append(_says("of", language, of=segment.name, what=pause))
        if at_once := at_once_words(segment, language):
            lines.append(_says("of", language, of=segment.name, what=at_once))
        lines += [_says("of", language, of=segment.name, what=each) for each in note_words(segment.promises, language)]
        for step in segment.steps:
            stage = say(f"stage.{step.stage.word}", language)
            head = _says("of", language, of=segment.name, what=stage)
            lines.append(_says("of", language, of=head, what=when_words(step, language)))
            lines += [_says("of", language, of=head, what=each) for each in _treatments(step, language)]
        lines += [_says("of", language, of=segment.name, what=each) for each in own_text_words(segment, language)]
    lines += [_says("of", language, of=_says("rank", language), what=each) for each in _rank(strategy, language)]
    return lines + [line for each in strategy.experiments for line in experiment_lines(each, language)]


def experiment_lines(experiment: Experiment, language: str) -> list[str]:
    """An experiment: its days and whom it means, then each arm with its share and what it does otherwise."""
    head = say("strategy.experiment", language, name=experiment.name)
    lines = [
        say("strategy.experiment_days_words", language, first=experiment.from_date.isoformat(),
            last=experiment.until_date.isoformat()),
        say("strategy.experiment_for", language, segment=experiment.segment)
        if experiment.segment else "",
        condition_text(experiment.when),
    ]  # fmt: skip
    for place, arm in enumerate(experiment.arms, 1):
        name = say("strategy.arm", language, place=place, name=arm.name, percent=arm.percent)
        changes = [change_words(change, language) for change in arm.changes] or [say("strategy.arm_usual", language)]
        lines += [_says("of", language, of=name, what=each) for each in changes]
    return [_says("of", language, of=head, what=each) for each in lines if each]


def change_words(change: Change, language: str) -> str:
    """What an arm does otherwise at a stage."""
    parts = []
    if change.channels:
        order = " > ".join(say(f"channel.{channel}", language) for channel in change.channels)
        parts.append(say("strategy.arm_order", language, order=order))
    if change.after_days is not None:
        parts.append(say("strategy.when.after", language, days=change.after_days))
    if change.offer is not None:
        parts.append(say("strategy.how.offer", language, offer=offer_words(change.offer, language)))
    stage = say(f"stage.{change.stage.word}", language)
    return _says("of", language, of=stage, what=("，" if language.startswith("zh") else ", ").join(parts))


def _treatments(step: Step, language: str) -> list[str]:
    """What is done, in the order in which it is asked for."""
    told = [treatment_words(each, language) for each in step.treatments]
    if len(told) == 1:
        return told
    rows = [_says("row", language, place=place, what=what) for place, what in enumerate(told[:-1], 1)]
    return [*rows, _says("otherwise", language, what=told[-1])]


def _titles(title: dict[str, str], language: str) -> str:
    return _says("title", language, title=" / ".join(title[each] for each in LANGUAGES))


def _least(strategy: Strategy, language: str) -> list[str]:
    """What is too little to be asked for."""
    lines = [
        _says("minimum", language, sum=format_money(minor, currency, language))
        for currency, minor in sorted(strategy.minimum_minor.items())
    ]
    lines += [
        _says("minimum_percent", language, currency=currency, percent=f"{bp / 100:g}")
        for currency, bp in sorted(strategy.minimum_bp.items())
    ]
    lines += [
        _says("residue", language, sum=format_money(minor, currency, language))
        for currency, minor in sorted(strategy.residue_minor.items())
    ]
    for channel, least in sorted(strategy.uneconomic_minor.items()):
        about = say(f"channel.{channel}", language)
        lines += [
            _says("uneconomic", language, channel=about, sum=format_money(minor, currency, language))
            for currency, minor in sorted(least.items())
        ]
    return lines


def _rank(strategy: Strategy, language: str) -> list[str]:
    """What comes first on a worklist."""
    rank, urgency = strategy.rank, strategy.rank.urgency
    lines = [
        _says("alarm", language, days=rank.alarm_days),
        _says("recent", language, days=rank.recent_days),
        _says("chance_from", language, percent=rank.chance_bp // 100),
    ]
    for chance in sorted(rank.chance, key=lambda each: each.column):
        lines += [
            _says("chance", language, column=chance.column, value=value, percent=f"{bp // 100:+d}")
            for value, bp in chance.changes_bp
        ]
    lines.append(_says("urgency_from", language, percent=urgency.from_bp // 100))
    changes = {say(f"stage.{Stage(stage).word}", language): bp for stage, bp in sorted(urgency.stages_bp.items())}
    changes |= {_says(name, language): getattr(urgency, f"{name}_bp") for name in _NEWS}
    lines += [_says("urgency", language, what=what, percent=f"{bp // 100:+d}") for what, bp in changes.items()]
    for name, minutes in sorted(rank.minutes.items()):
        what = _says("other_task", language) if name == OTHER else say(f"channel.{name}", language)
        lines.append(_says("minutes", language, what=what, minutes=minutes))
    lines += [
        _says("weight", language, currency=currency, weight=weight) for currency, weight in sorted(rank.weights.items())
    ]
    return lines


_NEWS = ("deadline_passed", "promise_broken", "payment_bounced", "waiting_week", "waiting_most")


def _says(code: str, language: str, **params: object) -> str:
    return say(f"strategy.says.{code}", language, **params)
