"""Which answers answer anything: each rests on a message or call of the debtor, and on one that nobody answered yet.
What rests on none counts as collection. See docs/contact-rules.md."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from dunwell.engine.contact.asked import Asked
from dunwell.engine.contact.counts import UNSENT
from dunwell.engine.contact.spoken import SPOKEN
from dunwell.rulebook.contact_rules import Rules

ANSWER = "answer"
HIMSELF = "debtor"


def settled(asked: Asked, rules: Rules, day: date) -> tuple[Asked, pl.DataFrame]:
    """What is asked, with the purpose of answers that rest on nothing set to collection, of contacts too; and what the
    rules of the kind `answer` say of the subjects among them (`spoken.SPOKEN`)."""
    found = rules.in_force(day, ANSWER)
    is_answer = (pl.col("purpose") == ANSWER) & (pl.col("direction") == "out") & ~pl.col("outcome").is_in(UNSENT)
    answers, wanted = asked.contacts.filter(is_answer), asked.subjects.filter(pl.col("purpose") == ANSWER)
    if not found or (answers.is_empty() and wanted.is_empty()):
        return asked, pl.DataFrame(schema=SPOKEN)
    span = span_of(rules, day) or timedelta()
    open_questions = _questions(asked.contacts, {*answers["person_id"], *wanted["person_id"]})
    to = pl.col("to").fill_null(HIMSELF)
    of_contacts = answers.sort("at", "contact_id").select("contact_id", "person_id", to, "at").rows()
    empty = [key for key, person, of, at in of_contacts if not _take(open_questions, person, of, at, span)]
    of_subjects = wanted.select("subject_id", "person_id", to, "at").rows()
    idle = [
        key for key, person, of, at in of_subjects if _oldest(open_questions.get((person, of), ()), at, span) is None
    ]
    settled_asked = replace(
        asked, contacts=_as_collection(asked.contacts, "contact_id", empty),
        subjects=_as_collection(asked.subjects, "subject_id", idle),
    )  # fmt: skip
    rows = [(key, rule.id, rule.effect) for key in idle for rule, _ in found]
    told = pl.DataFrame(rows, schema={name: SPOKEN[name] for name in ("subject_id", "rule", "effect")}, orient="row")
    absent = [pl.lit(None, kind).alias(name) for name, kind in SPOKEN.items() if name not in told.columns]
    return settled_asked, told.with_columns(absent).select(list(SPOKEN))


def span_of(rules: Rules, day: date) -> timedelta | None:
    """How long an answer may come after what it answers; None: no rule says."""
    days = [value["within_days"] for _, value in rules.in_force(day, ANSWER)]
    return timedelta(days=min(days)) if days else None


def _questions(contacts: pl.DataFrame, persons: set[int]) -> dict[tuple[int, str], list[datetime]]:
    """When people came to us, by person and who he was, the oldest first."""
    came = contacts.filter(
        (pl.col("direction") == "in") & ~pl.col("outcome").is_in(UNSENT) & pl.col("person_id").is_in(sorted(persons))
    ).select("person_id", pl.col("to").fill_null(HIMSELF), "at")
    found: dict[tuple[int, str], list[datetime]] = {}
    for person, to, at in came.sort("at").rows():
        found.setdefault((person, to), []).append(at)
    return found


def _take(
    questions: dict[tuple[int, str], list[datetime]], person: int, to: str, at: datetime, span: timedelta
) -> bool:
    """Whether an answer answers anything: it uses up the oldest question that it can."""
    left = questions.get((person, to), [])
    one = _oldest(left, at, span)
    if one is not None:
        left.remove(one)
    return one is not None


def _oldest(questions: Iterable[datetime], at: datetime, span: timedelta) -> datetime | None:
    return next((each for each in questions if each <= at <= each + span), None)


def _as_collection(rows: pl.DataFrame, key: str, which: list[int]) -> pl.DataFrame:
    if not which:
        return rows
    collected = pl.when(pl.col(key).is_in(which)).then(pl.lit("collection")).otherwise("purpose")
    return rows.with_columns(purpose=collected.cast(rows.schema["purpose"]))
