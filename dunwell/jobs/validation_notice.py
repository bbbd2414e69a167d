"""`dunwell validation-notice`: the notice of 12 CFR 1006.34 as a letter or the text of an e-mail; nothing is stored."""

from pathlib import Path
from typing import TextIO

import click

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.documents.validation_json import read_validation_notice
from dunwell.documents.validation_page import render_validation_letter, validation_email
from dunwell.jobs.context import language, tell
from dunwell.jobs.description import described, schema_text

_SCHEMA = "validation.schema.json"
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("validation-notice")
@click.argument("source", type=click.File("r", encoding="utf-8-sig"), default="-", metavar="[FILE]")
@click.option("--letter", type=_FILE, help="Write the letter (PDF) to this file.")
@click.option("--email", type=_FILE, help="Write the text of an e-mail to this file.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a description, and nothing else.")
def validation_notice(source: TextIO, *, letter: Path | None, email: Path | None, schema: bool) -> None:
    """Write the notice a US consumer gets of a debt collector: dunwell validation-notice --letter n.pdf < debt.json

    What is missing is asked for by name, and an itemization that does not come to the amount owed is refused. After it
    was sent, record it: dunwell register add DEBTOR notice_sent --purpose validation. Messages whose rule waits for it
    leave by themselves once the validation period is over. See docs/contact-rules.md.
    """
    if schema:
        click.echo(schema_text(_SCHEMA))
        return
    notice = read_validation_notice(described(source, "validation.no_input"))
    if letter is None and email is None:
        raise DunwellError("validation.no_file")
    written = [(letter, render_validation_letter(notice))] if letter else []
    if email:
        written.append((email, validation_email(notice).encode()))
    for path, content in written:
        assert path is not None
        try:
            path.write_bytes(content)
        except OSError as error:
            raise DunwellError("validation.unwritable", path=str(path), why=error.strerror or str(error)) from error
        tell("validation.written", path=str(path))
    tell("validation.period_ends", day=format_date(notice.period_end, language()))
