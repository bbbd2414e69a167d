"""The demonstration as a real process, and what it left behind looked at from outside."""

import csv
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic, sleep

import polars as pl
import pytest
from pypdf import PdfReader

from dunwell.actions.day.run_folder import PARTS
from dunwell.channels.mail_text import message_id
from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, format_money
from dunwell.core.terms import Stage
from dunwell.demo import ledger_files, side_by_side
from dunwell.demo.home import MARKER, make_home
from dunwell.demo.houses import HOUSES
from dunwell.engine.book.ageing import ageing
from dunwell.engine.book.promises import promises
from dunwell.rulebook.rules_file import house_rules
from dunwell.rulebook.strategy_file import default_strategy
from tests.support.homes import Home, django_on, environment

UNTIL, DAYS = "2026-11-20", "12"
BOOK = ("--debtors", "60", "--receivables", "700", "--days", DAYS, "--until", UNTIL, "--seed", "2")

pytestmark = pytest.mark.timeout(300)


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m dunwell.demo` to its end, in an environment that has nothing of the tester's own."""
    return subprocess.run(
        [sys.executable, "-m", "dunwell.demo", *arguments],
        env=environment(folder / "nobody"), cwd=folder, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Played:
    home: Home
    said: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A small demonstration, with Django of this process looking at its home."""
    folder = tmp_path_factory.mktemp("demo")
    done = demo("--home", "here", *BOOK, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    home = Home(folder / "here", environment(folder / "here"))
    with django_on(home):
        yield Played(home, done.stdout)


def runs(home: Path) -> list[str]:
    """The names of all runs whose folder is whole."""
    return sorted(path.parent.name for path in (home / "runs").glob("*/manifest.json"))


def decisions(home: Path) -> dict[str, dict[str, list[tuple]]]:
    """Run -> part -> its rows in order, with the numbers people know in place of the database's own keys.

    Creditors are played side by side: which of them gets the next key is chance.
    """
    return {name: {part: _by_number(home / "runs" / name, part) for part in PARTS} for name in runs(home)}


def _by_number(run: Path, part: str) -> list[tuple]:
    rows = pl.read_parquet(run / f"{part}.parquet")
    for key, table in (("debtor_id", "debtors"), ("receivable_id", "receivables")):
        if key in rows.columns:
            names = pl.read_parquet(run / "facts" / f"{table}.parquet").select(key, pl.col("number").alias(f"{key}_is"))
            rows = rows.join(names, on=key, how="left", validate="m:1").drop(key)
    rows = rows.drop("contact_point_id", strict=False)
    return sorted(rows.rows(), key=repr)


def contacts():
    """Every contact that left us, in order."""
    from dunwell.store.models import ContactAttempt

    return list(
        ContactAttempt.objects.filter(direction="out", outcome="sent")
        .select_related("message", "debtor__creditor")
        .order_by("at", "pk")
    )


class TestDemonstration:
    def test_tells_what_came_of_it_and_what_to_do_next(self, played):
        for words in ("Open by days past due", "Contacts by stage", "Recovered", "Promises to pay", "journal entries"):
            assert words in played.said
        command = next(line.strip() for line in played.said.splitlines() if "dunwell explain " in line)
        _, _, _, number, _, creditor = command.split()
        explained = played.home.dunwell("explain", number, "--creditor", creditor)
        assert number in explained.stdout

    def test_shows_letters_that_are_there(self, played):
        shown = [line.split()[-1] for line in played.said.splitlines() if line.startswith("  e.g. ")]
        assert shown
        assert all((played.home.path.parent / name).is_file() for name in shown)

    def test_runs_every_office_day_for_each_creditor(self, played):
        named = runs(played.home.path)
        assert len(named) == 3 * 10
        assert {name.rpartition("-")[0].rpartition("-")[0] for name in named} == {house.code for house in HOUSES}

    def test_can_be_replayed(self, played):
        name = max(runs(played.home.path))
        assert "bit for bit" in played.home.dunwell("replay", name).stdout

    def test_writes_to_nobody_within_the_pause(self, played):
        pause = timedelta(days=min(segment.pause_days for segment in default_strategy().segments))
        latest = {}
        for contact in contacts():
            key = (contact.debtor_id, contact.currency)
            if contact.stage != Stage.NOTICE and key in latest:
                assert contact.contact_date - latest[key] >= pause
            latest[key] = contact.contact_date
        assert latest

    def test_writes_to_no_person_more_often_than_the_cap(self, played):
        days = defaultdict(list)
        for contact in contacts():
            days[contact.person_id, contact.debtor.kind].append(contact.contact_date)
        for (_, kind), each in days.items():
            rule = house_rules().named({"consumer": "house.natural.contacts", "business": "house.trade.contacts"}[kind])
            value = rule.on(each[0])
            for day in each:
                window = [other for other in each if timedelta(0) <= day - other < timedelta(days=value["days"])]
                assert len(window) <= value["most"], rule.id
        assert days

    def test_writes_within_hours_at_the_debtors_place(self, played):
        from zoneinfo import ZoneInfo

        from dunwell.rulebook.calendars import public_holidays
        from dunwell.rulebook.places import candidate_zones

        mails = [contact for contact in contacts() if contact.channel == "email"]
        for contact in mails:
            for zone in candidate_zones(contact.debtor.country, contact.debtor.zone):
                there = contact.at.astimezone(ZoneInfo(zone))
                consumer = contact.debtor.kind == "consumer"
                assert (9 <= there.hour < 19) if consumer else (8 <= there.hour < 18)
                assert there.isoweekday() < (7 if consumer else 6)
                assert there.date() not in public_holidays(contact.debtor.country, there.date(), there.date())
        assert mails

    def test_has_a_contact_and_a_journal_entry_for_each_mail_that_arrived_and_no_other(self, played):
        from dunwell.store.models import JournalEntry

        arrived = Counter(str(mail["Message-ID"]).strip() for mail in self.mails(played).values())
        sent = [contact for contact in contacts() if contact.channel == "email"]
        assert arrived == Counter(message_id(contact.message.key, contact.debtor.creditor.email) for contact in sent)
        noted = JournalEntry.objects.filter(event="email.sent").values_list("key", flat=True)
        assert Counter(noted) == Counter(contact.message.key for contact in sent)
        assert set(arrived.values()) == {1}

    def test_has_a_contact_and_a_journal_entry_for_each_letter_and_no_other(self, played):
        from dunwell.store.models import JournalEntry

        sent = [contact for contact in contacts() if contact.channel == "letter"]
        there = {
            str(path.relative_to(played.home.path / "letters"))
            for path in (played.home.path / "letters").rglob("*.pdf")
        }
        assert all(contact.receipt.startswith(f"{contact.debtor.creditor.code}/") for contact in sent)
        assert there == {contact.receipt for contact in sent}
        noted = JournalEntry.objects.filter(event="letter.written").values_list("key", flat=True)
        assert Counter(noted) == Counter(contact.message.key for contact in sent)

    def test_asks_in_every_mail_for_the_sum_the_engine_found(self, played):
        mails = self.mails(played)
        by_id = {str(mail["Message-ID"]).strip(): mail for mail in mails.values()}
        for contact in contacts():
            if contact.channel == "email":
                row = contact.message
                mail = by_id[message_id(row.key, contact.debtor.creditor.email)]
                text = mail.get_body(("plain",)).get_content()
                assert format_money(row.total_minor, row.currency, row.language) in text
                assert contact.debtor.number in text

    def test_asks_in_letters_for_the_sum_the_engine_found(self, played):
        letters = [contact for contact in contacts() if contact.channel == "letter"]
        assert letters
        for contact in letters[:: max(1, len(letters) // 6)]:
            pages = PdfReader(played.home.path / "letters" / contact.receipt).pages
            text = "".join("".join(page.extract_text() for page in pages).split())
            row = contact.message
            assert "".join(format_money(row.total_minor, row.currency, row.language).split()) in text

    def test_finds_open_what_its_own_files_say(self, played):
        from dunwell.actions.facts import facts_of
        from dunwell.store.reads import creditors

        day = datetime.fromisoformat(UNTIL).date()
        for house in HOUSES:
            found = ageing(facts_of(creditors.choose(house.code)).on(day), day)
            engine = Counter()
            for row in found.iter_rows(named=True):
                engine[row["currency"]] += row["open_minor"]
            assert engine == self.open_by_hand(played.home.path / "book" / house.code, house.code)

    def test_keeps_account_of_promises(self, played):
        from dunwell.actions.facts import facts_of
        from dunwell.store.reads import creditors

        day = datetime.fromisoformat(UNTIL).date()
        made = sum(
            promises(facts_of(creditors.choose(house.code)).on(day), house_rules(), day).height for house in HOUSES
        )
        assert f"Promises to pay: {made} made" in played.said

    @staticmethod
    def mails(played):
        return {
            path: message_from_bytes(path.read_bytes(), policy=SMTP)
            for path in sorted((played.home.path / "mail").glob("*/*.eml"))
        }

    @staticmethod
    def open_by_hand(folder, code):
        """Currency -> minor units: each invoice with its charges, less the credit notes and payments that name it."""
        style = ledger_files.styles()[code]
        claims, currency = Counter(), {}
        taken = Counter()
        for path in sorted(folder.rglob("*.csv")):
            with path.open(encoding=style.encoding, newline="") as file:
                _, *rows = csv.reader(file, delimiter=style.delimiter)
            for row in rows:
                match path.stem:
                    case "invoices":
                        claims[row[0]] += _minor(row[5], row[4], style)
                        currency[row[0]] = row[4]
                    case "charges":
                        claims[row[2]] += _minor(row[5], row[4], style)
                    case "credit_notes":
                        taken[row[3]] -= _minor(row[5], row[4], style)
                    case "payments":
                        taken[row[2]] += _minor(row[5], row[4], style)
        found = Counter()
        for number, owed in claims.items():
            found[currency[number]] += max(0, owed - max(0, taken[number]))
        return Counter({name: minor for name, minor in found.items() if minor})


def _minor(text, currency, style):
    digits = DIGITS[currency]
    whole, _, part = text.replace(style.decimal, ".").partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 10**digits + sign * int((part or "0").ljust(digits, "0")[:digits] or "0")


class TestTheSameSeed:
    def test_gives_the_same_decisions_on_the_other_database(self, played, homes, tmp_path):
        with homes.bare("postgresql", tmp_path) as other:
            url = other.env["DATABASE_URL"]
            done = demo("--home", "there", "--database-url", url, *BOOK, folder=tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
            assert decisions(tmp_path / "there") == decisions(played.home.path)
            # a database with a creditor in it is never touched
            again = demo("--home", "elsewhere", "--database-url", url, *BOOK, folder=tmp_path)
            assert again.returncode == 2
            assert "creditors in that database" in again.stderr


class TestTheHome:
    def test_of_an_earlier_demonstration_is_made_anew(self, tmp_path):
        home = make_home(tmp_path / "demo")
        (home / "letters").mkdir()
        (home / "letters" / "old.pdf").write_bytes(b"")
        assert [path.name for path in make_home(home).iterdir()] == [MARKER]

    @pytest.mark.parametrize("what", ["dunwell.sqlite3", "notes.txt", "link"])
    def test_of_anything_else_is_left_alone(self, tmp_path, what):
        home = tmp_path / "mine"
        if what == "link":
            (tmp_path / "other").mkdir()
            home.symlink_to(tmp_path / "other")
        else:
            home.mkdir()
            (home / what).write_text("mine")
        done = demo("--home", str(home), *BOOK, folder=tmp_path)
        assert done.returncode == 2
        assert "left alone" in done.stderr
        assert what == "link" or (home / what).read_text() == "mine"


class TestBookOnly:
    def test_writes_csv_files_and_nothing_else(self, tmp_path):
        arguments = ("--book-only", "--debtors", "30", "--receivables", "200", "--until", UNTIL, "--out", "sample")
        done = demo(*arguments, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert {path.name for path in (tmp_path / "sample").iterdir()} == {house.code for house in HOUSES}
        assert not (tmp_path / "demo-home").exists()
        assert "invented" in done.stdout

    @pytest.mark.parametrize(
        "wrong", [("--until", "0001-01-01"), ("--until", "2101-01-01"), ("--until", "22.11.2026"), ("--debtors", "0")]
    )
    def test_refuses_what_no_book_can_be_made_of(self, tmp_path, wrong):
        done = demo("--book-only", "--out", "sample", *wrong, folder=tmp_path)
        assert done.returncode == 2
        assert wrong[0] in done.stderr
        assert not (tmp_path / "sample").exists()

    def test_makes_the_smallest_book(self, tmp_path):
        done = demo("--book-only", "--out", "sample", "--debtors", "9", "--receivables", "9", folder=tmp_path)
        assert done.returncode == 0, done.stderr

    def test_is_called_by_the_program_too(self, tmp_path):
        home = Home(tmp_path / "nobody", environment(tmp_path / "nobody"))
        out = str(tmp_path / "sample")
        done = home.dunwell("demo", "--book-only", "--out", out, "--debtors", "9", "--receivables", "9")
        assert out in done.stdout
        assert not home.path.exists()

    def test_asks_where_to(self, tmp_path):
        done = demo("--book-only", folder=tmp_path)
        assert done.returncode == 2
        assert "--out" in done.stderr


@pytest.mark.long
class TestAssumptions:
    @pytest.mark.parametrize("effect", ["0", "0.5", "2", "10"])
    def test_about_the_effect_of_contacts_break_nothing(self, tmp_path, effect):
        done = demo("--home", "here", *BOOK, "--effect", effect, "--language", "zh-Hant", folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "付款承諾" in done.stdout


class TestACreditorsProcess:
    """What its parent hears of it."""

    def test_tells_its_errors_in_words(self):
        ours, theirs = Pipe(duplex=False)
        theirs.send(side_by_side._Failed("demo.import_refused", {"file": "a.csv", "row": 3, "why": "no number"}))
        with pytest.raises(DunwellError) as told:
            side_by_side._gather([ours], lambda *_: None)
        assert told.value.params == {"file": "a.csv", "row": 3, "why": "no number"}

    def test_that_ends_too_early_is_noticed(self):
        ours, theirs = Pipe(duplex=False)
        theirs.send(side_by_side.Tally(date(2026, 11, 20), mails=3))
        theirs.close()
        heard = []
        with pytest.raises(RuntimeError, match="ended before its work was done"):
            side_by_side._gather([ours], lambda day, tallies: heard.append((day, tallies[0].mails)))
        assert heard == [(date(2026, 11, 20), 3)]

    def test_ends_with_the_demonstration_when_the_user_stops_it(self, tmp_path):
        running = subprocess.Popen(
            [sys.executable, "-m", "dunwell.demo", "--home", "here", *BOOK],
            env=environment(tmp_path / "nobody"), cwd=tmp_path, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        for line in running.stdout:
            if line.startswith("Imported"):
                break
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
        assert (running.returncode, told.replace("\n", "")) == (130, "")
        patience = monotonic() + 20
        while _lives(running.pid) and monotonic() < patience:
            sleep(0.1)
        assert not _lives(running.pid)


def _lives(group: int) -> bool:
    """Whether any process of a group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
