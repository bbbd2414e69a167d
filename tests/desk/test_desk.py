"""The desk: who may look, and what is shown of a small book."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.test import Client

from dunwell.actions import talks
from dunwell.actions.day.runs import run_day
from dunwell.core.errors import catalogue
from dunwell.core.money import Money
from dunwell.core.terms import LANGUAGES, Channel, ContactOutcome
from dunwell.store import guard
from dunwell.store.models import Dispute, Receivable, Standing
from dunwell.store.reads.desk import latest_run
from tests.support.book import TESTER, make_creditor, make_debtors, make_invoice
from tests.support.homes import Home

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = "a-key-for-tests"
HOSTILE = "<script>alert(1)</script> \u202egnp.exe {{ 7|add:7 }}"


@pytest.fixture
def desk(db: Home) -> Iterator[Client]:
    creditor = make_creditor()
    late, hostile, fine = make_debtors(creditor, "Late Ltd", HOSTILE, "Fine AG")
    make_invoice(creditor, late, "R-1", date(2026, 11, 1), 123_456)
    make_invoice(creditor, hostile, "R-2", date(2026, 10, 1), 99_000)
    make_invoice(creditor, fine, "R-3", date(2026, 12, 20), 50_000)
    run_day(creditor=creditor, as_of=date(2026, 11, 23), now=NOW, by=TESTER)
    settings.DESK_KEY = KEY
    client = Client(headers={"host": "127.0.0.1"})
    client.get("/", {"key": KEY})
    yield client
    settings.DESK_KEY = ""


def dispute(number: str, minor: int) -> Dispute:
    item = Receivable.objects.get(number=number)
    part = Money(minor, item.currency)
    return talks.open_dispute(receivable=item, reason="price", amount=part, at=NOW, by=TESTER, key=number)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the desk's clock stand at a moment."""
    monkeypatch.setattr(settings, "DUNWELL", replace(settings.DUNWELL, now=moment))


def debtor_page(client: Client, name: str) -> str:
    page = client.get("/", {"show": "message"}).content.decode()
    found = re.search(rf'href="(/debtor/\d+)"><bdi>{name}', page)
    assert found
    return client.get(found[1]).content.decode()


class TestAccess:
    def test_is_refused_without_the_key(self, desk: Client) -> None:
        stranger = Client(headers={"host": "127.0.0.1"})
        for path in ("/", "/debtor/1", "/document/" + "0" * 64, "/language/en"):
            answer = stranger.get(path)
            assert answer.status_code == 403
            assert b"Late Ltd" not in answer.content

    def test_opens_the_page_that_was_asked_for_and_drops_the_key(self, desk: Client) -> None:
        answer = desk.get("/debtor/1", {"key": KEY, "back": "a b&c"})
        assert (answer.status_code, answer["Location"]) == (302, "/debtor/1?back=a+b%26c")
        assert desk.get("/", {"show": "none", "key": KEY})["Location"] == "/?show=none"
        elsewhere = desk.get("/", {"key": KEY}, PATH_INFO="//evil.example/x")
        assert elsewhere["Location"] == "/%2Fevil.example/x"

    def test_is_refused_with_a_wrong_key(self, desk: Client) -> None:
        stranger = Client(headers={"host": "127.0.0.1"})
        assert stranger.get("/", {"key": "wrong-é"}).status_code == 403

    def test_is_refused_when_the_desk_has_no_key(self, desk: Client) -> None:
        settings.DESK_KEY = ""
        assert desk.get("/").status_code == 403
        assert Client(headers={"host": "127.0.0.1"}).get("/", {"key": ""}).status_code == 403

    def test_is_refused_under_another_host_name(self, desk: Client) -> None:
        assert desk.get("/", headers={"host": "evil.example"}).status_code == 400

    def test_leaves_no_page_in_a_cache_and_lets_no_script_run(self, desk: Client) -> None:
        answer = desk.get("/")
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")

    def test_changes_nothing_by_any_method(self, desk: Client) -> None:
        assert desk.post("/").status_code == 405


class TestToday:
    def test_shows_who_is_written_to_and_the_sums(self, desk: Client) -> None:
        page = desk.get("/").content.decode()
        assert "Late Ltd" in page
        assert "2,224.56" in page
        assert "2,724.56" in page

    def test_shows_how_the_sum_demanded_comes_about(self, desk: Client) -> None:
        assert "Disputed or on hold" not in desk.get("/").content.decode()
        dispute("R-2", 9_000)
        run_day(creditor=make_creditor(), as_of=date(2026, 11, 23), now=NOW, by=TESTER)
        page = desk.get("/").content.decode()
        sums = re.findall(r"<dt>([^<]+)</dt><dd>([0-9,.]+)</dd>", page)
        assert sums[:4] == [
            ("Open", "2,724.56"),
            ("Past due", "2,224.56"),
            ("− Disputed or on hold", "90.00"),
            ("= To be demanded", "2,134.56"),
        ]

    def test_names_the_day_and_says_when_it_is_not_today(self, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        at(monkeypatch, NOW)
        assert "<h1>Today <small>23 November 2026</small></h1>" in desk.get("/").content.decode()
        at(monkeypatch, NOW.replace(day=25))
        for page in (desk.get("/").content.decode(), debtor_page(desk, "Late Ltd")):
            assert "Today is 25 November 2026" in page
            assert "that of 23 November 2026" in page
            assert "<h1>Today" not in page

    def test_lists_for_a_person_what_waits_beside_a_message(self, desk: Client) -> None:
        waiting = Standing.objects.filter(action="message").select_related("debtor").first()
        assert waiting is not None
        assert waiting.debtor.name not in desk.get("/", {"show": "task"}).content.decode()
        with guard.writing("test"):
            waiting.body = {**waiting.body, "person_minor": 777}
            waiting.save()
        page = desk.get("/", {"show": "task"}).content.decode()
        assert "final deadline passed: EUR 7.77" in page
        assert '<span class="count">1</span>' in page

    def test_shows_names_as_text(self, desk: Client) -> None:
        page = desk.get("/", {"show": "message"}).content.decode()
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "{{ 7|add:7 }}" in page

    def test_finds_by_name_and_by_number(self, desk: Client) -> None:
        assert "Late Ltd" in desk.get("/", {"show": "message", "q": "late"}).content.decode()
        assert "Late Ltd" in desk.get("/", {"show": "message", "q": "D1"}).content.decode()
        assert "Late Ltd" not in desk.get("/", {"show": "message", "q": "nobody"}).content.decode()

    def test_shows_the_day_the_standings_are_of_and_no_look_ahead(self, desk: Client) -> None:
        creditor = make_creditor()
        before = desk.get("/").content.decode()
        # not due on the 23rd, and due in the look ahead; the last run is of a day that had passed
        for day in (date(2027, 1, 15), date(2026, 11, 20)):
            run_day(creditor=creditor, as_of=day, now=NOW, by=TESTER)
            run = latest_run(creditor)
            assert run is not None
            assert run.as_of == date(2026, 11, 23)
        assert desk.get("/").content.decode() == before
        # the same day run once it has come refreshes the standings
        run_day(creditor=creditor, as_of=date(2027, 1, 15), now=datetime(2027, 1, 14, 23, tzinfo=UTC), by=TESTER)
        run = latest_run(creditor)
        assert run is not None
        assert run.as_of == date(2027, 1, 15) == Standing.objects.latest("as_of").as_of

    def test_has_no_sums_before_a_day_that_had_come_was_run(self, db: Home) -> None:
        creditor = make_creditor()
        (late,) = make_debtors(creditor, "Late Ltd")
        make_invoice(creditor, late, "R-1", date(2026, 11, 1), 123_456)
        run_day(creditor=creditor, as_of=date(2026, 11, 24), now=NOW, by=TESTER)
        assert latest_run(creditor) is None

    @pytest.mark.parametrize("after", ["x", "1.x", "-1.2", "1.2.3", "٣.٣", "9" * 60, "9" * 19 + ".1"])
    def test_ignores_a_cursor_that_is_none(self, desk: Client, after: str) -> None:
        assert "Late Ltd" in desk.get("/", {"show": "message", "after": after}).content.decode()

    def test_pages_through_everybody_once(self, desk: Client) -> None:
        creditor = make_creditor()
        many = make_debtors(creditor, *(f"Many {n:03d}" for n in range(120)))
        for n, debtor in enumerate(many):
            make_invoice(creditor, debtor, f"M-{n}", date(2026, 11, 1), 10_000 + n % 3)
        run_day(creditor=creditor, as_of=date(2026, 11, 24), now=NOW.replace(day=24), by=TESTER)
        seen: list[str] = []
        path: str | None = "/?show=message"
        while path:
            page = desk.get(path).content.decode()
            seen += re.findall(r"<bdi>(Many \d{3})</bdi>", page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            path = following[1].replace("&amp;", "&") if following else None
        assert sorted(seen) == [f"Many {n:03d}" for n in range(120)]


class TestDebtor:
    def test_says_who_is_reminded_of_his_promise(self, desk: Client) -> None:
        item = Receivable.objects.get(number="R-1")
        talks.record_promise(
            debtor=item.debtor, amount=Money(50_000, "EUR"), due_date=date(2026, 11, 26), at=NOW, by=TESTER, key="p",
            made_date=date(2026, 11, 16),
        )  # fmt: skip
        page = desk.get(f"/debtor/{item.debtor_id}").content.decode()
        assert "a reminder by e-mail of the promise that falls due on 26 November 2026" in page

    def test_explains_sum_and_step(self, desk: Client) -> None:
        page = debtor_page(desk, "Late Ltd")
        assert "1,234.56" in page
        assert "friendly reminder by e-mail" in page
        assert "R-1" in page

    def test_says_when_an_item_falls_due_and_never_a_negative_number(self, desk: Client) -> None:
        page = desk.get("/", {"show": "none"}).content.decode()
        found = re.search(r'href="(/debtor/\d+)"><bdi>Fine AG', page)
        assert found
        page = desk.get(found[1]).content.decode()
        assert "due in 27 days" in page
        assert ">-27<" not in page

    def test_shows_what_is_disputed_of_the_sum(self, desk: Client) -> None:
        dispute("R-1", 23_456)
        page = debtor_page(desk, "Late Ltd")
        assert "<dt>− Disputed</dt><dd>EUR 234.56</dd>" in page
        assert "<dt>= To be demanded</dt><dd>EUR 1,000.00</dd>" in page

    def test_shows_calls_with_what_was_said(self, desk: Client) -> None:
        debtor = Receivable.objects.get(number="R-1").debtor
        talks.record_contact(
            debtor=debtor, channel=Channel.PHONE, outcome=ContactOutcome.REACHED, at=NOW, by=TESTER, key="c",
            note="<b>pays on Friday</b>",
        )  # fmt: skip
        assert "reached (&lt;b&gt;pays on Friday&lt;/b&gt;)" in debtor_page(desk, "Late Ltd")

    def test_is_not_found_when_there_is_none(self, desk: Client) -> None:
        assert desk.get("/debtor/999999").status_code == 404
        assert desk.get("/document/" + "0" * 64).status_code == 404

    def test_does_not_read_files_by_name(self, desk: Client) -> None:
        assert desk.get("/document/..%2f..%2fsettings.toml").status_code == 404


class TestLanguage:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_speaks_the_one_that_was_chosen(self, desk: Client, language: str) -> None:
        desk.get(f"/language/{language}", {"back": "/"})
        for page in (desk.get("/").content.decode(), debtor_page(desk, "Late Ltd")):
            assert f'<html lang="{language}">' in page
        assert catalogue()["desk.ageing"][language] in desk.get("/").content.decode()

    @pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"])
    def test_sends_nobody_elsewhere(self, desk: Client, back: str) -> None:
        where = desk.get("/language/en", {"back": back})["Location"]
        assert where == "/"
