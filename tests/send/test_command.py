import json
import signal

import pytest

from dunwell.store.models import OutboxMessage
from tests.send.book import DAY, a_book, add_debtor, environment_of, let_go, run, states

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


class TestTheSendCommand:
    def test_sends_and_says_where_the_letters_are(self, db, sink):
        run(a_book(mails=2, letters=1))
        done = db.dunwell("send", env=environment_of(sink))
        assert str(db.path / "letters" / "main" / DAY.isoformat()) in "".join(done.stdout.split("\n"))
        assert len(sink.mails) == 2
        assert "Nothing was due" in db.dunwell("send", env=environment_of(sink)).stdout

    @QUICK
    def test_takes_no_day_out_of_range(self, db):
        done = db.dunwell("send", "--as-of", "9999-12-31", check=False)
        assert done.returncode == 2
        assert "1970-01-01 to 2200-12-31" in done.stderr

    @QUICK
    def test_reports_as_json(self, db, sink):
        run(a_book(mails=1, letters=1))
        report = json.loads(db.dunwell("send", "--channel", "letter", "--json", env=environment_of(sink)).stdout)
        assert report["sent"] == [{"channel": "letter", "stage": 20, "count": 1}]
        assert states() == {"M0": "released", "L0": "sent"}

    def test_names_the_hour_of_each_group_that_waits(self, db, sink):
        creditor = a_book()
        for n, (country, zone) in enumerate(
            [("DE", "Europe/Berlin"), ("DE", "Europe/Berlin"), ("US", "America/New_York")]
        ):
            add_debtor(creditor, f"G{n}", email=f"g{n}@debtor.example", country=country, zone=zone)
        run(creditor)
        early = {**environment_of(sink), "DUNWELL_NOW": f"{DAY}T05:00:00+00:00"}
        told = db.dunwell("send", env=early).stdout
        assert f"main: 3 messages wait; the next may leave at {DAY} 08:00 (Europe/Berlin)" in told
        assert f"  from {DAY} 08:00 (Europe/Berlin): 2" in told
        assert f"  from {DAY} 14:00 (Europe/Berlin): 1" in told
        waits = json.loads(db.dunwell("send", "--json", env=early).stdout)["waiting"]["main"]
        assert waits == {
            "count": 3, "next_at": f"{DAY}T07:00:00+00:00",
            "from": [{"at": f"{DAY}T07:00:00+00:00", "count": 2}, {"at": f"{DAY}T13:00:00+00:00", "count": 1}],
        }  # fmt: skip
        assert sink.mails == []

    @QUICK
    def test_names_one_hour_once(self, db, sink):
        run(a_book(mails=2))
        told = db.dunwell("send", env={**environment_of(sink), "DUNWELL_NOW": f"{DAY}T05:00:00+00:00"}).stdout
        assert "main: 2 messages wait; the next may leave at" in told
        assert "  from" not in told

    @QUICK
    def test_tries_a_day_out_on_this_machine_only(self, db, sink):
        run(a_book(mails=1, letters=1))
        # long after that day its messages could not leave in earnest any more
        here = {**environment_of(sink), "DUNWELL_NOW": "2026-12-24T09:00:00+00:00"}
        away = {**here, "DUNWELL_SMTP_HOST": "192.0.2.1", "DUNWELL_SMTP_SECURITY": "tls"}
        refused = db.dunwell("send", "--as-of", DAY.isoformat(), "--channel", "email", env=away, check=False)
        assert refused.returncode == 2
        assert "this machine only" in refused.stderr
        db.dunwell("send", "--as-of", DAY.isoformat(), env=here)
        assert len(sink.mails) == 1
        assert set(states().values()) == {"sent"}

    @QUICK
    def test_tries_no_day_out_with_messages_that_may_leave_in_earnest(self, db, sink):
        run(a_book(mails=1, letters=1))
        done = db.dunwell("send", "--as-of", DAY.isoformat(), env=environment_of(sink), check=False)
        assert done.returncode == 2
        assert "2 messages" in done.stderr
        assert (sink.mails, set(states().values())) == ([], {"released"})

    @QUICK
    def test_says_what_stands_in_the_way(self, db, sink):
        run(a_book(mails=1))
        done = db.dunwell("send", env={"DUNWELL_NOW": "2026-11-24T09:00:00+00:00"}, check=False)
        assert done.returncode == 1
        assert "DUNWELL_SMTP_HOST" in done.stderr
        assert states() == {"M0": "released"}

    @QUICK
    def test_names_a_mail_of_unknown_fate_until_it_is_resolved(self, db, sink):
        sink.on_data = lambda _: "drop"
        run(a_book(mails=1))
        key = OutboxMessage.objects.get().key
        done = db.dunwell("send", env=environment_of(sink), check=False)
        assert (done.returncode, key in done.stderr) == (1, True)
        assert key in db.dunwell("outbox", "list").stdout
        assert db.dunwell("outbox", "resolve", key, check=False).returncode == 2
        db.dunwell("outbox", "resolve", key, "--not-sent", env=environment_of(sink))
        assert states() == {"M0": "cancelled not_sent"}
        assert "not_sent" not in db.dunwell("outbox", "list", "--state", "cancelled").stdout

    @QUICK
    def test_stops_after_the_mail_in_hand_on_ctrl_c(self, db, sink):
        run(a_book(mails=6))
        running = []

        def interrupt(_: object) -> None:
            if running:
                running.pop().send_signal(signal.SIGINT)

        sink.on_data = interrupt
        process = db.start("send", env=environment_of(sink))
        running.append(process)
        said, error = process.communicate(timeout=60)
        assert process.returncode == 130, said + error
        assert len(sink.mails) < 6
        assert set(states().values()) == {"sent", "released"}
        let_go()
        assert set(sink.count.values()) == {1}
        assert len(sink.mails) == 6
