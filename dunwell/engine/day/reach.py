"""How a line reaches the debtor: what the rules take back, by which channel and address, from which hour on."""

from datetime import date, datetime

import polars as pl

from dunwell.core.terms import Stage
from dunwell.engine.contact.findings import STOPPING
from dunwell.engine.contact.hours import Hours
from dunwell.engine.day.ladder import Ladders
from dunwell.engine.day.lines import to_person
from dunwell.engine.day.wishes import with_wished
from dunwell.engine.facts import Facts
from dunwell.rulebook.strategy import Strategy


def stopped(lines: pl.DataFrame, found: pl.DataFrame, caps: frozenset[str]) -> pl.DataFrame:
    """Take back messages and tasks that a finding on every channel stands against. The longest is named.

    A cap on contacts (`caps`: the ids of these rules) takes back messages alone, for a task contacts nobody: where
    something waits for a person, his task takes the place of the message.
    """
    all_stops = stops_of(lines, found, caps).lazy()
    yields = pl.col("is_cap") & pl.col("waits")
    capped = all_stops.filter(yields).group_by("debtor_id", "currency").agg(capped_date=pl.col("until_date").max())
    longest = (
        all_stops.filter(~yields)
        .sort("until_date", "rule", "detail", descending=[True, False, False], nulls_last=True)
        .unique(["debtor_id", "currency"], keep="first", maintain_order=True)
        .select("debtor_id", "currency", "rule", "detail", "until_date")
    )
    joined = lines.lazy().drop("rule", "detail").join(longest, on=["debtor_id", "currency"], how="left")
    hit = pl.col("rule").is_not_null() & pl.col("action").is_in(["message", "task"])
    after = pl.when(pl.col("until_date") < date.max).then(pl.col("until_date").dt.offset_by("1d"))
    stopped = (
        joined.with_columns(
            action=pl.when(hit).then(pl.lit("none")).otherwise("action"),
            reason=pl.when(hit).then(pl.lit("forbidden")).otherwise("reason"),
            next_date=pl.when(hit).then(after).otherwise("next_date"),
            rule=pl.when(hit).then("rule"),
            detail=pl.when(hit).then("detail"),
        )
        .drop("until_date")
        .join(capped, on=["debtor_id", "currency"], how="left")
        .with_columns(is_capped=(pl.col("action") == "message") & pl.col("capped_date").is_not_null())
        .with_columns(
            next_date=pl.when("is_capped").then(pl.col("capped_date").dt.offset_by("1d")).otherwise("next_date")
        )
    )
    return to_person(stopped.collect(), pl.col("is_capped"))


def stops_of(lines: pl.DataFrame, found: pl.DataFrame, caps: frozenset[str]) -> pl.DataFrame:
    """What stands against each line on every channel: the columns of the findings, with until_date `date.max` where
    no end is known, is_cap, and waits (Boolean: something of the line waits for a person)."""
    everywhere = pl.col("channel").is_null() & pl.col("contact_point_id").is_null()
    stops = (
        found.lazy()
        .filter(pl.col("effect").is_in(STOPPING) & everywhere)
        .with_columns(pl.col("until_date").fill_null(date.max), is_cap=pl.col("rule").is_in(sorted(caps)))
    )
    waits = (pl.col("person_minor") > 0) | (pl.col("action") == "task")
    pairs = lines.lazy().select("debtor_id", "currency", waits=waits)
    wide = pairs.join(stops.filter(pl.col("currency").is_null()).drop("currency"), on="debtor_id")
    narrow = pairs.join(stops, on=["debtor_id", "currency"])
    return pl.concat([wide, narrow]).collect()


def ways_of(
    lines: pl.DataFrame,
    facts: Facts,
    found: pl.DataFrame,
    strategy: Strategy,
    ladders: Ladders,
    caps: frozenset[str],
    day: date,
) -> pl.DataFrame:
    """Every address a message may go to, the best first: one that a person chose for it, the debtor's preferred channel
    if the step allows it, the step's order.

    rule         what stands against it, the longest; null: nothing
    until_date   the last day of that, null: no end is known
    only_caps    nothing but caps on contacts stands against it
    dear         it costs too much for so small a sum (`Strategy.uneconomic_minor`)
    """
    order = pl.DataFrame(
        [
            (ladder, int(step.stage), channel, place)
            for ladder, step, treatment in ladders.steps()
            for place, channel in enumerate(treatment.channels)
        ],
        schema={"ladder": pl.Int32, "stage": pl.Int16, "channel": pl.String, "place": pl.Int16},
        orient="row",
    )
    wanted = (
        lines.filter(pl.col("action") == "message")
        .select("debtor_id", "currency", "ladder", "stage", "messages", "preferred_channel", "total_minor")
        .join(order, on=["ladder", "stage"])
    )
    return ways_among(wanted, facts, found, strategy, caps, day)


def ways_among(
    wanted: pl.DataFrame, facts: Facts, found: pl.DataFrame, strategy: Strategy, caps: frozenset[str], day: date
) -> pl.DataFrame:
    """The same for messages that may go by these channels.

    wanted   debtor_id, currency, stage (0: no step), messages (so far), preferred_channel, total_minor, channel, place
             (the lower the better)
    """
    dear = pl.DataFrame(
        [(channel, *each) for channel, least in strategy.uneconomic_minor.items() for each in least.items()],
        schema={"channel": pl.String, "currency": pl.String, "least_minor": pl.Int64},
        orient="row",
    )
    ways = (
        wanted.join(
            facts["contact_points"].filter(pl.col("usable")).drop("usable", "third_person_id"),
            on=["debtor_id", "channel"],
        )
        .join(dear, on=["channel", "currency"], how="left")
        .with_columns(
            other=(pl.col("channel") != pl.col("preferred_channel")).fill_null(value=True),
            dear=(pl.col("total_minor") < pl.col("least_minor")).fill_null(value=False),
        )
    )
    ways = with_wished(ways, facts, day)
    against = (
        found.lazy()
        .filter(pl.col("effect").is_in(STOPPING) | pl.col("effect").is_null())
        .select("debtor_id", "channel", "contact_point_id", "rule", "until_date", about="currency")
    )
    keys = ["debtor_id", "currency", "contact_point_id"]
    of_channel = against.filter(pl.col("channel").is_not_null() & pl.col("contact_point_id").is_null())
    of_address = against.filter(pl.col("contact_point_id").is_not_null())
    mine = ways.lazy().select("debtor_id", "currency", "channel", "contact_point_id")
    shut = pl.concat([
        mine.join(of_channel.drop("contact_point_id"), on=["debtor_id", "channel"]),
        mine.join(of_address.drop("debtor_id", "channel"), on="contact_point_id"),
    ]).filter(pl.col("about").is_null() | (pl.col("about") == pl.col("currency")))  # fmt: skip
    longest = (
        shut.with_columns(only_caps=pl.col("rule").is_in(sorted(caps)).all().over(keys))
        .sort("until_date", "rule", descending=[True, False], nulls_last=False)
        .unique(keys, keep="first", maintain_order=True)
    )
    return (
        ways.lazy()
        .join(longest.select(*keys, "rule", "until_date", "only_caps"), on=keys, how="left")
        .sort("debtor_id", "currency", pl.col("is_wished").not_(), "other", "place", "rank", "contact_point_id")
        .collect()
    )


def by_channel(lines: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Choose the address. Where a cap alone stands against all there are, the message waits until there is room again;
    if something waits for a person, it is his task meanwhile."""
    keys = ["debtor_id", "currency"]
    open_, barred = ~pl.col("dear") & pl.col("rule").is_null(), ~pl.col("dear") & pl.col("rule").is_not_null()
    full = barred & pl.col("only_caps") & pl.col("until_date").is_not_null()
    until = pl.col("until_date").filter(full)
    found = (
        ways.lazy()
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col("channel", "contact_point_id").filter(open_).first(),
            full=pl.col("rule").filter(full).sort_by(until, maintain_order=True).first(),
            full_date=until.min(),
            barred=pl.col("rule").filter(barred).first(),
            too_dear=pl.col("dear").any(),
        )
    )
    lines = lines.lazy().join(found, on=keys, how="left", maintain_order="left").collect()
    unreachable = (pl.col("action") == "message") & pl.col("channel").is_null()
    full = unreachable & pl.col("full").is_not_null()
    small = unreachable & pl.col("barred").is_null() & pl.col("too_dear").fill_null(value=False)
    lines = lines.with_columns(
        next_date=pl.when(full).then(pl.col("full_date").dt.offset_by("1d")).otherwise("next_date"),
        rule=pl.when(full & (pl.col("person_minor") == 0))
        .then("full")
        .when(unreachable & ~full)
        .then("barred")
        .otherwise("rule"),
        # a notice before the due date is a courtesy: nobody has to look for an address because of it
        action=pl.when(unreachable)
        .then(pl.when(full | small | (pl.col("stage") == Stage.NOTICE)).then(pl.lit("none")).otherwise(pl.lit("task")))
        .otherwise("action"),
        reason=pl.when(unreachable & (full | pl.col("barred").is_not_null()))
        .then(pl.lit("forbidden"))
        .when(small)
        .then(pl.lit("uneconomic"))
        .when(unreachable)
        .then(pl.lit("no_address"))
        .otherwise("reason"),
        waits=(full | small) & (pl.col("person_minor") > 0),
    )
    return to_person(lines, pl.col("waits"))


def in_hours(lines: pl.DataFrame, hours: Hours, moment: datetime) -> pl.DataFrame:
    """When the message may leave; a debtor who can never be reached in allowed hours goes to a person."""
    spans = hours.windows.filter(pl.col("bound")).select("spot", "channel", "open_at", shut_by="rule", bound="bound")
    message = pl.col("action") == "message"
    never = message & pl.col("bound").fill_null(value=False) & pl.col("open_at").is_null()
    return (
        lines.join(hours.spots.rename({"subject_id": "debtor_id"}), on="debtor_id", how="left")
        .join(spans, on=["spot", "channel"], how="left")
        .with_columns(not_before_at=pl.when(message).then(pl.max_horizontal("open_at", pl.lit(moment))))
        .with_columns(
            action=pl.when(never).then(pl.lit("task")).otherwise("action"),
            reason=pl.when(never).then(pl.lit("forbidden")).otherwise("reason"),
            rule=pl.when(never).then("shut_by").otherwise("rule"),
        )
    )
