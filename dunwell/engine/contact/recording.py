"""May this call or visit be recorded? One answer, by what the rules say and what was consented to or refused.

See docs/contact-rules.md, May it be recorded.
"""

from collections.abc import Sequence

import polars as pl

from dunwell.engine.contact.scopes import Applied
from dunwell.engine.contact.spoken import SPOKEN

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
    rules = _deciding([each for each in notes if each.rule.kind == "recording"])
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


def _deciding(notes: Sequence[Applied]) -> pl.DataFrame:
    """profile, channel, rule, may: what is verified and not our own first, then the order, then the id."""
    best: dict[tuple[int, str], tuple[bool, int, str]] = {}
    for each in notes:
        weak = each.rule.strength == "house" or each.rule.confidence == "recalled"
        rank = (weak, ORDER.index(each.value["may"]), each.rule.id)
        for profile, channels in each.channels.items():
            for channel in channels:
                best[profile, channel] = min(best.get((profile, channel), rank), rank)
    rows = [(*key, rule, ORDER[order]) for key, (_, order, rule) in best.items()]
    schema = {"profile": pl.Int32(), "channel": pl.String(), "rule": pl.String(), "may": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


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
