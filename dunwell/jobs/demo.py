"""`dunwell demo`: in a process of its own, because it lives in another home with other settings."""

import subprocess
import sys

import click


@click.command(
    "demo", add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
@click.pass_context
def demo(ctx: click.Context) -> None:
    """Play the last 60 days of an invented book in ./demo-home and show what came of it."""
    ctx.exit(subprocess.call([sys.executable, "-m", "dunwell.demo", *ctx.args]))
