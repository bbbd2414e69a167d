"""The daily run on real databases: once is enough, twice is the same, and nothing half-written ever stays."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from dunwell.actions.day import outcome_tables, run_folder, runs
from dunwell.actions.facts import facts_of
from dunwell.core.errors import DunwellError
from dunwell.engine.book.cash import MATCHES, matches
from dunwell.engine.day.sharded import Progress
from dunwell.rulebook.rank import packaged_rank
from dunwell.rulebook.strategy_file import default_strategy, read_strategy
from dunwell.store.models import Creditor, JournalEntry, OutboxMessage, Run
from tests.engine.book import DAY, Book, days
from tests.runs.kept import CLERK, change, creditor, keep, noon, run, table
from tests.support.homes import Home

TABLES = ("run", "decision", "outboxmessage", "standing", "match", "matchpast", "journalentry")


@pytest.fixture
def book() -> Book:
    """Five debtors: to remind, to give notice, with a promise, without an address, without a debt."""
    made = Book()
    late, early, promised, nowhere = (made.debtor(f"D{n}") for n in range(1, 5))
    made.debtor("D5")
    made.rows["contact_points"] = [r for r in made.rows["contact_points"] if r["debtor_id"] != nowhere]
    made.invoice(late, 50_000, days(-5))
    made.invoice(late, 7_000, days(-40), currency="USD")
    made.invoice(early, 20_000, days(3))
    made.invoice(promised, 90_000, days(-20))
    made.promise(promised, 90_000, days(-2), days(9))
    made.invoice(nowhere, 90_000, days(-20))
    return made


@pytest.fixture
def owner(db: Home, book: Book) -> Creditor:
    """The creditor of that book, all of it in the tables."""
    made = creditor()
    keep(book, made)
    return made


def live() -> list[tuple[int, str, str, int]]:
    """debtor, currency, state and sum of the messages that may still leave."""
    return [
        (m.debtor_id, m.currency, m.state, m.total_minor)
        for m in OutboxMessage.objects.filter(state__in=["released", "claimed", "try_later"]).order_by(
            "debtor_id", "currency"
        )
    ]


def test_a_book_with_sums_no_double_holds_is_run_and_recorded(db: Home) -> None:
    owner, made = creditor(), Book()
    made.invoice(made.debtor("D1"), 2**53 + 1, days(-5))
    keep(made, owner)
    assert run(owner, DAY).outbox["prepared"] == 1
    entry = JournalEntry.objects.get(event="run.decided")
    assert json.loads(bytes(entry.body))["body"]["summary"]["sums"]["EUR"]["open_minor"] == str(2**53 + 1)


def everything() -> dict[str, list[tuple[object, ...]]]:
    return {name: table(name) for name in TABLES}


class TestARun:
    def test_decides_keeps_and_fills_the_outbox(self, owner: Creditor, db: Home) -> None:
        report = run(owner, DAY)
        assert report.run == "acme-20260302-1"
        assert report.outbox == {"prepared": 3, "kept": 0, "cancelled": 0}
        assert live() == [(1, "EUR", "released", 50_000), (1, "USD", "released", 7_000), (2, "EUR", "released", 20_000)]
        assert report.summary["actions"] == {"message": 2, "none": 2, "task": 1}
        assert report.summary["refused"] == {"house.promise": 1}
        assert report.summary["sums"]["EUR"] == {
            "open_minor": 250_000, "overdue_minor": 230_000, "credit_minor": 0, "paused_minor": 90_000
        }  # fmt: skip
        assert [row[0] for row in table("decision", "debtor_id")] == [1, 2, 4]
        keys = sorted(OutboxMessage.objects.values_list("key", flat=True))
        assert keys[0] == "acme:D1:collection:EUR:reminder:0:0"
        entry = JournalEntry.objects.get(event="run.decided")
        assert json.loads(bytes(entry.body))["body"]["outbox"] == report.outbox
        folder = db.path / "runs" / "acme-20260302-1"
        assert sorted(p.name for p in folder.iterdir()) == [
            "decisions.parquet", "facts", "findings.parquet", "items.parquet", "lines.parquet", "manifest.json",
            "notes.parquet", "rank.yaml", "rules.json", "strategy.yaml",
        ]  # fmt: skip

    def test_twice_is_the_same_as_once(self, owner: Creditor) -> None:
        first = run(owner, DAY)
        before = everything()
        second = run(owner, DAY, at=noon(DAY) + timedelta(hours=3))
        assert (second.repeated, second.run, second.outbox_left_alone) == (True, first.run, "repeated")
        assert everything() == before
        assert (len(before["run"]), JournalEntry.objects.filter(event="run.decided").count()) == (1, 1)

    def test_of_a_large_book_goes_by_shards_and_is_the_same(
        self, owner: Creditor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run(owner, DAY)
        monkeypatch.setattr(run_folder, "LARGE_ROWS", 0)
        told: list[Progress] = []
        again = runs.run_day(creditor=owner, as_of=DAY, now=noon(DAY), by=CLERK, deciding=told.append)
        assert again.repeated
        assert [(each.done, each.of) for each in told] == [(5, 5)]

    def test_that_is_dry_writes_nothing(self, owner: Creditor, db: Home) -> None:
        before = everything()
        report = run(owner, DAY, dry_run=True)
        assert (report.run, report.summary["actions"]["message"]) == (None, 2)
        assert everything() == before
        assert not list((db.path / "runs").glob("*"))

    def test_after_a_payment_replaces_the_message_by_its_next_revision(self, owner: Creditor, book: Book) -> None:
        run(owner, DAY)
        book.payment(1, 20_000, DAY, 1)
        keep(book, owner)
        report = run(owner, DAY)
        assert report.outbox == {"prepared": 1, "kept": 2, "cancelled": 1}
        assert live()[0] == (1, "EUR", "released", 30_000)
        states = dict(OutboxMessage.objects.filter(debtor_id=1, currency="EUR").values_list("key", "state"))
        place = "acme:D1:collection:EUR:reminder:0"
        assert states == {f"{place}:0": "cancelled", f"{place}:1": "released"}

    def test_after_full_payment_cancels_the_message(self, owner: Creditor, book: Book) -> None:
        run(owner, DAY)
        book.payment(1, 50_000, DAY, 1)
        keep(book, owner)
        assert run(owner, DAY).outbox == {"prepared": 0, "kept": 2, "cancelled": 1}
        assert [row[:2] for row in live()] == [(1, "USD"), (2, "EUR")]
        assert OutboxMessage.objects.get(state="cancelled").state_reason == "superseded"

    def test_leaves_a_message_alone_that_is_in_flight(self, owner: Creditor, book: Book) -> None:
        run(owner, DAY)
        change("UPDATE store_outboxmessage SET state = 'claimed' WHERE debtor_id = 1 AND currency = 'EUR'")
        book.payment(1, 20_000, DAY, 1)
        keep(book, owner)
        assert run(owner, DAY).outbox == {"prepared": 0, "kept": 2, "cancelled": 0}
        assert live()[0] == (1, "EUR", "claimed", 50_000)

    def test_does_not_repeat_what_a_quicker_sender_sent_meanwhile(
        self, owner: Creditor, book: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The facts were read before the message left: it is wanted again, but its place on the ladder is taken."""
        run(owner, DAY)
        book.payment(1, 20_000, DAY, 1)
        keep(book, owner)
        honest = outcome_tables.put_in_outbox

        def late(*args: object) -> dict[str, int]:
            change("UPDATE store_outboxmessage SET state = 'sent' WHERE debtor_id = 1 AND currency = 'EUR'")
            return honest(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(outcome_tables, "put_in_outbox", late)
        assert run(owner, DAY).outbox == {"prepared": 0, "kept": 2, "cancelled": 0}
        assert [row[:2] for row in live()] == [(1, "USD"), (2, "EUR")]

    def test_of_a_day_ahead_leaves_the_outbox_alone_and_silences_nobody(self, owner: Creditor) -> None:
        ahead = run(owner, days(1), at=noon(DAY))
        assert (ahead.outbox_left_alone, ahead.outbox, live()) == ("day_ahead", {}, [])
        assert (table("standing"), table("match")) == ([], [])
        assert run(owner, days(1), at=noon(DAY)).repeated
        assert run(owner, DAY).outbox["prepared"] == 3
        when_it_came = run(owner, days(1))
        assert (when_it_came.repeated, when_it_came.outbox_left_alone) == (False, None)
        assert len(live()) == 3

    def test_of_a_day_before_the_latest_leaves_the_outbox_alone(self, owner: Creditor) -> None:
        run(owner, days(1))
        before = {name: rows for name, rows in everything().items() if name not in ("run", "journalentry")}
        past = run(owner, days(-9), at=noon(days(1)))
        assert past.outbox_left_alone == "later_day_was_run"
        assert {name: rows for name, rows in everything().items() if name not in ("run", "journalentry")} == before
        assert Run.objects.count() == 2

    def test_of_the_next_day_keeps_the_message_that_still_waits(self, owner: Creditor) -> None:
        run(owner, DAY)
        ids = list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True))
        assert run(owner, days(1)).outbox == {"prepared": 0, "kept": 3, "cancelled": 0}
        assert list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True)) == ids
        assert set(OutboxMessage.objects.values_list("as_of", flat=True)) == {days(1)}

    def test_without_debtors_is_refused_in_words(self, db: Home) -> None:
        with pytest.raises(DunwellError, match="Take in a ledger first"):
            run(creditor(), DAY)

    def test_of_one_creditor_does_not_touch_another(self, owner: Creditor) -> None:
        run(owner, DAY)
        other = creditor("zenith")
        before = everything()
        with pytest.raises(DunwellError):
            run(other, DAY)
        assert everything() == before


class TestTheTables:
    def test_of_standings_equal_the_lines(self, owner: Creditor, book: Book) -> None:
        for step in (lambda: None, lambda: book.payment(1, 20_000, DAY, 1), lambda: book.dispute(1, 1, DAY, 100)):
            step()
            keep(book, owner)
            for day in (DAY, days(1)):
                report = run(owner, day, at=noon(days(1)))
                if report.outbox_left_alone not in (None, "repeated"):
                    continue
                told = [
                    {**line, **{n: str(v) for n, v in line.items() if hasattr(v, "year") and n != "not_before_at"}}
                    for line in report.outcome.lines.to_dicts()
                ]
                bodies = table("standing", "body", "debtor_id, currency")
                kept = [json.loads(body) if isinstance(body, str) else body for (body,) in bodies]
                for mine, theirs in zip(kept, told, strict=True):
                    assert {n: v for n, v in mine.items() if n != "not_before_at"} == {
                        n: v for n, v in theirs.items() if n != "not_before_at"
                    }

    def test_of_matches_follow_the_money_and_keep_what_was_believed(self, owner: Creditor, book: Book) -> None:
        columns = list(MATCHES)
        book.payment(1, 20_000, days(-1), 1)
        keep(book, owner)
        run(owner, DAY)
        assert table("match", ", ".join(columns)) == [(1, 1, 1, 20_000, "named")]
        book.payment(1, -5_000, days(1), 1, reverses=1)
        book.payment(1, 60_000, days(1), 1)
        keep(book, owner)
        run(owner, days(1))
        now = matches(facts_of(owner).on(days(1))).rows()
        assert table("match", ", ".join(columns), "payment_id") == now == [
            (1, 1, 1, 15_000, "named"), (3, 1, 1, 35_000, "named"),
        ]  # fmt: skip
        assert table("matchpast", ", ".join(columns)) == [(1, 1, 1, 20_000, "named")]

    def test_of_matches_follow_a_bank_line_that_takes_the_place_of_a_ledger_payment(
        self, owner: Creditor, book: Book
    ) -> None:
        """The sums are the same as before, the reason is not: the run of the day is a new one."""
        book.payment(1, 20_000, days(-1), 1, source="ledger")
        book.open_items(days(-1))
        keep(book, owner)
        run(owner, DAY)
        assert table("match", "reason, amount_minor") == [("cleared_in_ledger", 20_000)]
        book.payment(1, 20_000, days(-2), 1)
        keep(book, owner)
        assert run(owner, DAY).repeated is False
        assert table("match", "reason, amount_minor") == [("named", 20_000)]


class TestAKilledRun:
    def test_leaves_a_clean_retry_between_folder_and_transaction(
        self, owner: Creditor, db: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        honest = outcome_tables.refresh_matches

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        before = everything()
        monkeypatch.setattr(outcome_tables, "refresh_matches", killed)
        with pytest.raises(KeyboardInterrupt):
            run(owner, DAY)
        assert everything() == before
        assert (db.path / "runs" / "acme-20260302-1").is_dir()
        monkeypatch.setattr(outcome_tables, "refresh_matches", honest)
        assert run(owner, DAY).run == "acme-20260302-1"
        assert len(live()) == 3

    def test_leaves_no_half_folder_under_a_runs_name(
        self, owner: Creditor, db: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        honest = pl.DataFrame.write_parquet

        def full_disk(self: pl.DataFrame, file: Path) -> None:
            if "decisions" in str(file):
                raise OSError("no space left")
            honest(self, file)

        monkeypatch.setattr(pl.DataFrame, "write_parquet", full_disk)
        with pytest.raises(OSError, match="no space left"):
            run(owner, DAY)
        assert [p.name for p in (db.path / "runs").iterdir() if not p.name.startswith(".")] == []
        monkeypatch.undo()
        assert run(owner, DAY).run == "acme-20260302-1"
        assert [p.name for p in (db.path / "runs").iterdir()] == ["acme-20260302-1"]


class TestAReplay:
    def test_reaches_the_same_decisions_when_the_tables_have_long_moved_on(self, owner: Creditor, book: Book) -> None:
        first = run(owner, DAY)
        book.payment(1, 50_000, DAY, 1)
        keep(book, owner)
        run(owner, days(1))
        assert first.run
        manifest, outcome, again = runs.replay(first.run)
        assert again == manifest
        assert outcome.lines.equals(first.outcome.lines)
        assert runs.differences(first.run, outcome).is_empty()
        assert Run.objects.get(name=first.run).decisions_hash == manifest["decisions_hash"]

    def test_follows_the_order_of_tasks_of_then_though_a_newer_version_has_another(
        self, owner: Creditor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = run(owner, DAY)
        newer = packaged_rank().replace("from: 50", "from: 90")
        monkeypatch.setattr("dunwell.rulebook.strategy_file.packaged_rank", lambda: newer)
        assert read_strategy(default_strategy().text).rank.chance_bp == 90_00
        manifest, outcome, again = runs.replay(first.run or "")
        assert again == manifest
        ranked = outcome.lines["rank_minor"].drop_nulls().to_list()
        assert ranked == first.outcome.lines["rank_minor"].drop_nulls().to_list() != []

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        ("part", "words"),
        [
            ("facts/payments.parquet", "The facts of run"),
            ("facts/debtors.parquet", "The facts of run"),
            ("strategy.yaml", "The strategy of run"),
            ("rules.json", "The rules of run"),
            ("rank.yaml", "The rank of run"),
        ],
    )
    def test_of_an_altered_folder_is_refused_in_words(self, owner: Creditor, db: Home, part: str, words: str) -> None:
        name = run(owner, DAY).run or ""
        file = db.path / "runs" / name / part
        if file.suffix == ".parquet":
            frame = pl.read_parquet(file)
            row = pl.DataFrame([[1] * frame.width], schema=frame.columns, orient="row").cast(
                dict(frame.schema), strict=False
            )
            pl.concat([frame, row]).write_parquet(file)
        else:
            file.write_text(
                file.read_text(encoding="utf-8")
                .replace("offset_days: 3,", "offset_days: 1,")
                .replace("08:00", "06:00")
                .replace("promise_broken: 100", "promise_broken: 200")
            )
        with pytest.raises(DunwellError, match=words):
            runs.replay(name)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        "part", ["facts/payments.parquet", "strategy.yaml", "rank.yaml", "rules.json", "manifest.json"]
    )
    @pytest.mark.parametrize("harm", [b"", b"\x00\xff{", b"[]", None])
    def test_of_a_broken_folder_is_refused_in_words(
        self, owner: Creditor, db: Home, part: str, harm: bytes | None
    ) -> None:
        name = run(owner, DAY).run or ""
        file = db.path / "runs" / name / part
        if harm is None:
            file.unlink()
        else:
            file.write_bytes(harm)
        with pytest.raises(DunwellError) as caught:
            runs.replay(name)
        assert caught.value.code in ("run.unreadable", "run.no_folder", "run.altered")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_for_whom_it_would_decide_otherwise(self, owner: Creditor, db: Home) -> None:
        name = run(owner, DAY).run or ""
        inputs, _ = run_folder.read(db.path / "runs" / name)
        later = run_folder.Inputs(
            inputs.facts, inputs.strategy, inputs.rules, days(20), inputs.moment + timedelta(days=20)
        )
        found = runs.differences(name, later.decide())
        assert found.rows() == [
            ("D2", "EUR", "message step_due 10", "message step_due 20"),
            ("D3", "EUR", "none forbidden 20", "message step_due 20"),
        ]

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_of_a_run_that_is_not_there_or_lies_elsewhere_is_refused(self, owner: Creditor, db: Home) -> None:
        name = run(owner, DAY).run or ""
        shutil.copytree(db.path / "runs" / name, db.path / "elsewhere")
        for asked in ("acme-20260303-1", "../elsewhere", "", "."):
            with pytest.raises(DunwellError, match="There is no run named"):
                runs.replay(asked)
