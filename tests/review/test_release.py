"""What a run prepares leaves by itself within a creditor's limits, and waits for a person beyond them."""

import json
from datetime import date, timedelta

import pytest

from dunwell.actions.release import set_release
from dunwell.core.actor import Actor, ActorKind
from dunwell.core.errors import Refused
from dunwell.core.terms import Stage
from dunwell.rulebook.release import Release
from dunwell.store.models import Creditor, JournalEntry, OutboxMessage, ReleaseSet
from dunwell.store.reads.release import release_of
from tests.channels.sink import Sink
from tests.review.steps import decide, message, of, release, setting
from tests.send.book import DAY, TEN, a_book, add_debtor, let_go, owe, pay, run, states
from tests.support.homes import Home
from tests.support.rows import MEI, NOW


class TestANewInstallation:
    def test_lets_messages_leave_by_themselves(self, sink: Sink):
        report = decide(a_book(mails=2))
        assert (report.outbox["prepared"], report.waits) == (2, {})
        assert message("M0").released_at == TEN
        assert let_go().sent.total() == 2

    def test_keeps_a_letter_about_millions_until_somebody_read_it(self, sink: Sink):
        creditor = a_book(mails=1)
        add_debtor(creditor, "BIG", email="big@debtor.example", cents=100_000_001)
        assert decide(creditor).waits == {"over_amount": 1}
        assert let_go().sent.total() == 1
        assert states() == {"M0": "sent", "BIG": "prepared over_amount"}


class TestAMessageThatWaits:
    def test_is_not_sent(self, sink: Sink):
        creditor = a_book(mails=2, letters=1)
        setting(creditor, automatic=False)
        assert decide(creditor).waits == {"by_hand": 3}
        report = let_go()
        assert (report.done, sink.mails, set(states().values())) == (0, [], {"prepared by_hand"})

    def test_leaves_after_its_release_and_says_who_released_it(self, sink: Sink):
        creditor = a_book(mails=2)
        setting(creditor, automatic=False)
        run(creditor)
        assert release(creditor, of("M1")).count == 1
        row = message("M1")
        assert (row.state, row.released_at, row.released_by) == ("released", TEN, "user:mei")
        let_go()
        assert states() == {"M0": "prepared by_hand", "M1": "sent"}

    def test_is_decided_again_after_its_release_when_the_money_came(self, sink: Sink):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False)
        run(creditor)
        release(creditor)
        pay(message("M0").debtor)
        let_go()
        assert (states(), sink.mails) == ({"M0": "cancelled paid_meanwhile"}, [])

    def test_is_kept_by_a_run_of_the_next_day_when_it_still_holds(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False)
        run(creditor)
        report = decide(creditor, days=1)
        assert (report.outbox, report.waits) == ({"prepared": 0, "kept": 1, "cancelled": 0}, {"by_hand": 1})
        assert message("M0").as_of == DAY + timedelta(days=1)

    def test_is_cancelled_by_the_run_when_it_holds_no_longer(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False)
        run(creditor)
        pay(message("M0").debtor)
        run(creditor)
        assert states() == {"M0": "cancelled superseded"}

    def test_leaves_by_itself_with_the_next_run_once_the_setting_lets_it(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False)
        run(creditor)
        setting(creditor, automatic=True)
        decide(creditor, days=1)
        row = message("M0")
        assert (row.state, row.state_reason, row.released_by) == ("released", "", "")


class TestALimit:
    def test_on_a_days_number_holds_over_all_runs_of_the_day(self, db: Home):
        creditor = a_book(mails=4)
        setting(creditor, most_messages=2)
        assert decide(creditor).waits == {"over_count": 2}
        owe(message("M3").debtor, "R-new")
        report = decide(creditor)
        assert (report.outbox["cancelled"], report.waits) == (1, {"over_count": 2})
        assert sorted(states().values()).count("released") == 2

    def test_on_a_days_number_lets_the_next_ones_leave_on_the_next_day(self, sink: Sink):
        creditor = a_book(mails=3)
        setting(creditor, most_messages=2)
        run(creditor)
        let_go()
        decide(creditor, days=1)
        assert sorted(states().values()) == ["released", "sent", "sent"]

    def test_on_a_days_number_is_not_used_up_by_what_a_person_releases(self, db: Home):
        creditor = a_book(mails=4)
        setting(creditor, most_messages=2)
        run(creditor)
        assert release(creditor).count == 2
        add_debtor(creditor, "M9", email="m9@debtor.example")
        assert decide(creditor).waits == {"over_count": 1}

    def test_on_stages_keeps_those_only(self, db: Home):
        creditor = a_book(mails=1)
        add_debtor(creditor, "N1", email="n@debtor.example", due=DAY + timedelta(days=4))
        setting(creditor, waiting_stages=(Stage.NOTICE,))
        assert decide(creditor).waits == {"stage_waits": 1}
        assert states() == {"M0": "released", "N1": "prepared stage_waits"}

    def test_on_what_is_usual_keeps_the_whole_run(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, times_usual=2, usual_at_least=0)
        for day in range(3):
            assert decide(creditor, days=day).waits == {}
        for number in range(2):
            add_debtor(creditor, f"X{number}", email=f"x{number}@debtor.example")
        assert decide(creditor, days=3).waits == {"unusual": 2}

    def test_that_is_set_for_a_later_day_holds_from_that_day_on(self, db: Home):
        creditor = a_book(mails=1)
        set_release(creditor=creditor, changes={"automatic": False}, at=NOW, by=MEI, from_date=DAY + timedelta(days=1))
        assert decide(creditor).waits == {}
        add_debtor(creditor, "M9", email="m9@debtor.example")
        assert decide(creditor, days=1).waits == {"by_hand": 1}


class TestTheQuietPeriod:
    def test_keeps_a_released_message_and_lets_it_leave_afterwards(self, sink: Sink):
        creditor = a_book(mails=1)
        setting(creditor, quiet_minutes=30)
        run(creditor)
        assert message("M0").not_before_at == TEN + timedelta(minutes=30)
        assert (let_go().done, states()) == (0, {"M0": "released"})

    def test_begins_with_the_release_by_a_person(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False, quiet_minutes=30)
        run(creditor)
        release(creditor, at=TEN + timedelta(hours=1))
        assert message("M0").not_before_at == TEN + timedelta(minutes=90)

    def test_does_not_let_a_message_leave_earlier_than_it_might_anyway(self, db: Home):
        creditor = a_book(mails=1)
        setting(creditor, automatic=False, quiet_minutes=5)
        run(creditor)
        allowed = message("M0").not_before_at
        release(creditor, at=allowed - timedelta(hours=1))
        assert message("M0").not_before_at == allowed


class TestASetting:
    def test_changes_what_is_named_and_keeps_the_rest(self, db: Home):
        creditor = a_book()
        setting(creditor, most_messages=7)
        setting(creditor, quiet_minutes=15)
        assert release_of(creditor, DAY) == Release(most_messages=7, quiet_minutes=15)

    def test_that_stands_already_records_nothing(self, db: Home):
        creditor = a_book()
        assert setting(creditor, quiet_minutes=0) == Release()
        assert (ReleaseSet.objects.count(), JournalEntry.objects.filter(event="release.set").count()) == (0, 0)

    def test_stands_in_the_journal_with_the_one_before(self, db: Home):
        creditor = a_book()
        setting(creditor, most_messages=None)
        body = json.loads(bytes(JournalEntry.objects.get(event="release.set").body))["body"]
        assert (body["most_messages"], body["before"]["most_messages"]) == (None, 5_000)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"quiet_minutes": -1}, "release.out_of_range"),
            ({"quiet_minutes": None}, "release.out_of_range"),
            ({"times_usual": 0}, "release.out_of_range"),
            ({"most_minor": {"XXX": 5}}, "release.bad_amount"),
            ({"most_minor": {"EUR": 0}}, "release.bad_amount"),
            ({"waiting_stages": (Stage.CALL,)}, "release.no_message"),
        ],
    )
    def test_that_means_nothing_is_refused(self, db: Home, changes, code):
        with pytest.raises(Refused) as error:
            setting(a_book(), **changes)
        assert (error.value.code, ReleaseSet.objects.count()) == (code, 0)

    def test_for_a_day_that_is_over_is_refused(self, db: Home):
        with pytest.raises(Refused, match="not from 2026-11-21"):
            set_release(creditor=a_book(), changes={"automatic": False}, at=NOW, by=MEI, from_date=date(2026, 11, 21))

    def test_is_a_persons_word_and_not_a_jobs(self, db: Home):
        with pytest.raises(Refused, match="job:nightly may not do this"):
            set_release(creditor=a_book(), changes={"automatic": False}, at=NOW, by=Actor(ActorKind.JOB, "nightly"))

    def test_of_one_creditor_leaves_another_alone(self, db: Home):
        first, second = a_book(), Creditor.objects.get(pk=a_book(code="other").pk)
        setting(first, automatic=False)
        assert release_of(second, DAY) == Release()
        assert OutboxMessage.objects.count() == 0
