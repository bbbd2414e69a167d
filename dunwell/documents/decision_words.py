"""What a decision says, in words: one sentence for what is done about a line, and why."""

from collections.abc import Mapping
from typing import Any

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money
from dunwell.core.terms import Note, Stage


def stage_words(stage: int, language: str) -> str:
    """The name of a stage, e.g. `first dunning`."""
    return say(f"stage.{Stage(stage).word}", language)


def message_words(stage: int, language: str, purpose: str | None = None) -> str:
    """What kind of message it is: its stage, or what it says of a promise.

    purpose   of a message about a promise: tells whether it reminds or thanks; None: several may be counted together
    """
    if stage:
        return stage_words(stage, language)
    return say(f"message.{Note.of(purpose).value}" if purpose else "message.about_promise", language)


def note_words(note: Mapping[str, Any], language: str) -> str:
    """What is written about a promise, and why. note: see `engine.day.notes.NOTES`."""
    return say(
        f"decision.{note['note']}",
        language,
        total=format_money(note["total_minor"], note["currency"], language),
        due=format_date(note["due_date"], language),
        channel=channel_words(note["channel"], language),
    )


def channel_words(channel: str | None, language: str) -> str:
    """The name of a channel, e.g. `e-mail`."""
    return say(f"channel.{channel}", language) if channel else "-"


def decision_words(
    line: Mapping[str, Any], language: str, *, minimum_minor: int, pause_days: int, rule: str, detail: str
) -> str:
    """What is done about a line, and why. line: see `engine.day.decide.LINES`; rule and detail in words."""

    def sum_of(minor: int) -> str:
        return format_money(minor, line["currency"], language)

    return say(
        f"decision.{_code(line)}",
        language,
        stage=stage_words(line["stage"] or line["reached"], language),
        total=sum_of(line["total_minor"]),
        minimum=sum_of(minimum_minor),
        channel=channel_words(line["channel"], language),
        deadline=format_date(line["pay_by_date"], language) if line["pay_by_date"] else "-",
        rule=rule,
        detail=detail,
        last=format_date(line["last_message_date"], language) if line["last_message_date"] else "-",
        pause=pause_days,
    )


def person_words(line: Mapping[str, Any], language: str) -> str | None:
    """What waits for a person beside what is done; None: nothing does."""
    if not line["person_minor"] or line["action"] == "none" or line["reason"] == line["person_reason"]:
        return None
    total = format_money(line["person_minor"], line["currency"], language)
    return say("decision.also_person", language, total=total, stage=stage_words(line["person_stage"], language))


def _code(line: Mapping[str, Any]) -> str:
    """The words for a line's reason: one sentence for every step that is a person's."""
    if line["pay_by_date"]:
        return "step_due_by"
    stage_due = line["reason"] == f"{Stage(line['stage']).word}_due"
    return "person_due" if stage_due else str(line["reason"])
