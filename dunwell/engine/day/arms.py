"""Who is treated by which arm of an experiment: drawn by a hash, so that nobody chooses and nothing need be remembered.

A person has one arm, in all his accounts; an account whose person is not known has its own. The draw hangs on the
creditor, the experiment's name and what the files call the person: it is the same on every day, in every shard, in
whatever order the files came, whoever else is in the book; and whoever has the files can reckon it again.
"""

import hashlib

import polars as pl

from dunwell.engine.facts import Facts
from dunwell.rulebook.strategy import Experiment

_SALT = "dunwell experiment"
_WHOLE_BP = 10_000
NO_ARM = -1


def draw(creditor: str, experiment: str, unit: str) -> int:
    """A number from 0 to 9 999: the first 8 bytes of SHA-256 over the lines salt, creditor, experiment, unit, modulo
    10 000. No number is likelier than another by more than one part in 10^15."""
    told = f"{_SALT}\n{creditor}\n{experiment}\n{unit}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") % _WHOLE_BP


def arm_of(experiment: Experiment, creditor: str, unit: str) -> int:
    """The place of a unit's arm: shares are laid end to end in the order of the file."""
    left = draw(creditor, experiment.name, unit)
    for place, arm in enumerate(experiment.arms):
        left -= arm.share_bp
        if left < 0:
            return place
    raise ValueError(f"experiment {experiment.name}: shares do not come to {_WHOLE_BP}")


def arms_of(facts: Facts, experiment: Experiment, debtors: pl.DataFrame) -> pl.DataFrame:
    """debtor_id, arm (Int32): the place of the arm of each of these debtors. Their units are drawn once each."""
    creditor = facts["creditor"]["code"].item()
    units = (
        facts["debtors"]
        .join(debtors.select("debtor_id").unique(), on="debtor_id", how="semi")
        .select("debtor_id", unit=pl.coalesce("lot", "number"))
    )
    drawn = units.select("unit").unique()
    drawn = drawn.with_columns(
        arm=pl.Series([arm_of(experiment, creditor, unit) for unit in drawn["unit"]], dtype=pl.Int32)
    )
    return units.join(drawn, on="unit").select("debtor_id", "arm")
