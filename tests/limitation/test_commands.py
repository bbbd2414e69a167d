"""`dunwell limitation` and what is below it, on a real home: a clerk records, looks at the story, and takes back."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dunwell.actions.keeping.backup import make_backup
from dunwell.store.models import JournalEntry, LimitationEvent
from tests.engine.book import Book, days
from tests.support.rows import MEI, NOW

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
CN = ("--place", "CN")


def a_book() -> Book:
    """An invoice of D1 due in 2023, one due lately with a demand; a debtor D2 who owes nothing."""
    book = Book()
    debtor = book.debtor("D1")
    book.debtor("D2")
    book.invoice(debtor, 100_00, date(2023, 4, 3), number="R-1")
    second = book.invoice(debtor, 300_00, days(-40), number="R-2")
    book.charge(debtor, 5_00, days(-5), second)
    book.contact(debtor, days(-20), {1: 20, second: 20}, channel="letter")
    return book


@pytest.fixture
def say(say_of: Any) -> Any:
    """Run a line of the command line."""
    return say_of(a_book())


def shown(say: Any, *line: str) -> list[dict[str, Any]]:
    claims: list[dict[str, Any]] = json.loads(say("limitation", "show", *line, *CN, "--json"))["claims"]
    return claims


class TestAClerk:
    def test_records_what_saves_a_claim_and_sees_it_in_list_and_story(self, say: Any) -> None:
        assert "R-1" in say("limitation", *CN)
        contact = shown(say, "R-1")[0]["events"][0]["record"].split()[1]
        said = say("contact", "arrived", contact, "--on", "2026-02-13", "--proof", "EMS 1234 CN")
        assert "arrived on 13 February 2026" in said
        story = shown(say, "R-1")[0]
        assert (story["cautious_date"], story["confidence"]) == ("2029-02-13", "official")
        assert (story["events"][0]["record"], story["events"][0]["counts"]) == ("E1", True)
        assert "R-1" not in say("limitation", *CN)
        assert "Withdrawn: E1" in say("limitation", "withdraw", "E1", "--reason", "wrong letter")
        assert "R-1" in say("limitation", *CN)

    def test_sees_a_guarantee_as_a_claim_of_its_own_with_its_own_remedy(self, say: Any) -> None:
        say("limitation", "guarantee", "R-2", "--guarantor", "D2", "--kind", "joint")
        say("limitation", "guarantee", "R-2", "--guarantor", "Ann [b]Lee\u202e", "--kind", "general")
        rows = json.loads(say("limitation", *CN, "--within", "400", "--json"))["alarms"]
        saved = {row["guarantor"]: row["saved_by"] for row in rows if row["item"] == "R-2"}
        assert saved["Debtor D2 (D2)"] == ["demand"]
        assert saved["Ann [b]Lee\u202e"] == ["suit_against_debtor"]
        listed = say("limitation", *CN, "--within", "400")
        assert "Ann [b]Lee" in listed
        assert "\u202e" not in listed
        say("limitation", "record", "R-2", "demand", "--guarantor", "d2", "--on", "2026-02-20", "--proof", "EMS 2")
        assert [claim["cautious_date"] for claim in shown(say, "R-2")][1] == "2029-02-20"
        say("limitation", "record", "R-2", "suit", "--on", "2026-02-24", "--proof", "court 7")
        assert [claim["state"] for claim in shown(say, "R-2")] == ["suspended", "running", "suspended"]

    def test_is_told_until_when_to_file_in_an_insolvency(self, say: Any) -> None:
        say("limitation", "insolvency", "D1", "--file-by", "2026-03-20", "--reference", "71 IN 5/26")
        rows = json.loads(say("limitation", "--within", "30", "--json"))["alarms"]
        assert {(row["item"], row["alarm"], row["days_left"]) for row in rows} == {
            ("R-1", "filing", 18), ("R-2", "filing", 18),
        }  # fmt: skip
        assert "filed with the insolvency administrator" in say("limitation", "--within", "30")
        assert "2 March 2026" in say("limitation", "insolvency", "D1", "--filed", "2026-03-02")
        assert json.loads(say("limitation", "--within", "30", "--json"))["alarms"] == []

    def test_finds_all_of_it_in_the_journal_and_in_a_backup(self, say: Any, home: Any, tmp_path: Path) -> None:
        paper = tmp_path / "scan.pdf"
        paper.write_bytes(b"%PDF acknowledged")
        line = ("limitation", "record", "R-1", "written_acknowledgment", "--on", "2026-02-01", "--document", str(paper))
        for _ in range(2):
            say(*line)
        event = LimitationEvent.objects.get()
        assert event.proof_sha256 == sha256(b"%PDF acknowledged").hexdigest()
        assert JournalEntry.objects.filter(event="limitation.recorded").count() == 1
        assert "limitation.recorded" in say("journal", "show")
        made = make_backup(home=home.path, target=tmp_path / "all.tar", at=NOW, by=MEI)
        assert made.manifest.tables["store_limitationevent"] == 1


class TestTheStory:
    @QUICK
    @pytest.mark.parametrize(
        ("language", "parts"),
        [
            ("en", ["no proof", "begins it anew", "for the latest date only", "What would save it", "G1: guarantor"]),
            ("zh-Hans", ["无证据", "重新计算", "只计入最晚日期", "可保全债权的做法", "保证人：Ann Lee"]),
            ("zh-Hant", ["無證據", "重新起算", "只計入最晚日期", "可保全債權的做法", "保證人：Ann Lee"]),
        ],
    )
    def test_speaks_three_languages(self, say: Any, language: str, parts: list[str]) -> None:
        say("limitation", "guarantee", "R-1", "--guarantor", "Ann Lee")
        said = say("limitation", "show", "R-1", *CN, language=language)
        for part in parts:
            assert part in said

    @QUICK
    def test_tells_the_last_days_that_a_court_set(self, say: Any) -> None:
        say("limitation", "record", "R-2", "payment_order_served", "--on", "2026-02-20", "--proof", "court 7")
        assert "7 March 2026" in say("limitation", "show", "R-2", *CN)

    @QUICK
    def test_goes_by_the_law_that_was_recorded(self, say: Any) -> None:
        say("limitation", "claim", "R-1", "--place", "tw", "--kind", "goods_services")
        claim = json.loads(say("limitation", "show", "R-1", "--json"))["claims"][0]
        assert (claim["place"], claim["rule"], claim["state"]) == ("TW", "tw.merchant", "expired")

    @QUICK
    def test_of_a_place_without_a_rule_says_so(self, say: Any) -> None:
        say("limitation", "claim", "R-1", "--place", "FR")
        assert "Ask a lawyer" in say("limitation", "show", "R-1")
        assert json.loads(say("limitation", "--json"))["states"] == {"running": 1, "unknown": 1}


@QUICK
class TestAMistake:
    def test_is_answered_in_words(self, say: Any) -> None:
        def refused(*line: str, **how: str) -> str:
            return str(say("limitation", *line, fails=True, **how))

        assert "no invoice" in refused("show", "nope")
        assert "no clock of its own" in refused("show", "charge-3")
        assert "Did you mean demand" in refused("record", "R-1", "demmand", "--on", "2026-02-01")
        assert "是否指 suit" in refused("record", "R-1", "suitt", "--on", "2026-02-01", language="zh-Hans")
        assert "lies ahead" in refused("record", "R-1", "demand", "--on", "2026-03-03")
        assert "before the beginning" in refused(
            "record", "R-1", "obstacle", "--on", "2026-02-01", "--until", "2026-01-31"
        )
        assert "no guarantor" in refused("record", "R-1", "demand", "--on", "2026-02-01", "--guarantor", "x")
        assert "his own debt" in refused("guarantee", "R-1", "--guarantor", "D1")
        assert "--perform-by" in refused("claim", "R-1", "--kind", "judgment")
        assert "no place of a law" in refused("claim", "R-1", "--place", "Mars")
        assert "no record" in refused("withdraw", "E99")
        assert "--file-by" in refused("insolvency", "D1", "--filed", "2026-02-01")
        assert "behind show" in refused("--within", "5", "show", "R-1")
        assert "no contact" in say("contact", "arrived", "99", "--on", "2026-02-01", "--proof", "x", fails=True)
        assert "needs a proof" in say("contact", "arrived", "1", "--on", "2026-02-20", fails=True)
        assert "nothing was written" in self.twice(say)

    def twice(self, say: Any) -> str:
        """One key for two things."""
        say("limitation", "record", "R-1", "demand", "--on", "2026-02-01", "--key", "k")
        return str(say("limitation", "record", "R-1", "suit", "--on", "2026-02-01", "--key", "k", fails=True))

    def test_is_gone_from_the_list_but_not_from_what_was_known(self, say: Any) -> None:
        say("limitation", "record", "R-1", "demand", "--on", "2026-02-01", "--proof", "EMS")
        assert shown(say, "R-1", "--as-known-then")[0]["cautious_date"] == "2029-02-01"
        assert shown(say, "R-1", "--as-known-then", "--as-of", "2026-03-01")[0]["cautious_date"] == "2026-04-03"
