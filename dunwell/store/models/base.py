"""What all tables share: the creditor's key, and how a recorded fact keeps its earlier versions."""

from django.db import models


class Owned(models.Model):
    """Every row belongs to one creditor, so that clients of one installation stay apart."""

    creditor = models.ForeignKey("store.Creditor", on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True


class Fact(Owned):
    """Somebody told us, at `known_from`. A changed fact moves its row to `<Model>Past` and stays under its id."""

    known_from = models.DateTimeField()
    source = models.ForeignKey(
        "store.ImportFile", on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        abstract = True


class Derived(Owned):
    """Found by the engine from the facts of the same creditor, rewritten by the run and by acts, never told by anybody.

    The database checks no references of these rows: they name rows that were read in the same run, rows that are never
    deleted, and the check of every row costs more than writing it (see `docs/decisions/derived-rows-unchecked.md`).
    """

    creditor = models.ForeignKey(
        "store.Creditor", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        abstract = True


class Past(models.Model):
    """A closed version: what was believed from `known_from` until `known_to`. `of` is the fact's id."""

    of = models.BigIntegerField(db_index=True)
    known_to = models.DateTimeField()

    class Meta:
        abstract = True
