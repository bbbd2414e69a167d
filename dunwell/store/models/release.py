"""Which messages a creditor lets leave without anybody looking at them."""

from django.db import models

from dunwell.store.models.base import Owned


class ReleaseSet(Owned):
    """A setting in force from `from_date` on; of several for one day the one set last. Never changed.

    The columns are those of `rulebook.release.Release`, in words there. `most_minor`: currency -> minor units;
    `waiting_stages`: numbers of stages; `waiting_notes`: kinds of messages about promises.
    """

    from_date = models.DateField()
    automatic = models.BooleanField()
    most_messages = models.PositiveIntegerField(null=True)
    most_minor = models.JSONField()
    waiting_stages = models.JSONField()
    waiting_notes = models.JSONField(default=list)
    times_usual = models.PositiveIntegerField(null=True)
    usual_at_least = models.PositiveIntegerField()
    quiet_minutes = models.PositiveIntegerField()
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["creditor", "from_date"], name="release_from")]
