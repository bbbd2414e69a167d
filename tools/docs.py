"""Write the pages of `docs/reference` and `docs/rules` from the program itself. `--check` compares.

.venv/bin/python -m tools.docs
"""

import os
import sys
from dataclasses import fields
from pathlib import Path

import click

DOCS = Path(__file__).resolve().parent.parent / "docs"


def settings_page() -> str:
    """All settings, from the one settings object."""
    from dunwell.core.settings import Settings

    variables = {
        each.name: "-" if each.metadata.get("in_file_only") else f"`DUNWELL_{each.name.upper()}`"
        for each in fields(Settings)
    }
    rows = [f"| `{each.name}` | {variables[each.name]} | {each.metadata['doc']} |" for each in fields(Settings)]
    return "\n".join(
        [
            "# Settings",
            "",
            "In `settings.toml` of the data home, or as a variable of the environment, which wins.",
            "`DATABASE_URL` may be written without the prefix. What gives a right stands in the file alone.",
            "",
            "| in the file | in the environment | what it is |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def commands_page() -> str:
    """The help of every command."""
    from dunwell.jobs.cli import COMMANDS, cli

    parts = ["# Commands", "", "The help of every command, as `dunwell COMMAND --help` prints it.", ""]
    top = click.Context(cli, info_name="dunwell")
    for name in COMMANDS:
        command = cli.get_command(top, name)
        if command is not None:
            parts += _help(command, name, top)
    return "\n".join(parts)


def _help(command: click.Command, name: str, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100, terminal_width=100)
    parts = [f"## {context.command_path}", "", "```", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below is not None:
                parts += _help(below, each, context)
    return parts


def _values(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "in force"


def files_page() -> str:
    """What files may hold: fields of each kind, and the names of columns that are recognised for them."""
    from dunwell.intake.columns import names_of
    from dunwell.intake.shapes import KINDS, STATEMENTS
    from dunwell.jobs.import_help import EXAMPLE, required

    parts = [
        "# Files that `dunwell import` reads",
        "",
        "Case, spaces, points, dashes and underscores in names of columns do not matter; `#` reads as `no`.",
        "A file's kind is found by its columns, then by its name. Where columns are not recognised, a mapping file",
        "(`--mapping FILE`, TOML or YAML) says what they mean. Files are CSV (UTF-8, GB18030, Big5 and others),",
        "XLSX or Parquet; numbers and days that a cell holds as such are taken as they are. E-invoices have no",
        "columns: [what is read of them](../decisions/e-invoices.md).",
        "",
        "```toml",
        EXAMPLE.rstrip(),
        "```",
        "",
    ]
    for kind in (*KINDS, STATEMENTS):
        parts += [
            f"## {kind}",
            "",
            f"Must have: {required(kind)}.",
            "",
            "| field | columns that are recognised |",
            "|---|---|",
            *(f"| `{field}` | {', '.join(listed)} |" for field, listed in names_of(kind).items()),
            "",
        ]
    return "\n".join(parts)


def interest_page() -> str:
    """Every series of rates and every regime of late interest, with its source and its cases."""
    from dunwell.rulebook.interest_terms import NOT_AT_HAND, house_regimes
    from dunwell.rulebook.rates import house_series, percent_of

    parts = [
        "# Late interest: regimes and rates",
        "",
        "How a sum comes about is told in [claims.md](../claims.md). Each entry is data in `dunwell/rulebook/interest`",
        "and `dunwell/rulebook/rates`; its cases run as tests. *Unverified*: the official wording is not at hand; the",
        "interest of such a rule is demanded only when a person has confirmed the terms.",
        "",
        f"Of {' and '.join(NOT_AT_HAND)} no figure of interest by law is at hand, so they have no regime here: what a",
        "contract agreed is claimed with `contract.clause`.",
        "",
    ]
    for regime in house_regimes().values():
        citation = regime.citation
        trust = "verified" if citation.verified else "unverified"
        parts += [
            f"## {regime.id}",
            "",
            " · ".join(regime.title.values()),
            "",
            f"- place: {regime.place}; debtors: {', '.join(regime.debtors)}"
            + (f"; buyers: {', '.join(regime.buyers)}" if regime.buyers else "")
            + (f"; creditors: {', '.join(regime.creditors)}" if regime.creditors else "")
            + (f"; no creditors: {', '.join(regime.creditors_not)}" if regime.creditors_not else "")
            + (f"; laws: {', '.join(regime.laws)}" if regime.laws else ""),
            *(f"- from {day}: {_values(dict(values))}" for day, values in regime.values),
            *([f"- series: {regime.series}, {f'fixed on {regime.fixed_on}' if regime.fixed_on else 'floating'}"]
              if regime.series else []),
            f"- source: {citation.source} (confidence: {citation.confidence}, {trust}); review by {regime.review_by}",
            *(f"- before {day}: {each.source} ({each.confidence})" for day, each in regime.cited_before),
            *([f"- quote: {citation.quote}"] if citation.quote else []),
            "- cases: " + "; ".join(case["name"] for case in regime.cases),
            "",
        ]  # fmt: skip
    for series in house_series().values():
        day, value = series.values[-1]
        parts += [
            f"## {series.id}",
            "",
            " · ".join(series.title.values()),
            "",
            f"- {len(series.values)} values from {series.values[0][0]}; the last, {percent_of(value)} %, since {day}",
            f"- known until {series.known_until}; review by {series.review_by}",
            f"- source: {series.citation.source} (confidence: {series.citation.confidence})",
            f"- newer values: {series.update}",
            "",
        ]
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """All pages by their path below `docs`."""
    from dunwell.rulebook.rules_file import house_rules
    from tools import rule_pages

    rules = house_rules()
    return {
        "reference/interest.md": interest_page(),
        "reference/settings.md": settings_page(),
        "reference/commands.md": commands_page(),
        "reference/files.md": files_page(),
        "reference/rules.md": rule_pages.index(rules),
        **{f"rules/{pack}.md": rule_pages.page(rules, pack) for pack in rule_pages.packs(rules)},
    }


def main(arguments: list[str]) -> int:
    """Write all pages, or compare them; returns the exit code."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dunwell.config.django")
    django.setup()
    wanted = pages()
    stale = [name for name, text in wanted.items() if not _same(DOCS / name, text)]
    # a page nothing asks for any more
    left = [path for path in sorted((DOCS / "rules").glob("*.md")) if f"rules/{path.name}" not in wanted]
    if "--check" in arguments:
        names = [*stale, *(f"rules/{path.name}" for path in left)]
        if names:
            print(f"out of date: {', '.join(names)}. Run: .venv/bin/python -m tools.docs", file=sys.stderr)
        return int(bool(names))
    for path in left:
        path.unlink()
    for name in stale:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(wanted[name], encoding="utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
