"""The whole book at once: facts -> claims, findings, stages -> decisions. Pure Polars; the day is an argument.

One debtor goes through the very same functions on a frame of one debtor.
"""

VERSION = "3"
"""Changes whenever the same facts may lead to other decisions: a run names the version it was made with."""
