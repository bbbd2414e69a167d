"""Settings: from the environment and settings.toml; a bad value is answered in words."""

from datetime import UTC, datetime

import pytest

from dunwell.config.django import database
from dunwell.config.environment import load
from dunwell.core.errors import DunwellError


class TestSettings:
    def test_have_defaults_that_send_nothing(self, tmp_path):
        found = load({"DUNWELL_HOME": str(tmp_path)})
        assert (found.home, found.database_url, found.smtp_host, found.now) == (tmp_path, "", "", None)
        assert found.sqlite_synchronous == "full"

    def test_live_in_the_home_of_the_user_unless_told_otherwise(self):
        assert load({}).home.name == ".dunwell"

    def test_come_from_the_file_and_the_environment_wins(self, tmp_path):
        (tmp_path / "settings.toml").write_text(
            'smtp_host = "mail.example"\nsmtp_port = 25\nlanguage = "zh-Hant"\nnow = 2026-11-22T09:30:00+01:00\n'
        )
        found = load({"DUNWELL_HOME": str(tmp_path), "DUNWELL_SMTP_HOST": "other.example"})
        assert (found.smtp_host, found.smtp_port, found.language) == ("other.example", 25, "zh-Hant")
        assert found.now == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LANGUAGE", "de"),
            ("SMTP_PORT", "0"),
            ("SMTP_PORT", "65536"),
            ("SMTP_PORT", "mail"),
            ("SMTP_PORT", "²"),
            ("SMTP_SECURITY", "ssl"),
            ("SQLITE_SYNCHRONOUS", "off"),
            ("NOW", "yesterday"),
            ("NOW", "2026-11-22T09:30:00"),
            ("NOW", "2026-11-22"),
        ],
    )
    def test_that_cannot_be_used_are_answered_in_words(self, tmp_path, name, value):
        with pytest.raises(DunwellError) as error:
            load({"DUNWELL_HOME": str(tmp_path), f"DUNWELL_{name}": value})
        assert error.value.code == "settings.bad_value"
        assert value in error.value.words("zh-Hans")

    @pytest.mark.parametrize("line", ["smtp_host = 5", "language = []", "smtp_port = true", "smtp_user = {a = 1}"])
    def test_of_the_wrong_kind_in_the_file_are_answered_in_words(self, tmp_path, line):
        (tmp_path / "settings.toml").write_text(line)
        with pytest.raises(DunwellError) as error:
            load({"DUNWELL_HOME": str(tmp_path)})
        assert error.value.code == "settings.bad_value"

    def test_nobody_knows_are_refused_with_the_names_there_are(self, tmp_path):
        (tmp_path / "settings.toml").write_text('smtp_hots = "mail.example"')
        with pytest.raises(DunwellError) as error:
            load({"DUNWELL_HOME": str(tmp_path)})
        assert error.value.code == "settings.unknown"
        assert "smtp_host" in error.value.words()

    def test_that_give_a_right_are_taken_from_the_file_alone(self, tmp_path):
        with pytest.raises(DunwellError) as error:
            load({"DUNWELL_HOME": str(tmp_path), "DUNWELL_OVERRIDE_BY": "mallory"})
        assert error.value.code == "settings.in_file_only"
        assert "DUNWELL_OVERRIDE_BY" in error.value.words("zh-Hant")
        (tmp_path / "settings.toml").write_text('override_by = "mei chen"')
        assert load({"DUNWELL_HOME": str(tmp_path), "DUNWELL_OVERRIDE_BY": ""}).override_by == "mei chen"

    @pytest.mark.parametrize("content", [b"smtp_host = ", b"\xff\xfe", b"= = ="])
    def test_in_a_broken_file_are_answered_in_words(self, tmp_path, content):
        (tmp_path / "settings.toml").write_bytes(content)
        with pytest.raises(DunwellError) as error:
            load({"DUNWELL_HOME": str(tmp_path)})
        assert error.value.code == "settings.unreadable"

    def test_name_a_database_by_its_address(self, tmp_path):
        url = "postgresql://me:p%40ss@db.example:5433/books?sslmode=require"
        found = database(load({"DUNWELL_HOME": str(tmp_path), "DATABASE_URL": url}))
        assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("books", "me", "p@ss")
        assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("db.example", "5433", {"sslmode": "require"})

    def test_name_a_database_on_a_socket(self, tmp_path):
        url = "postgresql://me@/books?host=/run/postgresql"
        found = database(load({"DUNWELL_HOME": str(tmp_path), "DATABASE_URL": url}))
        assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/run/postgresql", "", {})

    @pytest.mark.parametrize(
        "url", ["mysql://x/y", "postgresql://host", "books", "postgresql://h:port/books", "postgresql://[::1/books"]
    )
    def test_with_an_impossible_address_are_answered_in_words(self, tmp_path, url):
        with pytest.raises(DunwellError) as error:
            database(load({"DUNWELL_HOME": str(tmp_path), "DATABASE_URL": url}))
        assert error.value.code == "settings.bad_database_url"
