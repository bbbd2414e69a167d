"""What messages would say if they left now: by the same look and the same composing, and nothing leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dunwell.actions.sending.compose import compose, sender_of
from dunwell.actions.sending.last_look import Cancel, Wait, look
from dunwell.actions.sending.writing import Writer
from dunwell.core.errors import DunwellError
from dunwell.documents.email_text import render_email
from dunwell.store.models import Creditor, OutboxMessage
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would be. subject, text: its words; of a letter the same ones, without its layout.

    why      it would not leave: a code (words: `send.reason.<code>`, a rule's id after a colon)
    error    it cannot be written
    pages    of a letter: the PDF as it would be printed
    """

    row: OutboxMessage
    subject: str = ""
    text: str = ""
    why: str = ""
    error: DunwellError | None = None
    pages: bytes = b""


def previews(creditor: Creditor, rows: Sequence[OutboxMessage], *, day: date, moment: datetime) -> list[Preview]:
    """A preview of each, in their order; `day` is the creditor's business day at `moment`. Writes nothing.

    The messages must belong to different persons: each is judged as if no other left. Raises DunwellError where the
    creditor cannot be a sender.
    """
    sender, strategy = sender_of(creditor), strategy_of(creditor, day)
    verdicts = look(creditor, rows, day=day, moment=moment, strategy=strategy, rules=rules_of(creditor))
    goes = {}
    for row in rows:
        verdict = verdicts[row.pk]
        if not isinstance(verdict, Cancel):
            goes[row.pk] = verdict.then if isinstance(verdict, Wait) else verdict
    writer = Writer(creditor, [(row, goes[row.pk]) for row in rows if row.pk in goes], sender=sender, strategy=strategy)
    found = []
    for row in rows:
        verdict = verdicts[row.pk]
        if isinstance(verdict, Cancel):
            found.append(Preview(row, why=verdict.reason))
            continue
        try:
            notice, _ = writer.notice(row, goes[row.pk])
            made = compose(row, notice, goes[row.pk].items, at=moment)
        except DunwellError as error:
            found.append(Preview(row, error=error))
            continue
        words = render_email(notice)
        pages = made.message.attachments[0].data if row.channel == "letter" else b""
        found.append(Preview(row, words.subject, words.text, pages=pages))
    return found
