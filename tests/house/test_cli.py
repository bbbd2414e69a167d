"""The command line as a user meets it: quick help, errors in words, honest exit codes."""

import os
import subprocess
import sys

import pytest

from dunwell.jobs.cli import COMMANDS
from tests.support.homes import DUNWELL

TEN = {"DUNWELL_NOW": "2026-11-24T09:00:00+00:00"}
"""Ten o'clock on a Tuesday in Berlin."""


class TestHelp:
    def test_lists_every_command_without_loading_the_program(self, tmp_path):
        code = "import sys\nfrom dunwell.jobs import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
        code += "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'polars', 'typst', 'babel'}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
        assert all(f"  {name} " in done.stdout for name in COMMANDS)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_of_every_command_works_before_init(self, home):
        code = "from dunwell.jobs.cli import COMMANDS, cli\nimport click\n"
        code += "for name in COMMANDS:\n"
        code += "    command = cli.get_command(click.Context(cli), name)\n"
        code += "    print(name, bool(command.get_help(click.Context(command, info_name=name))), bool(command.help))\n"
        said = home.python(code).stdout.splitlines()
        assert said == [f"{name} True True" for name in COMMANDS]

    @pytest.mark.parametrize("bare_home", ["sqlite"], indirect=True)
    def test_of_a_command_needs_no_database(self, bare_home):
        assert "--iban" in bare_home.dunwell("creditor", "set", "--help").stdout
        assert not bare_home.path.exists()


class TestTheCommandLine:
    def test_asks_for_init_first(self, bare_home):
        done = bare_home.dunwell("creditor", "show", check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "There is no Dunwell database yet: run `dunwell init` first.\n"
        assert not bare_home.path.exists()

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "is not a time zone"), ("zh-Hans", "不是时区"), ("zh-Hant", "不是時區")]
    )
    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_errors_in_the_chosen_language(self, home, language, words):
        done = home.dunwell(
            "init", "--name", "A", "--country", "DE", "--zone", "Mars", check=False, env={"DUNWELL_LANGUAGE": language}
        )
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_answers_a_bad_setting_in_words(self, home):
        done = home.dunwell("creditor", "show", check=False, env={"DUNWELL_SMTP_PORT": "x"})
        assert (done.returncode, done.stderr) == (2, "Setting smtp_port is x; expected: 1-65535.\n")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_shows_the_traceback_when_asked_to(self, home):
        done = home.dunwell("creditor", "show", "--code", "x", check=False, env={"DUNWELL_DEBUG": "1"})
        assert done.returncode == 1
        assert "Traceback" in done.stderr

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("arguments", [("bogus",), ("creditor", "bogus"), ("creditor", "show", "--bogus")])
    def test_refuses_what_it_does_not_know(self, home, arguments):
        done = home.dunwell(*arguments, check=False)
        assert done.returncode == 2
        assert "bogus" in done.stderr
        assert "Traceback" not in done.stderr

    def test_says_when_the_database_cannot_be_reached(self, tmp_path):
        env = {"PATH": os.environ["PATH"], "DUNWELL_HOME": str(tmp_path / "home")}
        for url in ("postgresql://nobody@127.0.0.1:1/x", f"postgresql://nobody@/x?host={tmp_path}"):
            done = subprocess.run(
                [DUNWELL, "creditor", "show"],
                env={**env, "DATABASE_URL": url},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 2
            assert done.stderr.startswith("The database cannot be reached: ")
            assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_when_the_file_is_no_database(self, home):
        (home.path / "dunwell.sqlite3").write_bytes(b"this is no database at all" * 100)
        done = home.dunwell("creditor", "show", check=False)
        assert done.returncode == 2
        assert "not a database" in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_stops_at_ctrl_c_without_a_word_too_many(self, home):
        code = "import os, signal\nfrom dunwell.jobs import cli, context\n"
        code += "context.settings = lambda: os.kill(os.getpid(), signal.SIGINT) or __import__('time').sleep(9)\n"
        code += "cli.main(['doctor'])"
        done = subprocess.run([sys.executable, "-c", code], env=home.env, capture_output=True, text=True, check=False)
        assert done.returncode == 130
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_is_quiet_when_the_reader_goes_away(self, home):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [DUNWELL, "--help"], env=home.env, stdout=write, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (141, "")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_shows_bytes_that_are_no_text_as_escapes(self, home):
        home.dunwell("init", "--name", "Acme", "--country", "DE")
        done = home.dunwell("creditor", "show", "--code", "\udcff\x1b[31m", check=False)
        assert done.returncode == 2
        assert "no creditor with the code \\udcff\\x1b[31m" in done.stderr


class TestInit:
    def test_makes_home_database_and_creditor(self, bare_home):
        done = bare_home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
        assert f"Made the data home {bare_home.path}." in done.stdout
        assert "Added the creditor main: Acme GmbH, DE; zone Europe/Berlin, currency EUR, language en." in done.stdout
        assert "Next: dunwell doctor" in done.stdout
        assert bare_home.path.stat().st_mode & 0o777 == 0o700
        assert "Acme GmbH" in bare_home.dunwell("creditor", "show").stdout

    def test_may_be_repeated_while_data_exist(self, bare_home):
        first = ("init", "--name", "Acme GmbH", "--country", "DE")
        bare_home.dunwell(*first)
        bare_home.dunwell("creditor", "set", "--city", "Köln")
        before = bare_home.dunwell("creditor", "show").stdout
        for arguments in (first, ("init",), ("init", "--name", "Other", "--country", "US")):
            done = bare_home.dunwell(*arguments)
            assert "The creditor main (Acme GmbH) is there." in done.stdout
            assert "left as it is" in done.stdout or arguments != ("init", "--name", "Other", "--country", "US")
        assert bare_home.dunwell("creditor", "show").stdout == before

    def test_without_a_name_says_what_comes_next(self, bare_home):
        assert "say who is owed: dunwell init --name" in bare_home.dunwell("init").stdout
        assert bare_home.dunwell("creditor", "show").returncode == 0

    @pytest.mark.parametrize("bare_home", ["sqlite"], indirect=True)
    def test_asks_for_what_the_country_does_not_settle_and_goes_on_from_there(self, bare_home):
        done = bare_home.dunwell("init", "--name", "Acme Inc", "--country", "US", check=False)
        assert done.returncode == 2
        assert "Please add: zone" in done.stderr
        done = bare_home.dunwell("init", "--name", "Acme Inc", "--country", "US", "--zone", "America/Chicago")
        assert "America/Chicago, currency USD" in done.stdout

    @pytest.mark.parametrize("bare_home", ["sqlite"], indirect=True)
    def test_says_why_a_home_cannot_be_made(self, bare_home):
        bare_home.path.write_text("a file stands here")
        done = bare_home.dunwell("init", check=False)
        assert done.returncode == 2
        assert done.stderr.startswith(f"The data home {bare_home.path} cannot be made: ")

    def test_twice_at_once_does_it_once(self, bare_home):
        arguments = ("init", "--name", "Acme", "--country", "DE")
        both = [bare_home.start(*arguments) for _ in range(2)]
        said = [process.communicate(timeout=100) for process in both]
        codes = sorted(process.returncode for process in both)
        assert codes in ([0, 0], [0, 2]), said
        assert not any("Traceback" in err for _, err in said)
        assert all(
            "Another init is at work" in err for (_, err), process in zip(said, both, strict=True) if process.returncode
        )
        assert bare_home.dunwell("creditor", "show").stdout.splitlines()[0] == "main"


class TestAHomeThatWasThere:
    def test_is_private_after_init_with_all_that_is_written_later(self, bare_home, tmp_path):
        bare_home.path.mkdir()
        bare_home.path.chmod(0o755)
        ledger = tmp_path / "open.csv"
        ledger.write_text(
            "customer number,customer name,street,city,country,invoice number,invoice date,due date,currency,amount\n"
            "D1,Late Ltd,Lindenallee 7,Bonn,DE,R-1,2026-10-01,2026-11-01,EUR,100.10\n"
        )
        previous = os.umask(0o022)
        try:
            bare_home.dunwell("init", "--name", "Acme GmbH", "--country", "DE")
            bare_home.dunwell(
                "creditor", "set", "--street", "Hafenstr. 1", "--city", "Bonn", "--iban", "DE89370400440532013000",
                "--signatory-name", "Erika Muster",
            )  # fmt: skip
            bare_home.dunwell("import", str(ledger))
            bare_home.dunwell("run", "--as-of", "2026-11-24", env=TEN)
            bare_home.dunwell("send", env=TEN)
        finally:
            os.umask(previous)
        written = sorted(bare_home.path.rglob("*"))
        assert {"letters", "runs", "documents"} <= {path.name for path in written}
        assert any(path.suffix == ".pdf" for path in written)
        assert [path for path in (bare_home.path, *written) if path.stat().st_mode & 0o077] == []

    @pytest.mark.parametrize("bare_home", ["sqlite"], indirect=True)
    def test_is_left_to_everybody_when_it_serves_everybody(self, bare_home):
        bare_home.path.mkdir()
        bare_home.path.chmod(0o1777)
        bare_home.dunwell("init")
        assert bare_home.path.stat().st_mode & 0o7777 == 0o1777
        assert (bare_home.path / "dunwell.sqlite3").stat().st_mode & 0o077 == 0 or bare_home.vendor != "sqlite"


class TestADay:
    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2201-01-01", "9999-12-31"])
    def test_out_of_range_is_refused_by_every_command_that_takes_one(self, home, day):
        code = (
            "import sys, click\nfrom dunwell.jobs.cli import COMMANDS, cli\nfrom dunwell.jobs.day_option import Day\n"
        )
        code += "from dunwell.demo.command import demo\n"
        code += "def every(c):\n"
        code += "    return sum(map(every, c.commands.values()), []) if isinstance(c, click.Group) else [c]\n"
        code += "commands = [c for n in COMMANDS for c in every(cli.get_command(click.Context(cli), n))] + [demo]\n"
        code += "assert not [p for c in commands for p in c.params if isinstance(p.type, click.DateTime)]\n"
        code += "days = [(c, p) for c in commands for p in c.params if isinstance(p.type, Day)]\n"
        code += "for c, p in days:\n"
        code += f"    try: p.type.convert('{day}', p, None)\n"
        code += "    except click.BadParameter as e: print(c.name, p.name, 'out of range' in e.message)\n"
        said = [line.split() for line in home.python(code).stdout.splitlines() if line]
        assert all(line[-1] == "True" for line in said)
        assert {line[0] for line in said if line[0] != "dunwell"} >= {"import", "run", "send", "explain", "show"}
        assert any("until" in line and "demo" in line for line in said)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_at_either_end_can_be_run(self, home):
        home.dunwell("init", "--name", "Acme", "--country", "NZ", "--zone", "Pacific/Auckland")
        for day in ("1970-01-01", "2200-12-31"):
            done = home.dunwell("run", "--as-of", day, check=False)
            assert "has no debtors yet" in done.stderr
        done = home.dunwell("run", "--as-of", "0001-01-01", check=False, env={"DUNWELL_LANGUAGE": "zh-Hant"})
        assert (done.returncode, "超出範圍" in done.stderr) == (2, True)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_that_is_pretended_is_not_out_of_range_either(self, home):
        done = home.dunwell("creditor", "show", check=False, env={"DUNWELL_NOW": "0001-01-01T00:00:00+14:00"})
        assert done.returncode == 2
        assert "Setting now is" in done.stderr


class TestTheCreditorCommand:
    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_adds_changes_and_shows(self, home):
        home.dunwell("creditor", "set", "--name", "Acme", "--country", "CN", "--signatory-name", "王敏")
        done = home.dunwell("creditor", "set", "--bank-name", "中国银行", "--account", "6222 0000")
        assert done.stdout == "Changed the creditor main: bank-name, account.\n"
        shown = home.dunwell("creditor", "show", "--code", "main").stdout
        assert all(text in shown for text in ("Asia/Shanghai", "CNY", "zh-Hans", "王敏", "中国银行"))
        assert "nothing was changed" in home.dunwell("creditor", "set", "--name", "Acme").stdout
        assert home.dunwell("creditor", "set", "--bank-name", "").stdout.startswith("Changed")

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_says_what_could_be_set_when_nothing_was_given(self, home):
        done = home.dunwell("creditor", "set", check=False)
        assert done.returncode == 2
        assert "--signatory-title" in done.stderr

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_refuses_an_iban_whose_digits_do_not_check(self, home):
        home.dunwell("init", "--name", "Acme", "--country", "DE")
        done = home.dunwell("creditor", "set", "--iban", "DE89370400440532013001", check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("The IBAN DE89370400440532013001 is not valid")
