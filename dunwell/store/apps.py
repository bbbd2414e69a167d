"""Django's entry to the store: installs the guard on every connection."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class StoreConfig(AppConfig):
    """The store as a Django app."""

    name = "dunwell.store"
    label = "store"

    def ready(self) -> None:
        """Refuse writes outside an act from the first connection on."""
        from dunwell.store.guard import watch

        connection_created.connect(watch, dispatch_uid="dunwell.store.guard")
