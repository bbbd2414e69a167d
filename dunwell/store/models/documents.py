"""Documents that belong to receivables: the e-invoice as it came, by which its row can be proved."""

from django.db import models

from dunwell.store.models.base import Owned
from dunwell.store.models.contacts import Document
from dunwell.store.models.ledger import Receivable


class ReceivableDocument(Owned):
    """A document of a receivable. Its bytes are those of `Document`; never changed, never deleted.

    `kind`: what it is (`core.terms.DocumentKind`). `name`: how the file was called.
    """

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=255)
    added_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receivable", "document"], name="receivable_document_once")]
