"""What the rules say about contacting each debtor: may not, and until when. Silence means: may.

Findings are asked twice with the same functions: for the day by the run, and for the moment by the sender.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.core.terms import Channel
from dunwell.engine.cash import effective_money
from dunwell.engine.facts import Facts, in_days
from dunwell.engine.history import outbound
from dunwell.engine.hours import next_windows
from dunwell.rulebook.rules_file import Rule, Rules

FINDINGS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "channel": pl.String(),
    "currency": pl.String(),
    "rule": pl.String(),
    "effect": pl.String(),
    "detail": pl.String(),
    "count": pl.Int32(),
    "until_date": pl.Date(),
}
"""One row per debtor, rule that speaks and channel it speaks of. channel null: every channel; currency null: all debts;
detail: e.g. the reason of a hold; count: e.g. contacts counted; until_date: the last day it holds, null: open end."""

BINDS_THE_PERSON = frozenset({"cease_request", "deceased", "insolvency", "attorney"})
"""Reasons of a hold that speak of the person himself, and so of all his accounts. Talks, hardship and other reasons
stay with the account they were agreed about."""


def findings(facts: Facts, rules: Rules, day: date, came: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every rule that forbids something today, but for hours: see `windows`. Sorted, see `FINDINGS`.

    came: `cash.effective_money` of these facts, where it is known already.
    """
    parts = [
        *_frequency(facts, rules, day),
        *_holds(facts, rules, day),
        *_complaints(facts, rules, day),
        *_promises(facts, rules, day, came),
    ]
    found = pl.concat([pl.DataFrame(schema=FINDINGS), *parts])
    return found.sort("debtor_id", "rule", "channel", "currency", "detail", "until_date", nulls_last=True)


def windows(facts: Facts, rules: Rules, moment: datetime) -> pl.DataFrame:
    """Per debtor: open_at, close_at of the first window by all hours rules that ends after `moment` (UTC).

    The rules are those in force on the creditor's business day at `moment`.
    """
    day = moment.astimezone(ZoneInfo(facts["creditor"]["zone"].item())).date()
    hours = [value for _, value in rules.in_force(day, "hours")]
    places = next_windows(facts["debtors"], moment, hours)
    return (
        facts["debtors"]
        .select("debtor_id", "country", "zone")
        .join(places, on=["country", "zone"], how="left", nulls_equal=True)
        .select("debtor_id", "open_at", "close_at")
    )


def paused(found: pl.DataFrame, rules: Rules, day: date) -> pl.DataFrame:
    """debtor_id, currency (null: all): of whom nothing is demanded for now, whatever the channel, because of a hold, a
    complaint or a promise. Hours and caps on contacts do not pause a claim."""
    ids = [rule.id for kind in ("hold", "complaint", "promise") for rule, _ in rules.in_force(day, kind)]
    return (
        found.filter(
            (pl.col("effect") == "forbidden") & pl.col("channel").is_null() & pl.col("rule").is_in(sorted(ids))
        )
        .select("debtor_id", "currency")
        .unique()
        .sort("debtor_id", "currency")
    )


def hours_rule(rules: Rules, day: date) -> tuple[str, frozenset[str]]:
    """The id of the hours rule in force and the channels it binds; empty when there is none."""
    for rule, _ in rules.in_force(day, "hours"):
        return rule.id, frozenset(rule.channels)
    return "", frozenset()


def _frequency(facts: Facts, rules: Rules, day: date) -> list[pl.DataFrame]:
    """Contacts of one person, over all channels of the rule and all his accounts, in a rolling span of days."""
    found = []
    for rule, value in rules.in_force(day, "frequency"):
        first = in_days(day, 1 - value["days"])
        counted = (
            outbound(facts)
            .filter(pl.col("contact_date").is_between(first, day) & pl.col("channel").is_in(rule.channels))
            # who the account belongs to may have been corrected since the contact took place
            .join(facts["debtors"].select("debtor_id", now_person="person_id"), on="debtor_id", how="left")
            .with_columns(person_id=pl.coalesce("now_person", "person_id"))
        )
        full = (
            counted.group_by("person_id")
            .agg(count=pl.len().cast(pl.Int32))
            .filter(pl.col("count") >= value["contacts"])
        )
        if full.is_empty():
            continue
        persons = (
            counted.join(full, on="person_id")
            .group_by("person_id", "count")
            # when the contact that fills the cap has left the window, one more is allowed
            .agg(leaves=pl.col("contact_date").sort(descending=True).slice(value["contacts"] - 1, 1).first())
        )
        found.append(
            _spoken(
                rule,
                facts["debtors"]
                .join(persons, on="person_id")
                .select("debtor_id", "count", until_date=pl.col("leaves").dt.offset_by(f"{value['days'] - 1}d")),
            )
        )
    return found


def _holds(facts: Facts, rules: Rules, day: date) -> list[pl.DataFrame]:
    """Holds on the debtor. A hold on one receivable takes the receivable out instead: see `claims`."""
    told = ["debtor_id", "channel", "until_date", "detail"]
    active = (
        facts["holds"]
        .filter(pl.col("receivable_id").is_null() & (pl.col("until_date").is_null() | (pl.col("until_date") >= day)))
        .select("debtor_id", "channel", "until_date", detail="reason")
    )
    if active.is_empty():
        return []
    of_person = _for_all_accounts(facts, active.filter(pl.col("detail").is_in(sorted(BINDS_THE_PERSON))))
    active = pl.concat([active.select(told), of_person.select(told)]).unique()
    return [
        _spoken(rule, active.filter(pl.col("detail").is_in(value["reasons"])))
        for rule, value in rules.in_force(day, "hold")
    ]


def _complaints(facts: Facts, rules: Rules, day: date) -> list[pl.DataFrame]:
    waiting = facts["complaints"].filter(pl.col("answered_date").is_null() | (pl.col("answered_date") > day))
    if waiting.is_empty():
        return []
    accounts = _for_all_accounts(facts, waiting.select("debtor_id", "complaint_id"))
    counted = accounts.group_by("debtor_id").agg(count=pl.len().cast(pl.Int32))
    return [_spoken(rule, counted) for rule, _ in rules.in_force(day, "complaint")]


def _for_all_accounts(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows about a debtor, once for each account of the same person."""
    persons = facts["debtors"].select("debtor_id", "person_id")
    return rows.join(persons, on="debtor_id").drop("debtor_id").join(persons, on="person_id").drop("person_id")


def promises(facts: Facts, rules: Rules, day: date, money: pl.DataFrame | None = None) -> pl.DataFrame:
    """Each promise with its state on a day: promise_id, debtor_id, currency, amount_minor, made_date, due_date,
    received_minor (what came for it, up to what was promised), until_date (the last day it is respected: money that
    comes later no longer keeps it), state (open, kept, part_kept, broken, withdrawn).

    Money of that currency counts from the day a promise was made to its until_date, and for one promise alone: the
    earliest due takes first, from the earliest money; then the one made first, then the smaller; withdrawn ones last.
    `money`: `cash.effective_money` of these facts, where it is known already.
    """
    grace = max([value["grace_days"] for _, value in rules.in_force(day, "promise")], default=0)
    came = (
        (effective_money(facts) if money is None else money)
        .filter(pl.col("payment_id").is_not_null())
        .select("debtor_id", "currency", "value_date", came_minor="amount_minor")
    )
    made = facts["promises"].with_columns(until_date=pl.col("due_date").dt.offset_by(f"{grace}d"))
    is_withdrawn = (pl.col("withdrawn_date") <= day).fill_null(value=False)
    over = pl.col("until_date") < day
    return (
        made.join(_received(made.with_columns(is_withdrawn=is_withdrawn), came), on="promise_id")
        .with_columns(
            state=pl.when(is_withdrawn)
            .then(pl.lit("withdrawn"))
            .when(pl.col("received_minor") >= pl.col("amount_minor"))
            .then(pl.lit("kept"))
            .when(over & (pl.col("received_minor") > 0))
            .then(pl.lit("part_kept"))
            .when(over)
            .then(pl.lit("broken"))
            .otherwise(pl.lit("open")),
        )
        .drop("withdrawn_date")
    )


def _received(made: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """promise_id, received_minor: the money of each day handed out to one promise after another.

    Each promise changes what is left for the next, so this is a walk; only debtors who promised are walked.
    """
    left: dict[tuple[int, str], dict[date, int]] = {}
    days = (
        came.join(made, on=["debtor_id", "currency"], how="semi")
        .group_by("debtor_id", "currency", "value_date")
        .agg(pl.col("came_minor").sum())
        .sort("value_date")
    )
    for debtor, currency, on, minor in days.iter_rows():
        left.setdefault((debtor, currency), {})[on] = minor
    found: list[tuple[int, int]] = []
    order = ["is_withdrawn", "due_date", "made_date", "amount_minor", "promise_id"]
    for row in made.sort(order).iter_rows(named=True):
        mine = left.get((row["debtor_id"], row["currency"]), {})
        span = [on for on in mine if row["made_date"] <= on <= row["until_date"]]
        # money that went back keeps others from counting, whichever it was
        received = max(min(row["amount_minor"], sum(mine[on] for on in span)), 0)
        found.append((row["promise_id"], received))
        for on in span:
            part = min(max(mine[on], 0), received)
            mine[on] -= part
            received -= part
    return pl.DataFrame(found, schema={"promise_id": pl.Int64, "received_minor": pl.Int64}, orient="row")


def _promises(facts: Facts, rules: Rules, day: date, came: pl.DataFrame | None) -> list[pl.DataFrame]:
    if facts["promises"].is_empty():
        return []
    waiting = promises(facts, rules, day, came).filter(pl.col("state") == "open")
    counted = waiting.group_by("debtor_id", "currency").agg(
        count=pl.len().cast(pl.Int32), until_date=pl.col("until_date").max()
    )
    return [_spoken(rule, counted) for rule, _ in rules.in_force(day, "promise")]


def _spoken(rule: Rule, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `FINDINGS` from what a rule found; missing columns are null.

    A rule about some channels forbids these alone: a row that names none becomes one per channel of the rule.
    """
    missing = [pl.lit(None, kind).alias(name) for name, kind in FINDINGS.items() if name not in rows.columns]
    rows = rows.with_columns(missing).with_columns(rule=pl.lit(rule.id), effect=pl.lit(rule.effect))
    if set(rule.channels) != {str(channel) for channel in Channel}:
        bound = pl.DataFrame({"bound": rule.channels}, schema={"bound": pl.String})
        rows = (
            rows.join(bound, how="cross")
            .filter(pl.col("channel").is_null() | (pl.col("channel") == pl.col("bound")))
            .with_columns(channel="bound")
        )
    return rows.select(list(FINDINGS)).cast(dict(FINDINGS))  # type: ignore[arg-type]
