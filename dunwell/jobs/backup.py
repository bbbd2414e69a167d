"""`dunwell backup` and `dunwell restore`."""

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from dunwell.actions.keeping.archive import vendor_of
from dunwell.actions.keeping.backup import make_backup
from dunwell.actions.keeping.restore import restore as bring_back
from dunwell.core.errors import DunwellError
from dunwell.jobs.context import moment, operator, settings, tell, words


@click.command("backup")
@click.argument("target", metavar="[FILE.tar]", default=".", type=click.Path(path_type=Path))
@click.pass_context
def backup(ctx: click.Context, target: Path) -> None:
    """Save database, documents, letters, runs, settings and keys into one file, also while others work.

    FILE.tar may be a folder (default: this one). Exit code 1 when documents are missing in the data home: the backup
    is made, but cannot hold what is gone.
    """
    with Console(stderr=True).status("") as status:
        made = make_backup(
            home=settings().home,
            target=target,
            at=moment(),
            by=operator(),
            progress=lambda step: status.update(words(f"backup.step.{step}")),
        )
    tell(
        "backup.made",
        file=str(made.path),
        size=f"{made.size_bytes / 1e6:,.1f}",
        rows=sum(made.manifest.tables.values()),
        files=len(made.manifest.files) - 1,
    )
    tell("backup.secret")
    if made.left_out:
        tell("backup.left_out", names=", ".join(made.left_out[:10]), count=len(made.left_out))
    if made.gone:
        tell("backup.documents_gone", count=len(made.gone), first=made.gone[0])
        ctx.exit(1)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="Another data home than DUNWELL_HOME.")
@click.option("--database-url", help="Another PostgreSQL database than the one set.")
@click.option("--replace", is_flag=True, help="Also where data are already; they are kept beside it.")
@click.pass_context
def restore(ctx: click.Context, file: Path, into: Path | None, database_url: str | None, replace: bool) -> None:
    """Bring a backup back: check all of it first, then put it in its place, then check the journal."""
    if not file.is_file():
        raise DunwellError("restore.no_file", file=str(file))
    if into is not None or database_url is not None:
        _go_elsewhere(file, into, database_url, replace=replace)
    with Console(stderr=True).status("") as status:
        done = bring_back(
            file=file,
            settings=settings(),
            at=moment(),
            replace=replace,
            progress=lambda step: status.update(words(f"restore.step.{step}")),
        )
    manifest = done.manifest
    tell(
        "restore.done",
        home=str(settings().home),
        made=manifest.made_at,
        rows=sum(manifest.tables.values()),
        files=len(manifest.files) - 1,
    )
    for kept in done.kept:
        tell("restore.kept", path=str(kept))
    if done.settings_changed:
        tell("restore.settings_changed")
    if done.check.bad:
        problem = words(done.check.problem or "", entry=done.check.first_bad)
        tell("journal.bad", entries=done.check.entries, bad=done.check.bad, problem=problem)
        ctx.exit(1)
    tell("journal.good", entries=done.check.entries)


def _go_elsewhere(file: Path, into: Path | None, database_url: str | None, *, replace: bool) -> None:
    """Begin anew with other settings: they are read once, when the program starts."""
    if into is not None and database_url is None and vendor_of(file) == "postgresql":
        # the database that is set is that of the other data home
        raise DunwellError("restore.which_database")
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DUNWELL_DATABASE_URL")}
    environment["DUNWELL_HOME"] = str((into or settings().home).expanduser().absolute())
    if database_url is not None:
        environment["DATABASE_URL"] = database_url
    again = ["-m", "dunwell.jobs.cli", "restore", str(file.absolute()), *(["--replace"] if replace else [])]
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *again], environment)  # noqa: S606
