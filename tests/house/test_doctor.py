"""`dunwell doctor`: each line says how things stand, and how to mend what is wrong."""

import socket
from threading import Thread

import pytest

COMPLETE = (
    "creditor", "set", "--name", "Acme GmbH", "--country", "DE", "--street", "Hafenstraße 12", "--city", "Köln",
    "--iban", "DE89370400440532013000", "--signatory-name", "Katharina Vogt", "--email", "a@acme.example",
)  # fmt: skip


class SmtpGreeter:
    """A server on loopback that speaks just enough SMTP to be greeted, with or without STARTTLS on offer."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])
        self.heard = []
        Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        connected, _ = self.listener.accept()
        with connected, connected.makefile("rwb") as stream:
            stream.write(b"220 mail.example ESMTP\r\n")
            stream.flush()
            for line in stream:
                self.heard.append(line.decode().split()[0].upper())
                stream.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 mail.example\r\n")
                stream.flush()


@pytest.fixture
def greeter():
    server = SmtpGreeter()
    yield server
    server.listener.close()


def lines(done):
    """First word of each finding -> its level; without the age of rules, which every day changes (see TestTheLaw)."""
    said = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    return {line[6:].split()[0]: line[:4].strip() for line in said if "review" not in line}


class TestTheDoctor:
    def test_finds_a_complete_installation_well(self, home):
        home.dunwell(*COMPLETE)
        done = home.dunwell("doctor")
        assert lines(done) == {
            "Python": "ok",
            "Data": "ok",
            "Database": "ok",
            "Creditor": "ok",
            "Fonts:": "ok",
            "No": "warn",
        }
        assert {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[home.vendor] in done.stdout

    def test_finds_nothing_before_init_and_says_so(self, bare_home):
        done = bare_home.dunwell("doctor", check=False)
        assert done.returncode == 1
        assert f"fail  There is no data home {bare_home.path}\n      → Run: dunwell init" in done.stdout
        assert "fail  There is no Dunwell database yet: run `dunwell init` first." in done.stdout
        assert not bare_home.path.exists()

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_what_letters_still_need_and_how_to_give_it(self, home):
        home.dunwell("init", "--name", "Acme", "--country", "DE")
        done = home.dunwell("doctor", check=False)
        assert done.returncode == 1
        assert "missing: street, city, signatory-name, iban" in done.stdout
        assert "dunwell creditor set --code main --street ... --city ..." in done.stdout

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_warns_of_a_home_that_others_can_open(self, home):
        home.dunwell(*COMPLETE)
        home.path.chmod(0o755)
        done = home.dunwell("doctor")
        assert "warn  Other users" in done.stdout
        assert f"chmod 700 {home.path}" in done.stdout

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_warns_of_a_pretended_moment(self, home):
        home.dunwell(*COMPLETE)
        done = home.dunwell("doctor", env={"DUNWELL_NOW": "2026-11-22T09:30:00+08:00"})
        assert "warn  The present moment is pretended to be 2026-11-22T09:30+08:00" in done.stdout

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_greets_the_mail_server_and_sends_nothing(self, home, greeter):
        home.dunwell(*COMPLETE)
        env = {"DUNWELL_SMTP_HOST": "127.0.0.1", "DUNWELL_SMTP_PORT": greeter.port, "DUNWELL_SMTP_SECURITY": "none"}
        done = home.dunwell("doctor", env=env)
        assert f"ok    Mail server 127.0.0.1:{greeter.port} answers (none)" in done.stdout
        assert greeter.heard == ["EHLO", "QUIT"]

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_when_the_mail_server_offers_no_encryption(self, home, greeter):
        home.dunwell(*COMPLETE)
        env = {"DUNWELL_SMTP_HOST": "127.0.0.1", "DUNWELL_SMTP_PORT": greeter.port}
        done = home.dunwell("doctor", check=False, env=env)
        assert done.returncode == 1
        assert "STARTTLS" in done.stdout

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(
        ("env", "words"),
        [
            (
                {"DUNWELL_SMTP_HOST": "127.0.0.1", "DUNWELL_SMTP_PORT": "1"},
                "fail  Mail server 127.0.0.1:1 cannot be used",
            ),
            ({"DUNWELL_SMTP_HOST": "192.0.2.1", "DUNWELL_SMTP_SECURITY": "none"}, "would travel unencrypted"),
        ],
    )
    def test_says_when_mail_cannot_leave(self, home, env, words):
        home.dunwell(*COMPLETE)
        done = home.dunwell("doctor", check=False, env=env)
        assert done.returncode == 1
        assert words in done.stdout

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(("language", "word"), [("zh-Hans", "数据库"), ("zh-Hant", "資料庫")])
    def test_speaks_the_chosen_language(self, home, language, word):
        home.dunwell(*COMPLETE)
        assert word in home.dunwell("doctor", env={"DUNWELL_LANGUAGE": language}).stdout

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_says_that_the_database_is_of_another_version(self, db):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_x', now())")
        done = db.dunwell("doctor", check=False)
        assert "fail  The database was made by a newer version" in done.stdout
        assert "newer version" in db.dunwell("init", check=False).stderr


class TestTheLaw:
    def test_is_well_while_no_day_of_review_has_passed(self, home):
        done = home.dunwell("doctor", check=False, env={"DUNWELL_NOW": "2026-11-23T12:00:00+00:00"})
        assert "ok    Rules and rates" in done.stdout

    def test_is_told_by_the_names_of_what_is_due_for_review(self, home):
        done = home.dunwell("doctor", check=False, env={"DUNWELL_NOW": "2026-12-21T12:00:00+00:00"})
        assert "warn  4 rules or tables are past their day of review, the first since 2026-12-20" in done.stdout
        assert "cn.lpr-1y" in done.stdout

    def test_names_rates_in_use_that_are_known_no_further(self, home):
        home.dunwell(*COMPLETE)
        home.dunwell("terms", "set", "business", "--regime", "de.bgb-288-2", "--confirmed")
        done = home.dunwell("doctor", check=False, env={"DUNWELL_NOW": "2026-11-23T12:00:00+00:00"})
        assert "de.basiszins is known until 2026-06-30 only" in done.stdout
        assert "uk.boe-reference" not in done.stdout

    def test_names_seasons_a_year_before_their_days_run_out(self, home):
        home.dunwell(*COMPLETE)
        for moment, told in (("2027-12-31T12:00:00+00:00", False), ("2028-01-01T12:00:00+00:00", True)):
            done = home.dunwell("doctor", check=False, env={"DUNWELL_NOW": moment})
            season = "The days of the season house.trade.spring-festival are known until 2028-12-31 only"
            assert (season in done.stdout) is told
            assert ("dunwell rules set house.trade.spring-festival spans=" in done.stdout) is told
            assert "house.trade.year-end" not in done.stdout
