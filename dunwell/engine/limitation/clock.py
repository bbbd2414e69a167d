"""The limitation clock: until when a claim can be brought before a court, what would save it, what may not be said.

`docs/limitation.md` tells how it works, place by place; the law is data in `rulebook/limitation`.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from dunwell.core.errors import DunwellError
from dunwell.core.terms import DebtorKind
from dunwell.engine.limitation import walk
from dunwell.engine.limitation.walk import add_months
from dunwell.rulebook.limitation_rules import CLAIM_KINDS, EVENT_KINDS, LimitationRules

CLAIMS: dict[str, pl.DataType] = {
    "claim_id": pl.Int64(),
    "place": pl.String(),
    "kind": pl.String(),
    "debtor_kind": pl.String(),
    "debtor_place": pl.String(),
    "due_date": pl.Date(),
    "arose_date": pl.Date(),
    "last_instalment_date": pl.Date(),
    "agreed_until": pl.Date(),
}
"""One row per claim. place: whose law it falls under, e.g. CN, UK-ENG, US-CA (GB: nobody says which of the two laws);
kind: one of `CLAIM_KINDS`, null for unknown; debtor_kind: null counts as consumer; debtor_place:
where he is (US, US-NY), null where nobody says; due_date: of a guarantee, that of
the principal debt, of a judgment, the last day to perform. May be null: arose_date (where the claim arose before it
fell due, e.g. with the invoice), last_instalment_date, agreed_until (the last day of an agreed guarantee period)."""

EVENTS: dict[str, pl.DataType] = {
    "event_id": pl.Int64(),
    "claim_id": pl.Int64(),
    "event_kind": pl.String(),
    "event_date": pl.Date(),
    "until_date": pl.Date(),
    "proof": pl.String(),
}
"""One row per event of a claim. event_kind: one of `EVENT_KINDS`; event_date: of a demand, the day it arrived; of an
obstacle, its first day; until_date: the last day of an obstacle (null: it lasts), null for all else; proof: what proves
the event, and for a demand its arrival: a receipt, a file reference. Without a letter or digit in it there is none."""

CALENDAR: dict[str, pl.DataType] = {
    "calendar": pl.String(),
    "day": pl.Date(),
    "working_date": pl.Date(),
    "working_known": pl.Boolean(),
}
"""Working days, as `rulebook.calendars.table` gives them, with the place as the calendar's name."""

CLOCKS: dict[str, pl.DataType] = {
    "claim_id": pl.Int64(),
    "place": pl.String(),
    "kind": pl.String(),
    "as_of": pl.Date(),
    "rule": pl.String(),
    "confidence": pl.String(),
    "verified": pl.Boolean(),
    "start_date": pl.Date(),
    "strict_start_date": pl.Date(),
    "cautious_date": pl.Date(),
    "strict_date": pl.Date(),
    "state": pl.String(),
    "time_barred": pl.Boolean(),
    "may_be_time_barred": pl.Boolean(),
    "may_threaten_suit": pl.Boolean(),
    "threat_rule": pl.String(),
    "threat_verified": pl.Boolean(),
    "last_event_id": pl.Int64(),
    "strict_event_id": pl.Int64(),
    "saved_by": pl.List(pl.String()),
    "why": pl.List(pl.String()),
}
"""What `clocks` answers; see there."""

STATES = ("running", "suspended", "doubtful", "expired", "extinguished", "unknown")
WHY = (
    "no_rule_at_hand",
    "rule_unverified",
    "rule_older_than_claim",
    "rules_differ",
    "first_day_differs",
    "last_instalment",
    "agreed_period",
    "agreed_ignored",
    "outer_limit",
    "moved_from_day_off",
    "days_off_not_known",
    *walk.NOTES,
    "revival_not_stated",
    "proceedings_pending",
    "obstacle_lasts",
    "no_suit_threat",
)
"""Why-codes in the order in which they are told; words: `limitation.<code>`."""

_YEARS = (date(1900, 1, 1), date(2199, 12, 31))


def clocks(
    claims: pl.DataFrame, events: pl.DataFrame, rules: LimitationRules, calendar: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """The clock of every claim on a day, from the events recorded up to that day. See `CLAIMS`, `EVENTS`, `CALENDAR`.

    One row per claim (`CLOCKS`), by claim_id:
    rule, confidence, verified   of the cautious reading; null where no rule is at hand
    start_date, strict_start_date   the day from which the period now counts, itself not counted
    cautious_date   the earliest last day: only proven events, each doubt to the creditor's disadvantage, no day off
    strict_date     the latest last day that can be defended; null while time stands still
    state           running; suspended (time stands still, or the claim is before a court); doubtful (past the cautious
                    date, not past the strict one); expired; extinguished; unknown (no rule at hand)
    time_barred     past both dates; may_be_time_barred: past the cautious one, or unknown
    may_threaten_suit   false where threat_rule forbids it for what may be time-barred, and for an extinguished debt
    last_event_id, strict_event_id   the last event that counts, in each reading
    saved_by        kinds of events that would save the claim, by the rule; empty when it is too late
    why             codes of `WHY`

    Refuses, in words: a column that is missing or of another type, unknown kinds, a day that is missing, out of order
    or outside 1900-2199, a claim or event that stands twice, an event of a claim that is not there.
    """
    claims = _claims(claims)
    events = _events(events, claims)
    table = walk.rule_table(rules)
    days = _fit(calendar, "calendar", CALENDAR)
    _once(days, "calendar", ["calendar", "day"])
    tracks = walk.begin(claims, table, walk.cover_table(rules))
    ends = walk.with_end(walk.walk(tracks, events, rules, table, days, as_of).lazy(), table, days)
    return _told(claims, ends, _threats(claims, rules), as_of)


def alarms(found: pl.DataFrame, days: int, filings: pl.DataFrame | None = None) -> pl.DataFrame:
    """What a person must look at within `days` days of the clocks' own day, the most urgent first.

    found     `clocks`
    filings   claim_id (Int64), file_by_date (Date): last days to file a claim in an insolvency, as they were recorded
    Output    claim_id, alarm (limitation | filing), last_date, days_left (below zero: past the cautious date, perhaps
              not yet lost), state, saved_by, rule, verified, why

    Claims that are surely expired or extinguished raise no alarm of limitation, nor does a filing date that has passed.
    Suspended ones do: nobody may have recorded that the proceedings ended.
    """
    if days < 0:
        raise DunwellError("limitation.negative_days", value=days)
    left = (pl.col("last_date") - pl.col("as_of")).dt.total_days().cast(pl.Int32)
    lines = [found.filter(pl.col("state").is_in(["running", "suspended", "doubtful"])).select(
        "claim_id", "as_of", "state", "saved_by", "rule", "verified", "why",
        alarm=pl.lit("limitation"), last_date=pl.col("cautious_date"),
    )]  # fmt: skip
    if filings is not None:
        dates = _fit(filings, "filings", {"claim_id": pl.Int64(), "file_by_date": pl.Date()})
        _whole(dates, "filings", ["claim_id", "file_by_date"])
        lines.append(
            found.join(dates, on="claim_id")
            .filter(pl.col("file_by_date") >= pl.col("as_of"))
            .select(
                "claim_id", "as_of", "state", "rule", "verified", "why",
                saved_by=pl.lit(["insolvency_filing"], pl.List(pl.String)),
                alarm=pl.lit("filing"), last_date=pl.col("file_by_date"),
            )
        )  # fmt: skip
    columns = ["claim_id", "alarm", "last_date", "days_left", "state", "saved_by", "rule", "verified", "why"]
    return (
        pl.concat([line.select(lines[0].columns) for line in lines])
        .with_columns(days_left=left)
        .filter(pl.col("days_left") <= days)
        .sort("last_date", "claim_id", "alarm")
        .select(columns)
    )


def court_dates(claims: pl.DataFrame, events: pl.DataFrame, rules: LimitationRules) -> pl.DataFrame:
    """Last days that a court's paper sets, e.g. to object to a payment order. See `CLAIMS`, `EVENTS`.

    Output   event_id, claim_id, rule, what (a word of `WHATS`), last_date (never moved from a day off), confidence,
             verified, proven (whether the event is); by event and rule
    """
    claims = _claims(claims)
    rows = [
        (d.id, d.place, d.event, d.what, d.days, d.months, d.citation.confidence, d.citation.verified)
        for d in rules.deadlines
    ]
    schema = {
        "rule": pl.String,
        "place": pl.String,
        "event_kind": pl.String,
        "what": pl.String,
        "days": pl.Int32,
        "months": pl.Int32,
        "confidence": pl.String,
        "verified": pl.Boolean,
    }
    return (
        _events(events, claims)
        .join(claims.select("claim_id", "place"), on="claim_id")
        .join(pl.DataFrame(rows, schema=schema, orient="row"), on=["place", "event_kind"])
        .with_columns(
            last_date=add_months(pl.col("event_date"), pl.col("months")) + pl.duration(days=pl.col("days")),
        )
        .sort("event_id", "rule")
        .select(
            pl.col("id").alias("event_id"), "claim_id", "rule", "what", "last_date", "confidence", "verified", "proven"
        )
    )


def _told(claims: pl.DataFrame, ends: pl.LazyFrame, threats: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Both readings of each claim in one row, in words of `CLOCKS`."""
    day = pl.lit(as_of)
    cautious = ends.filter(~pl.col("strict")).drop("strict")
    strict = ends.filter(pl.col("strict")).select(
        "claim_id",
        *(
            pl.col(name).alias(f"late_{name}")
            for name in ("rule", "counted_from", "start", "end", "grace", "pending", "hold_open", "event_id", "capped")
        ),
        *(pl.col(name).alias(f"late_{name}") for name in ("shifted", "known", *walk.NOTES)),
    )
    both = (
        claims.lazy()
        .join(cautious.drop("place"), on="claim_id", how="left")
        .join(strict, on="claim_id", how="left")
        .join(threats.lazy(), on="claim_id", how="left")
    )
    flags = ("pending", "hold_open", "capped", "late_pending", "late_hold_open", "late_capped", "late_shifted")
    both = both.with_columns(
        *(pl.col(name).fill_null(value=False) for name in flags),
        *((pl.col(n) | pl.col(f"late_{n}")).fill_null(value=False).alias(n) for n in walk.NOTES),
        latest=pl.max_horizontal("end", "late_end", "late_grace"),
        # an agreed guarantee period may end later than the three years of a demand within it
        cautious_date=pl.min_horizontal("end", "late_end"),
    ).with_columns(strict_date=pl.when(~pl.col("late_pending") & ~pl.col("late_hold_open")).then("latest"))
    past = day > pl.col("cautious_date")
    still = pl.col("pending") | (
        pl.col("hold_open") & (add_months(day, pl.col("obstacle_months")) > pl.col("base"))
    ).fill_null(value=False)
    both = both.with_columns(
        state=pl.when(pl.col("rule").is_null())
        .then(pl.lit("unknown"))
        .when(still)
        .then(pl.lit("suspended"))
        .when(~past)
        .then(pl.lit("running"))
        .when(pl.col("strict_date").is_null() | (day <= pl.col("strict_date")))
        .then(pl.lit("doubtful"))
        .when(pl.col("extinguishes"))
        .then(pl.lit("extinguished"))
        .otherwise(pl.lit("expired"))
    ).with_columns(
        time_barred=pl.col("state").is_in(["expired", "extinguished"]),
        may_be_time_barred=pl.col("state").is_in(["doubtful", "expired", "extinguished", "unknown"]),
        # in the months after a demand only the further act helps
        held=(day > pl.max_horizontal("end", "late_end")) & (day <= pl.col("strict_date")),
    )
    barred = pl.col("may_be_time_barred")
    both = both.with_columns(
        threat_rule=pl.when(barred).then("threat_rule"), threat_verified=pl.when(barred).then("threat_verified")
    ).with_columns(
        may_threaten_suit=pl.col("threat_rule").is_null() & ~(barred & pl.col("extinguishes").fill_null(value=False))
    )
    told = _why()
    return (
        both.with_columns(
            as_of=day,
            start_date=pl.col("counted_from"),
            strict_start_date=pl.col("late_counted_from"),
            last_event_id=pl.col("event_id"),
            strict_event_id=pl.col("late_event_id"),
            saved_by=pl.when(pl.col("state").is_in(["expired", "extinguished", "unknown"]))
            .then(pl.lit([], pl.List(pl.String)))
            .when("held")
            .then("last_resort")
            .otherwise("savers"),
            why=pl.concat_list(
                [pl.when(told[code]).then(pl.lit(code)) for code in WHY],
            ).list.drop_nulls(),
        )
        .sort("claim_id")
        .select(pl.col(name).cast(kind) for name, kind in CLOCKS.items())
        .collect()
    )


def _why() -> dict[str, pl.Expr]:
    """What makes each code true."""
    known = pl.col("rule").is_not_null()
    in_first = pl.col("counted_from") != pl.col("late_counted_from")
    return {
        "no_rule_at_hand": ~known,
        "rule_unverified": ~pl.col("verified"),
        "rule_older_than_claim": pl.col("due_date") < pl.col("in_force"),
        "rules_differ": pl.col("rule") != pl.col("late_rule"),
        "first_day_differs": in_first & (pl.col("event_id").is_null() & pl.col("late_event_id").is_null()),
        "last_instalment": pl.col("from_last") & pl.col("last_instalment_date").is_not_null(),
        "agreed_period": pl.col("agreed") & pl.col("agreed_until").is_not_null(),
        "agreed_ignored": ~pl.col("agreed") & pl.col("agreed_until").is_not_null() & ~pl.col("guarantee_saved"),
        "outer_limit": pl.col("capped") | pl.col("late_capped"),
        "moved_from_day_off": pl.col("late_shifted"),
        "days_off_not_known": ~pl.col("late_known"),
        **{note: pl.col(note) for note in walk.NOTES},
        "revival_not_stated": pl.col("event_after_end") & ~pl.col("after_end_stated"),
        "proceedings_pending": pl.col("pending") | pl.col("late_pending"),
        "obstacle_lasts": pl.col("hold_open") | pl.col("late_hold_open"),
        "no_suit_threat": ~pl.col("may_threaten_suit"),
    }


def _threats(claims: pl.DataFrame, rules: LimitationRules) -> pl.DataFrame:
    """claim_id, threat_rule, threat_verified: the first rule, by id, that forbids to threaten this debtor with suit."""
    found = pl.DataFrame(schema={"claim_id": pl.Int64, "threat_rule": pl.String, "threat_verified": pl.Boolean})
    debtor = pl.col("debtor_kind").fill_null(str(DebtorKind.CONSUMER))
    for rule in rules.threats:
        there = pl.lit(value=False)
        for place in rule.places:
            for named_by in ("place", "debtor_place"):
                there = there | (pl.col(named_by) == place) | pl.col(named_by).str.starts_with(f"{place}-")
        named = claims.filter(there.fill_null(value=False) & debtor.is_in(rule.debtors)).select(
            "claim_id", threat_rule=pl.lit(rule.id), threat_verified=pl.lit(rule.citation.verified)
        )
        found = pl.concat([found, named])
    return found.sort("threat_rule").unique("claim_id", keep="first", maintain_order=True)


def _claims(frame: pl.DataFrame) -> pl.DataFrame:
    claims = _fit(frame, "claims", CLAIMS).with_columns(pl.col("kind").fill_null("unknown"))
    _whole(claims, "claims", ["claim_id", "place", "due_date"])
    _once(claims, "claims", ["claim_id"])
    _known(claims, "claims", "kind", CLAIM_KINDS)
    _known(claims, "claims", "debtor_kind", [str(kind) for kind in DebtorKind])
    _within(claims, "claims", ["due_date", "arose_date", "last_instalment_date", "agreed_until"])
    for row in claims.filter(pl.col("last_instalment_date") < pl.col("due_date")).head(1).to_dicts():
        raise DunwellError("limitation.last_instalment_first", claim=row["claim_id"])
    return claims


def _events(frame: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """The events + id (their own) and proven (Boolean)."""
    events = _fit(frame, "events", EVENTS)
    _whole(events, "events", ["event_id", "claim_id", "event_kind", "event_date"])
    _once(events, "events", ["event_id"])
    _known(events, "events", "event_kind", EVENT_KINDS)
    _within(events, "events", ["event_date", "until_date"])
    for row in events.join(claims, on="claim_id", how="anti").head(1).to_dicts():
        raise DunwellError("limitation.event_of_no_claim", event=row["event_id"], claim=row["claim_id"])
    wrong = (pl.col("until_date") < pl.col("event_date")) | (
        pl.col("until_date").is_not_null() & (pl.col("event_kind") != "obstacle")
    )
    for row in events.filter(wrong).head(1).to_dicts():
        raise DunwellError("limitation.wrong_until", event=row["event_id"])
    return events.with_columns(
        id="event_id", proven=pl.col("proof").str.contains(r"[\p{L}\p{N}]").fill_null(value=False)
    )


def _fit(frame: pl.DataFrame, name: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The columns of the schema. A column of nulls fits every type."""
    for column, kind in schema.items():
        if column not in frame.columns:
            raise DunwellError("limitation.no_column", table=name, column=column)
        if frame.schema[column] not in (kind, pl.Null()):
            raise DunwellError("limitation.wrong_type", table=name, column=column, found=str(frame.schema[column]))
    return frame.select(pl.col(column).cast(kind) for column, kind in schema.items())


def _whole(frame: pl.DataFrame, name: str, columns: list[str]) -> None:
    for column in columns:
        if frame[column].null_count():
            raise DunwellError("limitation.empty", table=name, column=column)


def _once(frame: pl.DataFrame, name: str, columns: list[str]) -> None:
    twice = frame.select(columns).filter(pl.struct(columns).is_duplicated())
    for row in twice.sort(columns).head(1).rows():
        raise DunwellError("limitation.twice", table=name, value=" ".join(str(value) for value in row))


def _known(frame: pl.DataFrame, name: str, column: str, words: tuple[str, ...] | list[str]) -> None:
    strange = frame[column].drop_nulls().unique().sort()
    for word in strange.filter(~strange.is_in(list(words))).head(1):
        raise DunwellError("limitation.unknown_word", table=name, column=column, value=word, words=", ".join(words))


def _within(frame: pl.DataFrame, name: str, columns: list[str]) -> None:
    for column in columns:
        for day in frame[column].drop_nulls().filter(~frame[column].drop_nulls().is_between(*_YEARS)).head(1):
            raise DunwellError("limitation.day_out_of_reach", table=name, column=column, day=str(day))
