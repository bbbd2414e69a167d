"""May this call or visit be recorded? One answer, by what the rules say and what was consented to or refused.

See docs/contact-rules.md, May it be recorded.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from dunwell.engine.contact.scopes import DIMENSIONS, Applied
from dunwell.engine.contact.spoken import SPOKEN
from dunwell.rulebook.contact_rules import Rule

ORDER = ("forbidden", "required", "ask", "allowed")
"""Of rules of one rank the first of these is the answer."""


def answered(
    notes: Sequence[Applied], subjects: pl.DataFrame, active: pl.DataFrame, used: pl.DataFrame
) -> pl.DataFrame:
    """`SPOKEN`: by subject and channel the rule that decides, with the answer as its detail.

    notes    what must be known
    active   entries in force now
    used     subject_id, channel, address_id: the addresses asked about, where they are told
    """
    rules = _deciding([each for each in notes if each.rule.kind == "recording"], _facts_by_profile(subjects))
    mine = subjects.select("subject_id", "profile").join(rules, on="profile")
    refused, consented = _told(active, "recording_refused", None), _told(active, "recording_consent", used)
    found = mine.join(refused, on=["subject_id", "channel"], how="left").join(
        consented, on=["subject_id", "channel"], how="left"
    )
    must, no, yes = pl.col("may") == "required", pl.col("recording_refused"), pl.col("recording_consent")
    detail = (
        pl.when(pl.col("may") == "forbidden").then(pl.lit("forbidden"))
        .when(no & must).then(pl.lit("refused_required"))
        .when(no).then(pl.lit("refused"))
        .when(yes & (pl.col("may") == "ask")).then(pl.lit("consented"))
        .otherwise("may")
    )  # fmt: skip
    told = found.select("subject_id", "channel", "rule", detail=detail, effect=pl.lit("note"))
    absent = [pl.lit(None, kind).alias(name) for name, kind in SPOKEN.items() if name not in told.columns]
    return told.with_columns(absent).select(list(SPOKEN)).cast(dict(SPOKEN))  # type: ignore[arg-type]


def _facts_by_profile(subjects: pl.DataFrame) -> dict[int, dict[str, str | None]]:
    """What the subjects of a profile are told of."""
    rows = subjects.select("profile", *DIMENSIONS).unique("profile").rows(named=True)
    return {row["profile"]: {name: row[name] for name in DIMENSIONS} for row in rows}


def _deciding(notes: Sequence[Applied], facts: Mapping[int, Mapping[str, str | None]]) -> pl.DataFrame:
    """profile, channel, rule, may: see `_standing`, then the order, then the id."""
    best: dict[tuple[int, str], tuple[int, int, str]] = {}
    for each in notes:
        may = each.value["may"]
        for profile, channels in each.channels.items():
            for channel in channels:
                sure = each.rule.scope.surely_matches({**facts[profile], "channel": channel})
                rank = (_standing(each.rule, may, sure=sure), ORDER.index(may), each.rule.id)
                best[profile, channel] = min(best.get((profile, channel), rank), rank)
    rows = [(*key, rule, ORDER[order]) for key, (_, order, rule) in best.items()]
    schema = {"profile": pl.Int32(), "channel": pl.String(), "rule": pl.String(), "may": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _standing(rule: Rule, may: str, *, sure: bool) -> int:
    """Whom to hear first: others whose wording was seen and who surely mean him, then the house, then the rest. What
    forbids needs neither, unless it is only recalled: nobody's consent is passed over on hearsay."""
    if rule.strength == "house":
        return 1
    if may == "forbidden":
        return 1 if rule.confidence == "recalled" else 0
    return 0 if rule.verified and sure else 2


def _told(active: pl.DataFrame, kind: str, used: pl.DataFrame | None) -> pl.DataFrame:
    """subject_id, channel, and a column of the kind's name that is true: where such an entry is in force.

    used   only entries for every address, or for one that is asked about; None: of any address
    """
    entries = active.filter(pl.col("kind") == kind).select("subject_id", "channel", "address_id")
    if used is not None:
        whole = pl.col("address_id").is_null()
        asked = entries.filter(~whole).join(
            used.select("subject_id", "address_id"), on=["subject_id", "address_id"], how="semi"
        )
        entries = pl.concat([entries.filter(whole), asked])
    channels = pl.DataFrame({"on": ["phone", "visit"]})
    return (
        entries.join(channels, how="cross")
        .filter(pl.col("channel").is_null() | (pl.col("channel") == pl.col("on")))
        .select("subject_id", pl.col("on").alias("channel"), pl.lit(value=True).alias(kind))
        .unique()
    )
