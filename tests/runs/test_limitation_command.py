"""`dunwell limitation` on a real home: which claims may soon be time-barred, under which law, and what saves them."""

import json
from datetime import date

import pytest

from tests.engine.book import Book, days

QUICK = pytest.mark.parametrize("home", ["sqlite"], indirect=True)


def a_book() -> Book:
    """Three invoices: due in 2023 and never paid, the same with a part payment in 2025, and a recent one."""
    book = Book()
    debtor = book.debtor("D1")
    book.invoice(debtor, 100_00, date(2023, 4, 3), issued=date(2023, 3, 1))
    paid = book.invoice(debtor, 200_00, date(2023, 4, 3), issued=date(2023, 3, 1))
    book.payment(debtor, 50_00, date(2025, 6, 2), paid)
    book.invoice(debtor, 300_00, days(-10))
    return book


@pytest.fixture
def say(say_of):
    """Run the command."""
    run = say_of(a_book())
    return lambda *line, **how: run("limitation", *line, **how)


def alarms(said):
    return [(row["cautious_date"], row["days_left"]) for row in json.loads(said)["alarms"]]


class TestLimitation:
    def test_in_china_ends_three_years_after_the_due_date_or_the_last_part_payment(self, say):
        assert alarms(say("--place", "CN", "--within", "400", "--json")) == [("2026-04-03", 32)]
        assert [day for day, _ in alarms(say("--place", "CN", "--within", "1000", "--json"))] == [
            "2026-04-03",
            "2028-06-02",
        ]

    def test_in_germany_ends_with_a_year_and_is_asked_by_default(self, say):
        told = json.loads(say("--within", "400", "--json"))
        assert told["place"] == "DE"
        assert ("2026-12-31", 304) in [(row["cautious_date"], row["days_left"]) for row in told["alarms"]]

    @QUICK
    def test_names_what_would_save_a_claim_once(self, say):
        said = say("--place", "CN", "--within", "1000")
        assert said.count("a demand whose arrival can be proven") == 1
        assert "may be time-barred within 1000 days" in said
        assert "EUR 150.00" in said

    @QUICK
    def test_says_how_much_of_what_is_open_unallocated_money_covers(self, say_of):
        book = a_book()
        book.payment(book.rows["debtors"][0]["debtor_id"], 70_00, days(-5))
        say = say_of(book)
        rows = json.loads(say("limitation", "--place", "CN", "--within", "1000", "--json"))["alarms"]
        assert [(row["open"], row["covered"]) for row in rows] == [("100.00", "70.00"), ("150.00", None)]
        said = " ".join(say("limitation", "--place", "CN", "--within", "1000").split())
        assert "70.00)" in said

    @QUICK
    @pytest.mark.parametrize(("language", "words"), [("zh-Hans", "时效"), ("zh-Hant", "時效")])
    def test_speaks_three_languages(self, say, language, words):
        assert words in say("--place", "CN", "--within", "1000", language=language)

    @QUICK
    def test_counts_claims_that_are_past_their_end(self, say):
        told = json.loads(say("--place", "CN", "--as-of", "2026-11-23", "--json"))
        assert told["states"].get("expired") == 1

    @QUICK
    def test_never_threatens_a_consumer_in_the_us_with_suit_where_no_period_is_known(self, say):
        assert json.loads(say("--place", "US", "--json"))["states"] == {"unknown": 3}

    @QUICK
    def test_explains_the_claims_it_shows_and_only_counts_the_others(self, say):
        told = json.loads(say("--place", "US", "--json"))
        assert (told["alarms"], told["states"]) == ([], {"unknown": 3})
        said = say("--place", "US")
        assert "Not known: no rule for this claim is at hand" in said
        assert "Note:" not in said

    @QUICK
    def test_of_an_unknown_law_is_refused(self, say):
        assert "FR" in say("--place", "FR", fails=True)
