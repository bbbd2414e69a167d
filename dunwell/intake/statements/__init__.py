"""Statements of banks and wallets -> checked lines: one shape whatever the format. Pure, like the rest of intake."""

from dunwell.intake.statements.read import StatementFile, format_of, read_statements
from dunwell.intake.statements.shapes import LINES

__all__ = ["LINES", "StatementFile", "format_of", "read_statements"]
