"""Who collects for a creditor: teams as text, and who is away."""

from django.db import models

from dunwell.store.models.base import Owned


class TeamAdopted(Owned):
    """From `from_date` on this team collects; its file as text, under its hash. Never changed: another text is another
    row. Of several for one day the one adopted last."""

    name = models.CharField(max_length=40)
    hash = models.CharField(max_length=64)
    text = models.TextField()
    from_date = models.DateField()
    adopted_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=200)


class TeamAbsence(Owned):
    """A collector is away from `from_date` to `until_date`, both included.

    `substitute`: who takes his tasks first; empty: nobody in particular. `withdrawn_at`: when it was taken back."""

    collector = models.CharField(max_length=40)
    from_date = models.DateField()
    until_date = models.DateField()
    substitute = models.CharField(max_length=40, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)
