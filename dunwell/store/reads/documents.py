"""Documents of receivables."""

from dunwell.store.models import Creditor, Receivable, ReceivableDocument
from dunwell.store.reads.talks import receivables


def documents_of(creditor: Creditor, number: str) -> list[ReceivableDocument]:
    """The documents of an item, credit notes and the instalments of an invoice included, the oldest first.

    Raises DunwellError `receivable.unknown`."""
    notes = list(Receivable.objects.filter(creditor=creditor, kind="credit_note", number=number.replace("\0", "")))
    items = notes or receivables(creditor, number)
    found = ReceivableDocument.objects.select_related("document", "receivable").filter(
        receivable__in=[item.pk for item in items]
    )
    return list(found.order_by("added_at", "pk"))
