"""From messages that may leave to their notices: the one way for the sender and for whoever reads them before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dunwell.actions import gate
from dunwell.actions.sending.compose import notice_of, promise_note_of
from dunwell.actions.sending.last_look import Go
from dunwell.actions.sending.late_interest import LateInterest, Untold
from dunwell.documents.carried import COLLECTOR
from dunwell.documents.notice import Sender
from dunwell.documents.promise_note import Written
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import Creditor, OutboxMessage, Receivable


class Writer:
    """Writes the notices of one look: what it found is read once for all of them."""

    def __init__(
        self, creditor: Creditor, goes: Sequence[tuple[OutboxMessage, Go]], *, sender: Sender, strategy: Strategy
    ) -> None:
        self._sender = sender
        self._treatments = strategy.treatments()
        self._receivables: Mapping[int, Receivable] = Receivable.objects.in_bulk(
            {item["receivable_id"] for _, go in goes for item in go.items}
        )
        self._late = LateInterest(creditor, goes[0][1].facts, {row.debtor_id for row, _ in goes}) if goes else None

    def notice(self, row: OutboxMessage, go: Go) -> tuple[Written, list[Untold]]:
        """The notice of a message, and on which invoices it asks no late interest where it should, and why. Raises as
        `compose` does."""
        wanted = gate.wanted(go.told)
        opt_out, from_collector = "opt_out_notice" in wanted, not wanted.isdisjoint(COLLECTOR)
        if row.promise_id is not None:
            note = promise_note_of(row, go.line, sender=self._sender, day=go.day)
            return replace(note, opt_out=opt_out, from_collector=from_collector), []
        treatment = self._treatments[go.line["segment"], go.line["treatment"]]
        written = notice_of(
            row, go.line, go.items, sender=self._sender, receivables=self._receivables, day=go.day,
            treatment=treatment,
        )  # fmt: skip
        written = replace(written, opt_out=opt_out, from_collector=from_collector, personal=row.personal)
        if self._late is None or not treatment.interest:
            return written, []
        return self._late.added(written, row, [item["receivable_id"] for item in go.items])
