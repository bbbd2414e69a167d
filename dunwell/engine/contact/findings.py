"""What the rules say about contacting each debtor of a book: may not, and until when. Silence means: may.

Findings are asked twice with the same functions: for the day by the run, and for the moment by the sender. What each
rule asks is said in docs/contact-rules.md; described situations ask the same (`engine.contact.situation`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.documents.carried import CARRIED
from dunwell.engine.book.promises import promises
from dunwell.engine.contact.asked import ADDRESSES, CONTACT_DEBTS, CONTACTS, DEBTS, ENTRIES, SUBJECTS, Asked
from dunwell.engine.contact.rule_findings import Said, say
from dunwell.engine.facts import Facts
from dunwell.rulebook.contact_rules import CLOSING, HARD_STOPS, OF_THE_PERSON, PERMITS, Rules
from dunwell.rulebook.places import candidate_zones

FINDINGS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "channel": pl.String(),
    "contact_point_id": pl.Int64(),
    "receivable_id": pl.Int64(),
    "currency": pl.String(),
    "rule": pl.String(),
    "effect": pl.String(),
    "detail": pl.String(),
    "count": pl.Int32(),
    "until_date": pl.Date(),
    "until_at": pl.Datetime("us", "UTC"),
}
"""One row per debtor, rule that speaks, and what it speaks of; see `spoken.SPOKEN`, whose columns these are."""
_OF_THE_BOOK = {"debtor_id": "subject_id", "contact_point_id": "address_id", "receivable_id": "debt_id"}

STOPPING = ("forbidden", "presumed-violation", "advice")
"""Effects that stop what would leave by itself. A person may go past the last two, with a reason."""
_OF_PERSONS = ("complaint", *OF_THE_PERSON)
"""Entries that speak of the person himself, and so of all his accounts. Talks, hardship and other reasons stay with the
account they were agreed about."""
_PAUSING = frozenset({"complaint", "promise", *HARD_STOPS, "hardship", "talks", "other"})
_NOON = time(12)


def findings(facts: Facts, rules: Rules, day: date, came: pl.DataFrame | None = None) -> pl.DataFrame:
    """Every rule that says something today, but for hours: see `windows`. Sorted, see `FINDINGS`.

    came: `cash.effective_money` of these facts, where it is known already.
    """
    return of_book(said(facts, rules, day, _noon(facts, day), came))


def windows(facts: Facts, rules: Rules, moment: datetime, came: pl.DataFrame | None = None) -> Said:
    """What the rules say at a moment, the hours among it. The rules are those of the creditor's business day then."""
    return said(facts, rules, moment.astimezone(_zone(facts)).date(), moment, came)


def said(facts: Facts, rules: Rules, day: date, at: datetime, came: pl.DataFrame | None = None) -> Said:
    """What the rules of a day say of each debtor at a moment."""
    return say(asked_of(facts, rules, day, at, came), rules, day)


def both(facts: Facts, rules: Rules, day: date, moment: datetime, came: pl.DataFrame | None = None) -> Said:
    """For a run: what the rules say about a contact on that day, and the hours from a moment on."""
    return say(asked_of(facts, rules, day, max(moment, _noon(facts, day)), came), rules, day, hours_from=moment)


def of_few(
    facts: Facts, rules: Rules, day: date, moment: datetime, came: pl.DataFrame, debtors: pl.Series, purpose: str
) -> Said:
    """As `both`, of these debtors alone, and for another purpose."""
    asked = asked_of(_of_few(facts, debtors), rules, day, max(moment, _noon(facts, day)), came)
    subjects = asked.subjects.filter(pl.col("subject_id").is_in(debtors.implode())).with_columns(
        purpose=pl.lit(purpose)
    )
    return say(replace(asked, subjects=subjects), rules, day, hours_from=moment)


def _of_few(facts: Facts, debtors: pl.Series) -> Facts:
    """The facts of these debtors, and of whatever else belongs to the same persons."""
    mine = facts["debtors"].filter(pl.col("debtor_id").is_in(debtors.implode()))
    accounts = facts["debtors"].filter(
        pl.col("debtor_id").is_in(debtors.implode()) | pl.col("person_id").is_in(mine["person_id"].implode())
    )
    kept = dict(facts.frames)
    of_account = pl.col("debtor_id").is_in(accounts["debtor_id"].implode())
    for name in ("debtors", "contact_points", "receivables", "holds", "complaints", "registers", "promises"):
        kept[name] = kept[name].filter(of_account)
    kept["contacts"] = kept["contacts"].filter(of_account | pl.col("person_id").is_in(mine["person_id"].implode()))
    kept["contact_items"] = kept["contact_items"].join(kept["contacts"], on="contact_id", how="semi")
    return Facts(kept)


def of_book(found: Said) -> pl.DataFrame:
    """The findings in the words of the book: `FINDINGS`, but for what is said of third persons alone."""
    return (
        found.findings.filter((pl.col("address_id") > 0).fill_null(value=True))
        .rename({theirs: ours for ours, theirs in _OF_THE_BOOK.items()})
        .select(list(FINDINGS))
    )


def uncarried(told: Said, carried: Mapping[str, frozenset[str]] = CARRIED) -> pl.DataFrame:
    """debtor_id, channel, rule: by which channels our own messages do not carry all that a rule wants them to.

    carried   what they carry by channel: see `documents.carried`
    """
    rows = [
        (profile, channel, each.rule.id)
        for each in told.notes
        if each.rule.kind == "content"
        for profile, channels in each.channels.items()
        for channel in channels
        if not set(each.value["must"]) <= carried.get(channel, frozenset())
    ]
    schema = {"profile": pl.Int32, "channel": pl.String, "rule": pl.String}
    found = told.profiles.join(pl.DataFrame(rows, schema=schema, orient="row"), on="profile")
    return found.select("channel", "rule", debtor_id="subject_id")


def paused(found: pl.DataFrame) -> pl.DataFrame:
    """debtor_id, currency (null: all): of whom nothing is demanded for now, whatever the channel, because of a hold, a
    complaint or a promise. Hours and caps on contacts do not pause a claim."""
    return (
        found.filter(
            pl.col("effect").is_in(STOPPING) & pl.col("channel").is_null() & pl.col("detail").is_in(sorted(_PAUSING))
        )
        .select("debtor_id", "currency")
        .unique()
        .sort("debtor_id", "currency")
    )


def asked_of(facts: Facts, rules: Rules, day: date, at: datetime, came: pl.DataFrame | None = None) -> Asked:
    """The debtors of a book as subjects, to be asked about a contact for collection at a moment."""
    debtors = facts["debtors"]
    creditor = facts["creditor"].row(0, named=True)
    subjects = _zoned(debtors).select(
        subject_id="debtor_id", account_id="debtor_id", person_id="person_id", at=pl.lit(at), debtor="kind",
        place=pl.concat_str("country", "region", separator="-").fill_null(pl.col("country")), zones="zones",
        debt="debt_kind", collector=pl.lit(creditor["collector"]), creditor=pl.lit(creditor["kind"]),
        purpose=pl.lit("collection"), to=pl.lit("debtor"), at_place=pl.lit(None), mode=pl.lit("interactive"),
        persons=pl.lit(None),
    )  # fmt: skip
    persons = debtors.select(account_id="debtor_id", now_person="person_id")
    contacts = (
        _of_third_persons(facts, facts["contacts"], "contact_point_id")
        .rename({"debtor_id": "account_id", "contact_point_id": "address_id", "addressee": "to"})
        # who the account belongs to may have been corrected since the contact took place
        .join(persons, on="account_id", how="left")
        .with_columns(person_id=pl.coalesce("now_person", "person_id"))
    )
    named = facts["contact_items"].select("contact_id", "called", "talked", debt_id="receivable_id")
    debts = facts["receivables"].select(account_id="debtor_id", debt_id="receivable_id")
    return Asked(
        subjects=_shaped(subjects, SUBJECTS),
        # a word that no rule knows is not known, which excuses nothing
        contacts=contacts.select(list(CONTACTS)).cast(dict(CONTACTS), strict=False),  # type: ignore[arg-type]
        contact_debts=_shaped(named, CONTACT_DEBTS),
        debts=_shaped(debts, DEBTS),
        entries=_shaped(_entries(facts, rules, day, came), ENTRIES),
        days_off=_days_off(facts),
        providers={},
        addresses=_shaped(_addresses(facts), ADDRESSES),
    )


def third_persons(facts: Facts) -> dict[int, int]:
    """By address of a third person what stands for him in counts and entries: all his addresses are one, for he is
    asked as one person. Below zero, so that it is no address."""
    known = facts["contact_points"].drop_nulls("third_person_id")
    return dict(known.select("contact_point_id", -pl.col("third_person_id")).rows())


def _of_third_persons(facts: Facts, rows: pl.DataFrame, column: str, *, but: pl.Expr | None = None) -> pl.DataFrame:
    """The rows, an address of a third person being himself. but: rows that are about the address alone."""
    one = third_persons(facts)
    if not one:
        return rows
    person = pl.col(column).replace(list(one), list(one.values()))
    return rows.with_columns(person if but is None else pl.when(but).then(column).otherwise(person).alias(column))


def _addresses(facts: Facts) -> pl.DataFrame:
    """The addresses in use of whom permitted something for one of them alone."""
    permits = facts["registers"].filter(pl.col("address_id").is_not_null() & pl.col("kind").is_in(sorted(PERMITS)))
    points = facts["contact_points"].filter("usable").join(permits, on="debtor_id", how="semi")
    return points.select("channel", subject_id="debtor_id", address_id="contact_point_id")


def _shaped(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]


def _zoned(debtors: pl.DataFrame) -> pl.DataFrame:
    """Debtors with the zones they may be in, joined by a space: their own, of their addresses, of their country."""
    places = debtors.select("country", "zone").unique()
    rows = [(country, zone, " ".join(candidate_zones(country, zone))) for country, zone in places.rows()]
    schema = {"country": pl.String, "zone": pl.String, "of_place": pl.String}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return debtors.join(found, on=["country", "zone"], how="left", nulls_equal=True).with_columns(
        zones=pl.when(pl.col("zone").is_null()).then(pl.coalesce("zones", "of_place")).otherwise("of_place")
    )


def _entries(facts: Facts, rules: Rules, day: date, came: pl.DataFrame | None) -> pl.DataFrame:
    """What we were told: the registers, holds on a debtor, complaints and promises.

    A hold on one receivable takes the receivable out instead: see `claims`.
    """
    holds = facts["holds"].filter(pl.col("receivable_id").is_null()).select(
        "debtor_id", "channel", "from_date", "until_date", kind="reason"
    )  # fmt: skip
    complaints = facts["complaints"].select(
        "debtor_id", from_date="opened_date", kind=pl.lit("complaint"),
        # nobody knows beforehand when it will be answered
        until_date=pl.when(pl.col("answered_date") <= day).then(pl.col("answered_date").dt.offset_by("-1d")),
    )  # fmt: skip
    # whose number it is, is said of the number
    told_of_addresses = _of_third_persons(facts, facts["registers"], "address_id", but=pl.col("kind").is_in(CLOSING))
    parts = [holds, complaints, told_of_addresses.drop("register_id")]
    if not facts["promises"].is_empty():
        waiting = promises(facts, rules, day, came).filter(pl.col("state") == "open")
        parts.append(
            waiting.select(
                "debtor_id", "currency", from_date="made_date", until_date="due_date", kind=pl.lit("promise")
            )
        )
    absent = [pl.lit(None, kind).alias(name) for name, kind in ENTRIES.items()]
    told = pl.concat(parts, how="diagonal")
    told = told.with_columns(column for column in absent if column.meta.output_name() not in told.columns)
    accounts = facts["debtors"].select("debtor_id", "person_id")
    return (
        told.drop("person_id")
        .join(accounts, on="debtor_id")
        .with_row_index("number")
        .with_columns(
            entry_id=pl.col("number"),
            account_id=pl.when(~pl.col("kind").is_in(_OF_PERSONS)).then("debtor_id"),
        )
    )


def _days_off(facts: Facts) -> dict[str, frozenset[date]]:
    return {place: frozenset(days) for place, days in facts["days_off"].group_by("place").agg(pl.col("day_off")).rows()}


def _zone(facts: Facts) -> ZoneInfo:
    return ZoneInfo(facts["creditor"]["zone"].item())


def _noon(facts: Facts, day: date) -> datetime:
    """The middle of a business day: on most of the earth it is that day then."""
    return datetime.combine(day, _NOON, _zone(facts))
