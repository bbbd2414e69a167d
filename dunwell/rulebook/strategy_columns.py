"""The columns that conditions of a strategy may name: what is known of a debtor in one currency on a day.

`engine.day.profile` computes them; words in three languages: `strategy.about.<name>`. A column that is not known for a
debtor (nobody wrote yet, say) makes every comparison with it false.
"""

from dataclasses import dataclass
from enum import StrEnum

from dunwell.core.terms import Stage


class Kind(StrEnum):
    """What a column holds, and so what it may be compared with."""

    WHOLE = "whole"
    MONEY = "money"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `values`: the words a text may be; empty: any text. `observed`: the kind of observation it is read
    from, if people told it."""

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    observed: str | None = None


REASONS = ("hardship", "oversight", "dispute", "refusal", "delay", "evasion")
"""Why somebody is in arrears, as he or others told us."""
GRADES = ("good", "limited", "none")
"""Ability and willingness to pay, as observed."""
COOPERATION = ("good", "fair", "poor")
UNKNOWN = "unknown"
SIGNALS = ("registry", "court", "bureau", "news", "internal")
"""Where a warning about a debtor came from."""

MONEY_SCALE_DIGITS = 4
"""Money columns are whole numbers of ten-thousandths of the currency's unit: no currency has more decimals."""

_WHOLE = (
    "days_past_due",
    "items",
    "messages",
    "days_since_message",
    "calls",
    "days_since_talk",
    "promises_kept",
    "promises_broken",
)
_MONEY = (
    "amount",
    "open_amount",
    "disputed",
    "credit",
    "overdue_1_30",
    "overdue_31_60",
    "overdue_61_90",
    "overdue_91",
)

COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        *(Column(name, Kind.MONEY) for name in _MONEY),
        *(Column(name, Kind.WHOLE) for name in _WHOLE),
        Column("currency", Kind.TEXT),
        Column("country", Kind.TEXT),
        Column("language", Kind.TEXT, ("en", "zh-Hans", "zh-Hant")),
        Column("kind", Kind.TEXT, ("business", "consumer", UNKNOWN)),
        Column("debt_kind", Kind.TEXT),
        Column("reached", Kind.TEXT, tuple(stage.word for stage in Stage)),
        Column("only_charges", Kind.FLAG),
        Column("vip", Kind.FLAG, observed="vip"),
        Column("reason", Kind.TEXT, (*REASONS, UNKNOWN), observed="reason"),
        Column("cooperation", Kind.TEXT, (*COOPERATION, UNKNOWN), observed="cooperation"),
        Column("ability", Kind.TEXT, (*GRADES, UNKNOWN), observed="ability"),
        Column("willingness", Kind.TEXT, (*GRADES, UNKNOWN), observed="willingness"),
        *(Column(f"signal_{name}", Kind.FLAG, observed=f"signal_{name}") for name in SIGNALS),
    )
}

OBSERVED: dict[str, tuple[str, ...]] = {
    "vip": ("yes", "no"),
    "reason": (*REASONS, UNKNOWN),
    "cooperation": (*COOPERATION, UNKNOWN),
    "ability": (*GRADES, UNKNOWN),
    "willingness": (*GRADES, UNKNOWN),
    **{f"signal_{name}": ("yes", "no") for name in SIGNALS},
}
"""What people may observe of a debtor, and the words for it. The latest of a kind holds, until its last day."""
