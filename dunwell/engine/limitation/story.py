"""How one claim came to its dates: its events one after another, what each does, and both dates after it."""

from datetime import date

import polars as pl

from dunwell.engine.limitation.clock import clocks
from dunwell.rulebook.limitation_rules import Clock, LimitationRules


def story(
    claim: pl.DataFrame, events: pl.DataFrame, rules: LimitationRules, calendar: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """One row per event of a claim up to `as_of`, in the order in which they are taken. See `limitation.clocks`.

    claim    one row of `limitation.CLAIMS`
    Output   the columns of `events` (of this claim) + rule (by which the cautious reading took it; null where none is
             at hand), effect (one of `EFFECTS`, or `ended`; null without a rule), counts and strict_counts (Boolean:
             whether it does count in that reading, being proven and neither too early nor too late), too_early
             (Boolean: it would begin the time anew, but came before the claim was late, and moved no date),
             cautious_date, strict_date and state after it

    The same clocks are asked of copies of the claim that know the first 0, 1, 2 ... events: nothing is computed here.
    """
    number = claim["claim_id"].item()
    told = events.filter((pl.col("claim_id") == number) & (pl.col("event_date") <= as_of)).sort(
        "event_date", pl.col("event_kind") == "proceedings_ended", "event_id"
    )
    count = told.height
    copies = pl.DataFrame({"copy": range(count + 1)}, schema={"copy": pl.Int64})
    steps = told.with_row_index("step").join(copies, how="cross").filter(pl.col("step") < pl.col("copy"))
    known = steps.with_columns(claim_id=pl.col("copy")).drop("step", "copy").with_columns(
        event_id=pl.int_range(pl.len(), dtype=pl.Int64)
    )  # fmt: skip
    found = clocks(
        claim.join(copies, how="cross").with_columns(claim_id=pl.col("copy")).drop("copy"),
        # copies keep the order of the events: their numbers rise with it
        known, rules, calendar, as_of,
    )  # fmt: skip
    before, after = found.head(count), found.tail(count)
    newest = known.group_by("claim_id").agg(newest=pl.col("event_id").max()).sort("claim_id")["newest"]
    by_id = {clock.id: clock for clock in rules.clocks}
    due: date = claim["due_date"].item()
    stands = before["cautious_date"].eq_missing(after["cautious_date"]) & before["strict_date"].eq_missing(
        after["strict_date"]
    )
    return told.with_columns(
        rule=before["rule"],
        effect=pl.Series(
            [
                _effect(by_id.get(rule), kind, due)
                for rule, kind in zip(before["rule"], told["event_kind"], strict=True)
            ],
            dtype=pl.String,
        ),
        counts=after["last_event_id"].eq_missing(newest),
        strict_counts=after["strict_event_id"].eq_missing(newest),
        cautious_date=after["cautious_date"],
        strict_date=after["strict_date"],
        state=after["state"],
    ).with_columns(too_early=(pl.col("effect") == "restarts") & (pl.col("event_date") <= due) & stands)


def _effect(clock: Clock | None, kind: str, due: date) -> str | None:
    if clock is None:
        return None
    return "ended" if kind == "proceedings_ended" else clock.on(due).effects[kind]
