"""Files of other systems -> checked frames and row errors. Pure: knows no table, no clock, no network."""

from dunwell.intake.amounts import parse_amounts, parse_one
from dunwell.intake.faults import in_language, write_errors_csv
from dunwell.intake.mapping import load_mapping
from dunwell.intake.read import read_files
from dunwell.intake.shapes import (
    ERRORS,
    FRAMES,
    KINDS,
    Batch,
    Defaults,
    FileReport,
    Known,
    Mapping,
    Note,
    Total,
)
from dunwell.intake.sheet import sniff

__all__ = [
    "ERRORS",
    "FRAMES",
    "KINDS",
    "Batch",
    "Defaults",
    "FileReport",
    "Known",
    "Mapping",
    "Note",
    "Total",
    "in_language",
    "load_mapping",
    "parse_amounts",
    "parse_one",
    "read_files",
    "sniff",
    "write_errors_csv",
]
