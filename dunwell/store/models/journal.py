"""The journal: what happened, append-only. Its format is final; see `docs/decisions/journal-format.md`."""

import uuid

from django.db import models

from dunwell.store.models.base import Owned


class JournalEntry(Owned):
    """One act. The commitment is SHA-256 over salt and canonical entry (`evidence.commitment`).

    Nothing here says which entry came first for the proof: a sealer orders the leaves later, in a table of its
    own, so that writers never wait for each other and a row is never changed. `body` holds the canonical JSON;
    `encoding` says how it is stored, so that it can be kept encrypted without a new format.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField()
    at = models.DateTimeField()
    event = models.CharField(max_length=60)
    actor = models.CharField(max_length=120)
    debtor = models.BigIntegerField(null=True)
    key = models.CharField(max_length=250, null=True)
    schema_version = models.PositiveSmallIntegerField()
    encoding = models.CharField(max_length=20)
    body = models.BinaryField()
    salt = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "event", "key"], name="journal_key")]
        indexes = [models.Index(fields=["debtor", "at"], name="journal_debtor")]
