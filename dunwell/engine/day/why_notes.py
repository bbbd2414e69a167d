"""What `why_not` answers about messages about promises: they are no steps, so a ladder does not explain them."""

from collections.abc import Iterator

from dunwell.core.terms import Note
from dunwell.engine.day.why import Look, Row, notes


def notes_in(seen: Look) -> dict[str, Row]:
    """The message about a promise of each currency in which there is one that day, see `notes.NOTES`."""
    return {note["currency"]: note for note in notes(seen)}


def is_note(note: Row | None, action: str) -> bool:
    """Is the message about a promise what is meant by an action (`message`, or its channel)?"""
    return note is not None and action in ("message", note["channel"])


def ends_of(note: Row) -> Iterator[Row]:
    """What would keep it from going out: any one of these."""
    about = {"due_date": note["due_date"], "minor": note["total_minor"]}
    if note["note"] == Note.REMINDER:
        yield {"need": "promise_paid", **about}
        yield {"need": "promise_withdrawn", **about}
        yield {"need": "no_reminders"}
    else:
        yield {"need": "money_back", **about}
        yield {"need": "no_thanks"}
