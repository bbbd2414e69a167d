"""The `dunwell` command. Commands live in modules of their own and are imported when called for, so that help is quick.

Exit codes: 0 done; 1 a check failed; 2 it could not be done, and why stands on standard error; 70 a mistake of ours;
130 stopped by Ctrl-C; 141 the reader of our output went away.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from typing import Any

import click

from dunwell.core.errors import DunwellError, say
from dunwell.jobs.context import language

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("dunwell.jobs.setup:init", "Create the data home, its database and the creditor. Safe to repeat."),
    "doctor": ("dunwell.jobs.setup:doctor", "Check this installation, and say how to mend what is wrong."),
    "creditor": ("dunwell.jobs.setup:creditor", "Show or set who is owed: the sender of every letter."),
    "import": (
        "dunwell.jobs.imports:import_command",
        "Take in customers, invoices, e-invoices, payments and more.",
    ),
    "run": ("dunwell.jobs.day:run", "Decide the whole book for a day, and fill the outbox."),
    "release": ("dunwell.jobs.release:release", "Which messages leave by themselves, and which wait for a person."),
    "review": ("dunwell.jobs.review:review", "See what is about to leave; release, hold, change or drop it."),
    "send": ("dunwell.jobs.send:send_command", "Let the messages of the outbox leave, each decided again just before."),
    "strategy": ("dunwell.jobs.strategy:strategy", "Strategies: show, check, compare, simulate, put in force."),
    "worklist": ("dunwell.jobs.worklist:worklist", "What waits for a person, ranked, with the reasons; by collector."),
    "team": ("dunwell.jobs.team:team", "Who collects, whose debtors are whose, and who is away."),
    "outbox": ("dunwell.jobs.send:outbox_command", "Show what waits to leave; settle a message of unknown fate."),
    "claim": ("dunwell.jobs.claim:claim", "Compute a claim described as JSON, line by line; no database is needed."),
    "may-contact": (
        "dunwell.jobs.may_contact:may_contact",
        "May we contact, by this channel, then? No database needed.",
    ),
    "validation-notice": (
        "dunwell.jobs.validation_notice:validation_notice",
        "Write the notice by which a US consumer checks a debt. No database needed.",
    ),
    "rules": ("dunwell.jobs.rules:rules", "Contact rules: which there are, on whose authority, when to review them."),
    "statement": ("dunwell.jobs.interest:statement", "Show what is owed of a receivable, line by line, on any day."),
    "documents": ("dunwell.jobs.documents:documents", "What is kept of a receivable: the e-invoice as it came."),
    "terms": ("dunwell.jobs.interest:terms", "By which terms late interest is claimed."),
    "costs": ("dunwell.jobs.costs:costs", "Court fees, agreed late fees and fixed sums, with the rule they rest on."),
    "limitation": ("dunwell.jobs.limitation:limitation", "Which claims may soon be time-barred; what would save them."),
    "rates": ("dunwell.jobs.interest:rates", "Reference rates: show what is known, take newer ones in."),
    "explain": ("dunwell.jobs.day:explain_command", "Tell what a debtor owes, which stage he reached, and why."),
    "why": ("dunwell.jobs.why:why_command", "Tell why a debtor is treated so, and what would have to be otherwise."),
    "ageing": ("dunwell.jobs.ageing:ageing_command", "Show what is open by age, for any day, per currency and debtor."),
    "runs": ("dunwell.jobs.day:list_runs", "List the runs that were kept."),
    "replay": ("dunwell.jobs.day:replay", "Decide a kept run anew and compare."),
    "promise": ("dunwell.jobs.talks:promise", "A debtor promised to pay, or takes it back."),
    "dispute": ("dunwell.jobs.talks:dispute", "A debtor contests an item: open it, close it."),
    "complaint": ("dunwell.jobs.talks:complaint", "A debtor complains: take it, answer it."),
    "observe": ("dunwell.jobs.observe:observe", "Record why a debtor is in arrears, and what is seen of him."),
    "target": ("dunwell.jobs.target:target", "How much should come of a debtor by a day, against what came."),
    "step": ("dunwell.jobs.observe:step", "Record a step that a person took: a talk, a lawyer's letter, a suit."),
    "hold": ("dunwell.jobs.talks:hold", "Pause collecting, and go on."),
    "contact": ("dunwell.jobs.contacts:contact", "May we call or visit now? Record it; or that a demand arrived."),
    "register": ("dunwell.jobs.register:register", "What debtors told us about how they may be contacted."),
    "third-person": ("dunwell.jobs.third_persons:third_person", "Whom we may ask how to reach a debtor who is lost."),
    "address": ("dunwell.jobs.talks:address", "Set an address, or mark one as wrong."),
    "list": ("dunwell.jobs.talks_list:list_talks", "List promises, disputes, holds or complaints that stand."),
    "journal": ("dunwell.jobs.journal:journal", "Show what happened, and check that nobody changed it."),
    "backup": ("dunwell.jobs.backup:backup", "Save all data into one file, also while others work."),
    "restore": ("dunwell.jobs.backup:restore", "Bring a backup back."),
    "demo": ("dunwell.jobs.demo:demo", "Play the last 60 days of an invented book, in a home of its own."),
    "serve": ("dunwell.jobs.serve:serve", "Show today and every debtor in the browser of this machine."),
}
"""Name -> (module:attribute, help): every command, in the order in which help shows them."""

BEFORE_INIT = (
    "init",
    "doctor",
    "restore",
    "demo",
    "claim",
    "may-contact",
    "validation-notice",
    "rules",
    "costs",
    "strategy",
    "team",
)
"""These work without a database; all others ask for `dunwell init` first."""


class LazyGroup(click.Group):
    """Commands by name from `COMMANDS`; a module is imported, and Django with it, only when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        start_django()
        command: click.Command = getattr(import_module(module), attribute)
        if cmd_name not in BEFORE_INIT:
            _after_init(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The data live in DUNWELL_HOME (default ~/.dunwell). Help for one command: dunwell COMMAND --help",
)
@click.version_option(package_name="dunwell", message="%(prog)s %(version)s")
def cli() -> None:
    """Dunwell (善收): collect overdue receivables, from the ledger to the money."""


def start_django() -> None:
    """Load settings and tables. Raises DunwellError in words when a setting cannot be used."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.config.django")
    django.setup()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; see this module for exit codes. A traceback is shown only with DUNWELL_DEBUG=1.

    What any command writes (database, runs, letters, backups) is for its owner only, wherever it is written.
    """
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = cli.main(arguments, prog_name="dunwell", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        return _pipe_gone()
    except SystemExit as stop:
        # click turns a broken pipe into exit code 1 and leaves this mark
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            return _pipe_gone()
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except Exception as error:
        if os.environ.get("DUNWELL_DEBUG") == "1":
            raise
        if isinstance(error, DunwellError):
            click.echo(error.words(language()), err=True)
            return 2
        return _explain(error)


def _explain(error: Exception) -> int:
    """Words for what no act foresaw: the database and the disk first, then a mistake of ours."""
    kind = f"{type(error).__module__}.{type(error).__name__}"
    why = str(error).strip().splitlines()[0] if str(error).strip() else kind
    if kind.startswith("django.db.utils."):
        click.echo(say("jobs.database_failed", language(), why=why), err=True)
        return 2
    if isinstance(error, OSError):
        click.echo(say("jobs.system_refused", language(), why=why), err=True)
        return 2
    click.echo(say("jobs.unexpected", language(), kind=kind, why=why), err=True)
    return 70


def _pipe_gone() -> int:
    # Python flushes standard output once more at exit; into a closed pipe that would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


def _after_init(command: click.Command) -> None:
    """Let a command ask for an initialised database before it works, but after its options were read."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _after_init(each)
    elif command.callback is not None and not hasattr(command.callback, "asks_for_init"):
        command.callback = _initialised(command.callback)


def _initialised(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def checked(*args: Any, **kwargs: Any) -> Any:
        from dunwell.store.reads.health import require_ready

        require_ready()
        return callback(*args, **kwargs)

    checked.asks_for_init = True  # type: ignore[attr-defined]
    return checked


if __name__ == "__main__":
    main()
