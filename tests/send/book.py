"""A small book whose messages are in the outbox, by the real run, and a sender on it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings

from dunwell.actions.day.runs import run_day
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.report import SendReport
from dunwell.actions.sending.send import open_channels, send
from dunwell.channels.message import Channel
from dunwell.core.settings import Settings
from dunwell.store import guard
from dunwell.store.models import ContactPoint, Creditor, Debtor, Hold, OutboxMessage, Payment, Receivable
from tests.channels.sink import Sink
from tests.support.rows import MEI, a_creditor, a_debtor

DAY = date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""Tuesday, ten o'clock in Berlin."""


def at_sink(sink: Sink) -> None:
    """Let mail of this process go to a sink, from a pretended ten o'clock."""
    now: Settings = settings.DUNWELL
    values = {name: getattr(now, name) for name in now.__dataclass_fields__}
    settings.DUNWELL = Settings(
        **{**values, "smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_security": "none", "now": TEN}
    )


def environment_of(sink: Sink) -> dict[str, str]:
    """The same for a process of its own."""
    return {
        "DUNWELL_SMTP_HOST": "127.0.0.1",
        "DUNWELL_SMTP_PORT": str(sink.port),
        "DUNWELL_SMTP_SECURITY": "none",
        "DUNWELL_NOW": TEN.isoformat(),
    }


def a_book(mails: int = 0, letters: int = 0, **changes: str) -> Creditor:
    """Debtors M0..Mn with an e-mail address, L0..Ln with a postal one only; each owes EUR 100.10, four days late."""
    creditor = a_creditor(**changes)
    for number in range(mails):
        add_debtor(creditor, f"M{number}", email=f"m{number}@debtor.example")
    for number in range(letters):
        add_debtor(creditor, f"L{number}", letter=True)
    return creditor


def add_debtor(
    creditor: Creditor, number: str, *, email: str = "", letter: bool = False, due: date = date(2026, 11, 20),
    cents: int = 10_010, currency: str = "EUR", **changes: Any,
) -> Debtor:  # fmt: skip
    debtor = a_debtor(creditor, number, **{"name": f"Debtor {number}", "country": "DE", **changes})
    if email:
        add_point(debtor, channel="email", value=email)
    if letter:
        add_point(debtor, channel="letter", street="Lindenallee 7", postcode="80331", city="München", country="DE")
    owe(debtor, f"R-{number}", due=due, cents=cents, currency=currency)
    return debtor


def add_point(debtor: Debtor, **values: Any) -> ContactPoint:
    with guard.writing("test"):
        return ContactPoint.objects.create(
            creditor=debtor.creditor, debtor=debtor, known_from=datetime(2026, 1, 1, tzinfo=UTC), **values
        )


def owe(
    debtor: Debtor, number: str, *, due: date = date(2026, 11, 20), cents: int = 10_010, currency: str = "EUR"
) -> Receivable:
    with guard.writing("test"):
        return Receivable.objects.create(
            creditor=debtor.creditor, debtor=debtor, number=number, kind="invoice", issue_date=date(2026, 10, 20),
            due_date=due, currency=currency, amount_minor=cents, status="open", known_from=TEN,
        )  # fmt: skip


def pay(debtor: Debtor, cents: int = 10_010) -> None:
    with guard.writing("test"):
        receivable = Receivable.objects.get(debtor=debtor)
        Payment.objects.create(
            creditor=debtor.creditor, debtor=debtor, number=f"P-{debtor.number}", receivable=receivable, currency="EUR",
            value_date=DAY, amount_minor=cents, source_kind="bank", known_from=TEN,
        )  # fmt: skip


def hold(debtor: Debtor, reason: str) -> None:
    with guard.writing("test"):
        Hold.objects.create(
            creditor=debtor.creditor, debtor=debtor, reason=reason, from_date=DAY, note="", known_from=TEN
        )


def run(creditor: Creditor, day: date = DAY, now: datetime = TEN) -> dict[str, int]:
    """The day's run: the messages stand in the outbox."""
    return run_day(creditor=creditor, as_of=day, now=now, by=MEI).outbox


def let_go(
    *,
    clock: Clock | None = None,
    channels: Mapping[str, Channel] | None = None,
    limit: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
    pause_at: Callable[[str], None] = lambda _: None,
) -> SendReport:
    """Send all that is due, in this process."""
    clock = clock or Clock(fixed=settings.DUNWELL.now or TEN)
    usable = open_channels(settings.DUNWELL, clock)[0] if channels is None else channels
    return send(
        creditors=Creditor.objects.order_by("code"), channels=usable, settings=settings.DUNWELL, clock=clock, by=MEI,
        limit=limit, stopped=stopped, pause_at=pause_at,
    )  # fmt: skip


def states() -> dict[str, str]:
    """Debtor number -> the state of his message, with its reason after a blank if there is one."""
    rows = OutboxMessage.objects.order_by("pk").values_list("debtor__number", "state", "state_reason")
    return {number: f"{state} {reason}".strip() for number, state, reason in rows}
