"""Set up an installation: `init`, `doctor`, `creditor`."""

import stat
from pathlib import Path

import click

from dunwell.actions import creditors, installation
from dunwell.core.errors import DunwellError
from dunwell.jobs import context
from dunwell.jobs.countries import settled_by
from dunwell.store.reads import creditors as read

_HELP = {
    "name": "Name as it stands on letters.",
    "street": "Street and house number.",
    "postcode": "Postcode.",
    "city": "City.",
    "country": "Two letters of ISO 3166, e.g. DE. Settles zone, currency and language where it can.",
    "zone": "Time zone of the business day, e.g. Europe/Berlin.",
    "language": "Language of letters when a debtor has none: en, zh-Hans or zh-Hant.",
    "currency": "Three letters of ISO 4217, e.g. EUR.",
    "email": "Sender of e-mails and address for replies.",
    "phone": "Telephone for questions.",
    "iban": "Account to be paid to.",
    "bic": "BIC of the bank.",
    "bank_name": "Name of the bank.",
    "account": "Account number where there is no IBAN.",
    "signatory_name": "The person who signs letters.",
    "signatory_title": "His or her title.",
    "kind": "What the creditor is, with commas: sme, licensed_lender, debt_collector, bank, consumer_finance, "
    "money_lender, supplier, utility; or other. Rules of late interest and of contact ask it.",
    "collector": "Who collects: own (the creditor himself) or agency (somebody who collects the debts of others).",
}


@click.command("init")
@click.option("--code", default="main", show_default=True, help="Short name of the creditor.")
@click.option("--name", help=_HELP["name"])
@click.option("--country", help=_HELP["country"])
@click.option("--zone", help=_HELP["zone"])
@click.option("--currency", help=_HELP["currency"])
@click.option("--language", help=_HELP["language"])
def init(code: str, **given: str | None) -> None:
    """Create the data home, its database and the creditor.

    Safe to repeat, also while data exist: a creditor who is there already stays as he is.
    """
    home = context.settings().home
    context.tell("init.home_made" if _make(home) else "init.home_there", path=str(home))
    context.tell("init.database_made" if installation.migrate() else "init.database_there")
    wanted = {name: value for name, value in given.items() if value is not None}
    existing = read.find(code)
    if existing is not None:
        context.tell("init.creditor_there", code=code, name=existing.name)
        if any(getattr(existing, name) != value for name, value in wanted.items()):
            context.tell("init.creditor_kept", code=code)
    elif wanted:
        _set(code, wanted)
    elif not read.everyone():
        context.tell("init.next_creditor")
        return
    context.tell("init.next")


@click.command("doctor")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check Python, database, data home, fonts, mail and creditor, and say how to mend what is wrong.

    Exit code 1 when something fails; a warning alone is 0.
    """
    from dunwell.jobs.doctor import Level, examine

    worst = Level.OK
    for finding in examine(context.settings(), context.language()):
        worst = max(worst, finding.level)
        click.echo(f"{finding.level.name.lower():<4}  {finding.words}")
        if finding.mend:
            click.echo(f"      → {finding.mend}")
    ctx.exit(1 if worst is Level.FAIL else 0)


@click.group("creditor")
def creditor() -> None:
    """Show or set who is owed: the sender of every letter."""


@creditor.command("set")
@click.option("--code", default="main", show_default=True, help="Short name of the creditor; a new one is added.")
def set_(code: str, **given: str | None) -> None:
    """Add a creditor, or change what is given. An empty value clears a field: --bic ""."""
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        raise DunwellError("creditor.nothing_given", options=", ".join(map(_option, creditors.FIELDS)))
    _set(code, wanted)


set_.params += [click.Option([f"--{name.replace('_', '-')}", name], help=_HELP[name]) for name in creditors.FIELDS]


@creditor.command("show")
@click.option("--code", help="Only this creditor.")
def show(code: str | None) -> None:
    """Show all that letters say about the creditor."""
    found = [read.choose(code)] if code else read.everyone()
    if not found:
        context.tell("init.next_creditor")
    for each in found:
        click.echo(each.code)
        for name in creditors.FIELDS:
            click.echo(f"  {_option(name)[2:]:<16} {getattr(each, name) or '-'}")


def _set(code: str, wanted: dict[str, str]) -> None:
    before = read.find(code)
    if before is None:
        wanted = {**settled_by(wanted.get("country", "")), **wanted}
    try:
        after = creditors.set_creditor(code=code, changes=wanted, at=context.moment(), by=context.operator())
    except DunwellError as error:
        if error.code == "creditor.incomplete" and "country" in wanted:
            raise DunwellError(
                "creditor.country_ambiguous", country=wanted["country"], missing=error.params["missing"]
            ) from error
        raise
    if before is None:
        context.tell(
            "creditor.added", code=code, name=after.name, country=after.country, zone=after.zone,
            currency=after.currency, language=after.language,
        )  # fmt: skip
        return
    changed = [name for name in creditors.FIELDS if getattr(before, name) != getattr(after, name)]
    if changed:
        context.tell("creditor.changed", code=code, fields=", ".join(_option(name)[2:] for name in changed))
    else:
        context.tell("creditor.unchanged", code=code)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _make(home: Path) -> bool:
    """Make the data home, for its owner only; False when it is there, and then private as well."""
    if home.is_dir():
        _close(home)
        return False
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700)
    except OSError as error:
        raise DunwellError("init.home_refused", path=str(home), why=error.strerror or str(error)) from error
    return True


def _close(home: Path) -> None:
    """Take away what others may do in a home that is there."""
    mode = stat.S_IMODE(home.stat().st_mode)
    # A folder with the sticky bit, such as /tmp, serves everybody: `dunwell doctor` warns of it as a home.
    if not mode & 0o077 or mode & stat.S_ISVTX:
        return
    try:
        home.chmod(0o700)
    except OSError:
        # Not our folder, though we may write in it: whoever owns it decides.
        context.tell("doctor.home_open", path=str(home))
        context.tell("doctor.mend_mode", path=str(home))
