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


def known[F: Fact](model: type[F], at: datetime | None, **wanted: Any) -> list[F]:
    """Rows of facts as known at a moment (None: now), as objects under their ids, not to be saved.

    wanted   as for `filter`, by columns of the fact; the id of a past version is `pk` too
    """
    if at is None:
        return list(model._default_manager.filter(**wanted))
    names = [f.attname for f in model._meta.concrete_fields if f.attname != "id"]
    of = {name.replace("pk", "of", 1) if name.split("__")[0] == "pk" else name: value for name, value in wanted.items()}
    before = _past(model).filter(known_from__lte=at, known_to__gt=at, **of)
    return [
        *model._default_manager.filter(known_from__lte=at, **wanted),
        *(model(id=row.of, **{name: getattr(row, name) for name in names}) for row in before),
    ]


def _past(model: type[Fact]) -> Any:
    return apps.get_model("store", f"{model.__name__}Past")._default_manager
