"""Change or end a recorded fact without losing what was believed before: its row moves to `<Model>Past` first."""

from datetime import datetime
from typing import Any

from django.apps import apps

from dunwell.store.models.base import Fact


def change(fact: Fact, *, at: datetime, **values: Any) -> bool:
    """Close the version that stands and open one with these values, known from `at`; False when nothing differs.

    Lock the row first (`select_for_update`), inside the act. Where the version that stands was opened after `at` (a
    trial that pretends an earlier day), the new one begins when that one began: history never runs backwards.
    """
    if all(getattr(fact, name) == value for name, value in values.items()):
        return False
    since = max(at, fact.known_from)
    kept = {f.attname: getattr(fact, f.attname) for f in fact._meta.concrete_fields if f.attname != "id"}
    _past(type(fact)).create(of=fact.pk, known_to=since, **kept)
    for name, value in {**values, "known_from": since}.items():
        setattr(fact, name, value)
    fact.save(update_fields=[*values, "known_from"])
    return True


def close(fact: Fact, *, at: datetime) -> None:
    """Close the version that stands, and open none: the fact is no more. Lock the row first, inside the act."""
    kept = {f.attname: getattr(fact, f.attname) for f in fact._meta.concrete_fields if f.attname != "id"}
    _past(type(fact)).create(of=fact.pk, known_to=max(at, fact.known_from), **kept)
    fact.delete()


def _past(model: type[Fact]) -> Any:
    return apps.get_model("store", f"{model.__name__}Past")._default_manager
