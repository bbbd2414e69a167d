"""What an agency sends to a consumer in the United States: nothing before the validation notice and while its period
runs, and after it messages that say from whom they come."""

import io
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from pypdf import PdfReader

from dunwell.actions.sending.clock import Clock
from dunwell.actions.talks import add_entry
from dunwell.core.terms import Channel
from dunwell.store.models import Clearance, Debtor, OutboxMessage
from tests.send.book import DAY, TEN, add_debtor, add_point, let_go, run, states
from tests.support.rows import MEI, a_creditor

FIRST = (
    "We are a debt collector. This is an attempt to collect a debt, and any information obtained will be used for that"
)


def a_consumer(**changes: str) -> Debtor:
    """He owes an agency, and has a postal address in Maine."""
    creditor = a_creditor(**{"kind": "debt_collector", **changes})
    debtor = add_debtor(creditor, "C1", kind="consumer", country="US", currency="USD", zone="America/New_York")
    add_point(debtor, channel="letter", street="12 Elm Street", postcode="04101", city="Portland", country="US")
    return debtor


def notified(debtor: Debtor, day: date) -> None:
    add_entry(debtor=debtor, kind="notice_sent", purpose="validation", from_date=day, at=TEN, by=MEI, key="n")


def letters() -> list[str]:
    found = sorted(Path(settings.DUNWELL.letters).rglob("*.pdf"))
    return ["".join(p.extract_text() for p in PdfReader(io.BytesIO(each.read_bytes())).pages) for each in found]


class TestAnAgency:
    def test_sends_nothing_by_itself_before_the_validation_notice(self, db):
        debtor = a_consumer()
        run(debtor.creditor)
        assert not OutboxMessage.objects.exists()

    def test_sends_nothing_by_itself_while_the_validation_period_runs(self, db):
        debtor = a_consumer()
        notified(debtor, DAY - timedelta(days=41))
        run(debtor.creditor)
        assert not OutboxMessage.objects.exists()

    def test_says_afterwards_from_whom_a_letter_comes(self, db):
        debtor = a_consumer()
        notified(debtor, DAY - timedelta(days=42))
        run(debtor.creditor)
        let_go()
        assert states() == {"C1": "sent"}
        [letter] = letters()
        assert "".join(FIRST.split()) in "".join(letter.split())
        assert Clearance.objects.get().verdict == "allowed"

    def test_says_it_in_an_email_with_how_to_stop_them(self, db, sink):
        debtor = a_consumer()
        notified(debtor, DAY - timedelta(days=60))
        add_point(debtor, channel="email", value="c1@debtor.example")
        add_entry(debtor=debtor, kind="consent", channel=Channel.EMAIL, at=TEN - timedelta(days=9), by=MEI, key="c")
        # ten o'clock in New York
        evening = TEN + timedelta(hours=6)
        run(debtor.creditor, now=evening)
        let_go(clock=Clock(fixed=evening))
        [mail] = sink.to("c1@debtor.example")
        said = " ".join(mail.get_body(("plain",)).get_content().split())
        assert FIRST in said
        assert "reply with the word STOP" in said

    def test_who_collects_for_himself_needs_no_notice_and_does_not_say_it(self, db):
        debtor = a_consumer(kind="supplier")
        run(debtor.creditor)
        let_go()
        assert states() == {"C1": "sent"}
        [letter] = letters()
        assert "debt collector" not in " ".join(letter.split())
