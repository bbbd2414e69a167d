"""What an act changes is seen at once in the standing, decided by the functions of the run."""

from datetime import UTC, date, datetime
from uuid import uuid4

from dunwell.actions.day.runs import run_day
from dunwell.actions.talks import lift_hold, set_hold
from dunwell.core.terms import HoldReason
from dunwell.store.models import Debtor, Standing
from tests.support.book import TESTER, make_creditor, make_debtors, make_invoice
from tests.support.homes import Home

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class TestStanding:
    def test_follows_an_act_and_leaves_other_debtors_alone(self, db: Home) -> None:
        creditor = make_creditor()
        held, other = make_debtors(creditor, "Held Ltd", "Other Ltd")
        make_invoice(creditor, held, "R-1", date(2026, 11, 1), 10_000)
        make_invoice(creditor, other, "R-2", date(2026, 11, 1), 20_000)
        run_day(creditor=creditor, as_of=date(2026, 11, 23), now=NOW, by=TESTER)
        before = Standing.objects.get(debtor=other)
        hold = set_hold(debtor=Debtor.objects.get(pk=held), reason=HoldReason.TALKS, at=NOW, by=TESTER, key=uuid4())
        now = Standing.objects.get(debtor=held)
        assert (now.action, now.reason, now.body["rule"]) == ("none", "forbidden", "house.hold")
        lift_hold(hold=hold, at=NOW, by=TESTER, key=uuid4())
        assert Standing.objects.get(debtor=held).action == "message"
        assert Standing.objects.get(debtor=other).pk == before.pk

    def test_is_not_made_up_before_the_first_run(self, db: Home) -> None:
        creditor = make_creditor()
        (debtor,) = make_debtors(creditor, "Early Ltd")
        make_invoice(creditor, debtor, "R-1", date(2026, 11, 1), 10_000)
        set_hold(debtor=Debtor.objects.get(pk=debtor), reason=HoldReason.TALKS, at=NOW, by=TESTER, key=uuid4())
        assert not Standing.objects.exists()
