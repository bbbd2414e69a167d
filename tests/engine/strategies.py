"""Random strategies for Hypothesis: segments, stages, treatments and conditions nobody would write."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from dunwell.core.terms import WRITTEN_STAGES, Stage
from dunwell.rulebook.strategy import Segment, Strategy
from dunwell.rulebook.strategy_columns import COLUMNS, Column, Kind
from dunwell.rulebook.strategy_file import read_strategy
from tests.engine.book import days

TEXTS = {"currency": ("EUR", "JPY"), "country": ("DE", "CN"), "debt_kind": ("trade", "unknown")}
TITLE = "{en: t, zh-Hans: t, zh-Hant: t}"


_news = st.sampled_from(["[]", "[promise_broken]", "[payment_bounced]", "[promise_broken, payment_bounced]"])


@st.composite
def conditions(draw: DrawFn, depth: int = 2) -> str:
    """The text of a condition."""
    if depth and draw(st.integers(0, 2)) == 0:
        joined = draw(st.sampled_from([" and ", " or "]))
        parts = draw(st.lists(conditions(depth - 1), min_size=2, max_size=3))
        return "(" + joined.join(parts) + ")"
    if draw(st.integers(0, 5)) == 0:
        return f"not ({draw(_compared(draw(st.sampled_from(list(COLUMNS.values())))))})"
    return draw(_compared(draw(st.sampled_from(list(COLUMNS.values())))))


@st.composite
def _compared(draw: DrawFn, column: Column) -> str:
    if column.kind is Kind.FLAG:
        return draw(st.sampled_from([column.name, f"not {column.name}", f"{column.name} = true"]))
    if column.kind is Kind.TEXT:
        values = column.values or TEXTS[column.name]
        one, other = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        shapes = [f"{column.name} = '{one}'", f"{column.name} in ('{one}', '{other}')", f"'{one}' <> {column.name}"]
        return draw(st.sampled_from(shapes))
    if column.kind is Kind.MONEY:
        units = draw(st.sampled_from([0, 100, 499, 500, 501, 1_000, 33_333]))
        value: object = Decimal(units) / draw(st.sampled_from([1, 100, 1_000]))
    else:
        value = draw(st.integers(0, 40))
    op = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
    return draw(st.sampled_from([
        f"{column.name} {op} {value}", f"{value} {op} {column.name}", f"{column.name} between {value} and {value}",
        f"{column.name} is null", f"{column.name} is not null",
    ]))  # fmt: skip


@st.composite
def strategies(draw: DrawFn) -> Strategy:
    """A whole strategy."""
    segments = draw(st.integers(0, 2))
    rows = [_segment(draw, f"s{place}", draw(conditions())) for place in range(segments)]
    rows.append(_segment(draw, "rest", None))
    text = "\n".join([
        "name: random", f"title: {TITLE}", f"netting: {draw(st.sampled_from(['true', 'false']))}",
        f"level: {draw(st.sampled_from(['receivable', 'receivable', 'highest', 'debtor']))}",
        f"grace_days: {draw(st.sampled_from([0, 0, 2]))}",
        f"pause_days: {draw(st.sampled_from([1, 3, 7]))}",
        "minimum_minor: {EUR: 500, JPY: 600}", f"at_once: {draw(_news)}",
        draw(st.sampled_from(["", "minimum_percent: {EUR: 5, KWD: 0.5}"])),
        draw(st.sampled_from(["", "residue_minor: {EUR: 700, JPY: 1100}"])),
        draw(st.sampled_from(["", "uneconomic_minor: {letter: {EUR: 10000}, email: {JPY: 1000}}"])),
        *_notes(draw, ""), *draw(st.sampled_from([[], _rank(draw)])), "segments:", *rows,
    ])  # fmt: skip
    return read_strategy("\n".join([text, *_experiments(draw, read_strategy(text))]))


def _experiments(draw: DrawFn, plain: Strategy) -> list[str]:
    """None, or one or two that follow one another around the days that are decided."""
    count = draw(st.integers(0, 2))
    if not count:
        return []
    turn = days(draw(st.integers(-20, 20)))
    spans = [(days(-400), turn), (turn + timedelta(days=1), days(400))]
    lines = ["experiments:"]
    for place, (first, last) in enumerate(spans[:count]):
        lines += [f"  - experiment: x{place}", f"    from: {first}", f"    until: {last}"]
        meant = plain.segments
        if draw(st.integers(0, 3)) == 0:
            meant = (draw(st.sampled_from(meant)),)
            lines.append(f"    segment: {meant[0].name}")
        if draw(st.booleans()):
            lines.append(f'    when: "{draw(conditions())}"')
        cut = draw(st.sampled_from([1, 2_500, 5_000, 9_999]))
        lines += [
            "    arms:",
            f"      - {{arm: a, share_bp: {cut}}}",
            "      - arm: b",
            f"        share_bp: {10_000 - cut}",
        ]
        changes = [line for stage in Stage for line in _change(draw, stage, meant)]
        lines += ["        stages:", *changes] if changes else []
    return lines


def _change(draw: DrawFn, stage: Stage, meant: tuple[Segment, ...]) -> list[str]:
    """What an arm does otherwise at a stage, as far as the strategy lets it."""
    steps = [(place, step) for each in meant for place, step in enumerate(each.steps) if step.stage is stage]
    if not steps or draw(st.booleans()):
        return []
    says = []
    channels = sorted({channel for _, step in steps for t in step.treatments if not t.skip for channel in t.channels})
    if channels and draw(st.booleans()):
        says.append(f"channels: [{', '.join(draw(st.permutations(channels)))}]")
    if any(place for place, _ in steps) and draw(st.booleans()):
        says.append(f"after_days: {max(step.after_days for _, step in steps) + draw(st.integers(0, 9))}")
    if draw(st.booleans()) or not says:
        says.append("offer: {kind: extension, days: 30}")
    return [f"          - {{stage: {stage.word}, {', '.join(says)}}}"]


def _notes(draw: DrawFn, indent: str) -> list[str]:
    """What is written about promises."""
    days, thank = draw(st.sampled_from([0, 1, 3, 6])), draw(st.sampled_from(["true", "true", "false"]))
    by = draw(st.sampled_from(["[email]", "[letter, email]"]))
    return draw(st.sampled_from([[], [f"{indent}promises: {{remind_days: {days}, thank: {thank}, channels: {by}}}"]]))


def _rank(draw: DrawFn) -> list[str]:
    """Rules of thumb that nobody would follow."""

    def percent() -> int:
        return draw(st.sampled_from([-200, -30, -1, 0, 1, 45, 900]))

    def table(words: list[object]) -> str:
        return "{" + ", ".join(f"{word}: {percent()}" for word in words) + "}"

    columns = [column for column in COLUMNS.values() if column.kind is not Kind.MONEY]
    chosen = draw(st.lists(st.sampled_from(columns), max_size=4, unique_by=lambda column: column.name))
    lines = ["rank:", f"  alarm_days: {draw(st.integers(0, 60))}", f"  recent_days: {draw(st.integers(1, 9))}"]
    lines += ["  chance:", f"    from: {draw(st.integers(1, 100))}"]
    for column in chosen:
        words = ["yes", "no"] if column.kind is Kind.FLAG else list(column.values)
        words = [0, 2, 30] if column.kind is Kind.WHOLE else words
        if words:
            lines.append(f"    {column.name}: {table(draw(st.permutations(words)))}")
    stages = draw(st.lists(st.sampled_from([stage.word for stage in Stage if stage]), max_size=4, unique=True))
    lines += ["  urgency:", f"    from: {draw(st.integers(1, 1_000))}", f"    stages: {table(list(stages))}"]
    for name in ("deadline_passed", "promise_broken", "payment_bounced", "waiting_week", "waiting_most"):
        lines.append(f"    {name}: {draw(st.integers(0, 300))}")
    return lines


def _segment(draw: DrawFn, name: str, when: str | None) -> str:
    lines = [f"  - segment: {name}", f"    title: {TITLE}"]
    if when is not None:
        lines.append(f'    when: "{when}"')
    if draw(st.booleans()):
        lines.append(f"    pause_days: {draw(st.sampled_from([1, 2, 10]))}")
    if draw(st.booleans()):
        lines.append(f"    at_once: {draw(_news)}")
    lines += _notes(draw, "    ")
    lines.append("    stages:")
    stages = sorted(draw(st.sets(st.sampled_from([stage for stage in Stage if stage]), min_size=1, max_size=6)))
    for stage in stages:
        lines += _step(draw, stage, has_deadline=Stage.SECOND_DUNNING in stages and stage > Stage.SECOND_DUNNING)
    return "\n".join(lines)


def _step(draw: DrawFn, stage: Stage, *, has_deadline: bool) -> list[str]:
    offset = draw(st.integers(-5, 0)) if stage is Stage.NOTICE else draw(st.integers(1, 30))
    lines = [f"      - stage: {stage.word}"]
    if has_deadline and draw(st.booleans()):
        lines.append(f"        after_deadline_days: {draw(st.integers(0, 5))}")
    else:
        lines.append(f"        offset_days: {offset}")
        if offset > 0 and draw(st.integers(0, 4)) == 0:
            lines.append("        month_end: true")
    lines += [f"        {line}" for line in _treatment(draw, stage)]
    if draw(st.booleans()):
        lines.append(f"        after_days: {draw(st.integers(0, 14))}")
    if draw(st.integers(0, 2)) == 0:
        lines.append("        instead:")
        for _ in range(draw(st.integers(1, 2))):
            lines.append(f'          - when: "{draw(conditions())}"')
            if draw(st.booleans()):
                lines.append("            skip: true")
            else:
                lines += [f"            {line}" for line in _treatment(draw, stage)]
    return lines


def _treatment(draw: DrawFn, stage: Stage) -> list[str]:
    lines = []
    if stage in WRITTEN_STAGES:
        lines.append(f"channels: {draw(st.sampled_from(['[email]', '[letter, email]', '[email, letter]']))}")
        if draw(st.integers(0, 4)) == 0:
            lines.append("by: person")
    if stage is Stage.CALL:
        lines.append(f"attempts: {draw(st.integers(1, 3))}")
    if (stage in WRITTEN_STAGES and stage >= Stage.FIRST_DUNNING) or draw(st.booleans()):
        lines.append(f"pay_within_days: {draw(st.integers(1, 14))}")
    return lines
