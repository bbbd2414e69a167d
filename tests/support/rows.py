"""A creditor, a person and debtors to try things on."""

from datetime import UTC, date, datetime
from typing import Any

from dunwell.actions.creditors import set_creditor
from dunwell.core.actor import Actor, ActorKind
from dunwell.store import guard
from dunwell.store.models import Creditor, Debtor, Person, StrategyAdopted, StrategyVersion
from tests.support.strategies import plain_strategy

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
MEI = Actor(ActorKind.USER, "mei")
ACME = {
    "name": "Acme GmbH",
    "street": "Hafenstraße 12",
    "postcode": "50667",
    "city": "Köln",
    "country": "DE",
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "email": "accounts@acme.example",
    "iban": "DE89370400440532013000",
    "bank_name": "Commerzbank",
    "signatory_name": "Katharina Vogt",
}


def a_creditor(code: str = "main", **changes: str) -> Creditor:
    """A creditor that could send letters and follows the plain strategy, on whichever day."""
    creditor = set_creditor(code=code, changes={**ACME, **changes}, at=NOW, by=MEI)
    told = plain_strategy()
    with guard.writing("test"):
        version, is_new = StrategyVersion.objects.get_or_create(
            creditor=creditor, hash=told.hash,
            defaults={"name": told.name, "text": told.text, "saved_at": NOW, "saved_by": str(MEI)},
        )  # fmt: skip
        if is_new:
            StrategyAdopted.objects.create(
                creditor=creditor, version=version, from_date=date(2000, 1, 1), adopted_at=NOW, adopted_by=str(MEI)
            )
    return creditor


def a_debtor(creditor: Creditor, number: str = "10001", **changes: Any) -> Debtor:
    """A debtor and the person behind it, written as an import would."""
    with guard.writing("test"):
        person = Person.objects.create(creditor=creditor, number=f"P{number}")
        values = {"name": "Weber & Söhne", "kind": "business", "language": "en", "known_from": NOW, **changes}
        return Debtor.objects.create(creditor=creditor, person=person, number=number, **values)
