"""The steps of sending: claim, look once more, make the bytes, call the channel, settle.

Several senders may work at once, and one may be killed at any step: see `actions.sending.outbox`. In one batch no two
messages go to the same person, so that the last look judges each of them truly.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from dunwell.actions import gate
from dunwell.actions.sending import outbox, sent_bytes
from dunwell.actions.sending.clock import Clock
from dunwell.actions.sending.compose import compose, sender_of, title_of
from dunwell.actions.sending.last_look import Cancel, Go, Wait, look
from dunwell.actions.sending.outbox import Ended, Ready
from dunwell.actions.sending.owner import new_owner
from dunwell.actions.sending.report import SendReport
from dunwell.actions.sending.writing import Writer
from dunwell.channels.cleared import Cleared
from dunwell.channels.letter import LetterChannel, day_folder
from dunwell.channels.message import Channel, ChannelDown, TryLater, Undeliverable, Unknown
from dunwell.core.actor import Actor
from dunwell.core.errors import DunwellError
from dunwell.core.settings import Settings
from dunwell.core.terms import OutboxState
from dunwell.documents import notice
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import Creditor, OutboxMessage
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of

BATCH = 50
LOOK_LASTS = timedelta(minutes=2)
"""A look older than this is taken again before the next message leaves."""

FAILURES_IN_A_ROW = 10
"""So many messages refused one after another: something is wrong with us, so the channel is left alone."""

_MEDIA_TYPES = {"email": "message/rfc822", "letter": "application/pdf"}


@dataclass(frozen=True, slots=True)
class _Made:
    """A message whose bytes are kept, with the look that let it go."""

    ready: Ready
    packed: bytes
    until_at: datetime | None


@dataclass(slots=True)
class Sender:
    """One creditor's messages in one sending; `channels` loses a channel that turns out to be down."""

    creditor: Creditor
    channels: dict[str, Channel]
    settings: Settings
    clock: Clock
    by: Actor
    limit: int | None
    stopped: Callable[[], bool]
    progress: Callable[[SendReport], None]
    pause_at: Callable[[str], None]
    report: SendReport
    owner: str = field(default_factory=new_owner)
    failures: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Sweep, then batch after batch until nothing is due."""
        self.clock.begin(self.creditor)
        swept = outbox.sweep(creditor=self.creditor, now=self._now(), by=self.by, finish=self._finish)
        self.report.again += len(swept.again)
        self.report.unknown += swept.unknown
        if outbox.waiting(self.creditor, tuple(self.channels), self._day()):
            self._start()
        self.report.waiting[self.creditor.code] = (
            outbox.waiting(self.creditor, tuple(_MEDIA_TYPES), self._day()),
            outbox.next_due(self.creditor, tuple(_MEDIA_TYPES), self._day(), self._now()),
        )
        self.report.waiting_from[self.creditor.code] = outbox.due_from(
            self.creditor, tuple(_MEDIA_TYPES), self._day(), self._now()
        )

    def _finish(self, row: OutboxMessage, day: date, sha256: str) -> str | None:
        """Write a letter that a crash interrupted, byte for byte, where it belongs; None when that cannot be done."""
        try:
            packed = sent_bytes.read(self.settings.documents, sha256)
            title = title_of(row)
            letters = LetterChannel(self.settings.letters)
            return letters.write(row.creditor.code, day, title, row.key, packed, gate.finish(row)).text
        except (DunwellError, OSError, ChannelDown):
            return None

    def _start(self) -> None:
        try:
            sender = sender_of(self.creditor)
        except DunwellError as error:
            self.report.refused.append(error)
            return
        if "email" in self.channels and not self.creditor.email:
            self.report.refused.append(DunwellError("send.no_sender_address", code=self.creditor.code))
        while self._batch(sender):
            self.progress(self.report)

    def _names(self) -> tuple[str, ...]:
        """Channels in use for this creditor: a mail needs a sender."""
        return tuple(name for name in self.channels if name != "email" or self.creditor.email)

    def _now(self) -> datetime:
        return self.clock.now(self.creditor)

    def _day(self) -> date:
        return self._now().date()

    def _batch(self, sender: notice.Sender) -> bool:
        """One batch; False when there is no more to do."""
        size = BATCH if self.limit is None else min(BATCH, self.limit - self.report.done)
        names, now = self._names(), self._now()
        if not names or size <= 0 or self.stopped():
            return False
        rows = outbox.claim(
            creditor=self.creditor, channels=names, day=now.date(), now=now, size=size, owner=self.owner, by=self.by
        )
        if not rows:
            return self.clock.walk_to(self.creditor, outbox.next_due(self.creditor, names, now.date(), now))
        try:
            self.pause_at("claimed")
            looked_at = datetime.now(UTC)
            made = self._make(self._look(rows, now), sender, now, looked_at)
            self.pause_at("made")
            self._call_all(made, looked_at)
        finally:
            outbox.release(rows=rows, by=self.by)
        return True

    def _look(self, rows: list[OutboxMessage], now: datetime) -> list[tuple[OutboxMessage, Go]]:
        verdicts = look(
            self.creditor, rows, day=now.date(), moment=now, strategy=self._strategy(now), rules=rules_of(self.creditor)
        )
        found = [(row, verdicts[row.pk]) for row in rows]
        self.pause_at("looked")
        if waits := [(row, verdict.not_before_at) for row, verdict in found if isinstance(verdict, Wait)]:
            outbox.postpone(rows=waits, reason="outside_hours", by=self.by)
            self.report.later["outside_hours"] += len(waits)
        self._cancel([(row, verdict.reason) for row, verdict in found if isinstance(verdict, Cancel)], now)
        return [(row, verdict) for row, verdict in found if isinstance(verdict, Go)]

    def _make(
        self, goes: list[tuple[OutboxMessage, Go]], sender: notice.Sender, now: datetime, looked_at: datetime
    ) -> list[_Made]:
        """Make the bytes and keep them. A message that cannot be made must not stop the others."""
        writer = Writer(self.creditor, goes, sender=sender, strategy=self._strategy(now))
        made: list[_Made] = []
        broken: list[tuple[OutboxMessage, str]] = []
        for row, go in goes:
            try:
                written, untold = writer.notice(row, go)
                self.report.without_interest += [(row.key, number, why) for number, why in untold]
                composed = compose(row, written, go.items, at=now)
                packed = self.channels[row.channel].pack(composed.message)
            except Undeliverable as failure:
                outbox.refuse(row=row, told=go.told, reason=failure.reason, day=now.date(), now=now, by=self.by)
                self.report.failed.append((row.key, failure.reason, failure.said))
            except Exception as error:  # noqa: BLE001 - whatever a row holds, the others must leave
                broken.append((row, "cannot_render"))
                self.report.broken.append((row.key, " ".join(str(error).split())[:300] or type(error).__name__))
            else:
                sha256 = sent_bytes.keep(self.settings.documents, packed)
                made.append(
                    _Made(
                        Ready(row, go.told, now, looked_at, composed, sha256, len(packed), _MEDIA_TYPES[row.channel]),
                        packed,
                        go.told.until_at,
                    )
                )  # fmt: skip
        self._cancel(broken, now)
        return made

    def _strategy(self, now: datetime) -> Strategy:
        return strategy_of(self.creditor, now.date())

    def _cancel(self, rows: list[tuple[OutboxMessage, str]], now: datetime) -> None:
        if rows:
            outbox.cancel(rows=rows, now=now, by=self.by)
            self.report.cancelled.update(reason for _, reason in rows)

    def _call_all(self, made: list[_Made], looked_at: datetime) -> None:
        """Call the channel for each. Settling one and beginning the next share a transaction."""
        ended: Ended | None = None
        for number, each in enumerate(made):
            if number and (self.stopped() or datetime.now(UTC) - looked_at > LOOK_LASTS):
                break
            closed = each.until_at is not None and self._now() >= each.until_at
            if closed or each.ready.row.channel not in self.channels:
                continue
            previous, ended = ended, None
            if leave := self._turn(previous, each.ready):
                self.pause_at("begun")
                ended = self._call(each, leave)
                self.pause_at("called")
        if ended is not None:
            self._turn(ended, None)
        self.pause_at("settled")

    def _turn(self, ended: Ended | None, starting: Ready | None) -> Cleared | None:
        now = self._now()
        return outbox.turn(ended=ended, starting=starting, day=now.date(), now=now, by=self.by)

    def _call(self, made: _Made, leave: Cleared) -> Ended:
        """Call the channel; every way it can end is an answer."""
        channel = self.channels[made.ready.row.channel]
        state, counts = OutboxState.SENT, True
        reason, said = "", ""
        try:
            said = channel.send(made.ready.composed.message, made.packed, leave).text
        except ChannelDown as failure:
            state, reason, said, counts = OutboxState.TRY_LATER, failure.reason, failure.said, False
            self._leave_alone(channel.name, reason, said)
        except TryLater as failure:
            state, reason, said = OutboxState.TRY_LATER, failure.reason, failure.said
        except Undeliverable as failure:
            state, reason, said = OutboxState.UNDELIVERABLE, failure.reason, failure.said
        except Unknown as failure:
            state, reason, said = OutboxState.UNKNOWN, failure.reason, failure.said
        except Exception as error:  # noqa: BLE001 - a mistake of ours, with a message whose fate it leaves open
            state = OutboxState.TRY_LATER if channel.repeatable else OutboxState.UNKNOWN
            reason, said = "broke", " ".join(str(error).split())[:300] or type(error).__name__
        ended = Ended(made.ready, state, reason, said, counts).after_all_tries()
        self._report(made.ready.row, ended.state, ended.reason, said)
        self.failures[channel.name] = 0 if state == OutboxState.SENT else self.failures[channel.name] + 1
        if self.failures[channel.name] >= FAILURES_IN_A_ROW:
            self._leave_alone(channel.name, "refused_in_a_row", said)
        return ended

    def _leave_alone(self, channel: str, reason: str, said: str) -> None:
        self.channels.pop(channel, None)
        self.report.stopped.setdefault(channel, (reason, said))

    def _report(self, row: OutboxMessage, state: OutboxState, reason: str, said: str) -> None:
        match state:
            case OutboxState.SENT:
                self.report.sent[row.channel, row.stage] += 1
                if row.channel == "letter":
                    self.report.letters.add(day_folder(self.settings.letters, row.creditor.code, self._day()))
            case OutboxState.UNKNOWN:
                self.report.unknown.append(row.key)
            case OutboxState.UNDELIVERABLE:
                self.report.failed.append((row.key, reason, said))
            case _:
                self.report.later[reason] += 1
