"""Open items of the book, and the guarantees for them, as claims of the limitation clock with all that was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from dunwell.core.terms import DebtorKind, PaymentSource, ReceivableKind, ReceivableStatus, Stage
from dunwell.engine.book import cash
from dunwell.engine.book.claims import open_items
from dunwell.engine.facts import Facts
from dunwell.engine.limitation.clock import CALENDAR, CLAIMS, EVENTS, clocks
from dunwell.rulebook.calendars import table
from dunwell.rulebook.instalments import invoice_of
from dunwell.rulebook.limitation_rules import PROCEEDINGS, LimitationRules

_INT, _DATE, _TEXT = pl.Int64(), pl.Date(), pl.String()

RECORDS: dict[str, dict[str, pl.DataType]] = {
    "limitation_claims": {
        "limitation_claim_id": _INT,
        "receivable_id": _INT,
        "kind": _TEXT,
        "place": _TEXT,
        "arose_date": _DATE,
        "last_instalment_date": _DATE,
        "perform_by_date": _DATE,
    },
    "limitation_events": {
        "limitation_event_id": _INT,
        "receivable_id": _INT,
        "guarantee_id": _INT,
        "contact_id": _INT,
        "event_kind": _TEXT,
        "event_date": _DATE,
        "until_date": _DATE,
        "proof": _TEXT,
        "proof_sha256": _TEXT,
        "withdrawn_date": _DATE,
    },
    "guarantees": {
        "guarantee_id": _INT,
        "receivable_id": _INT,
        "guarantor_id": _INT,
        "kind": _TEXT,
        "agreed_until_date": _DATE,
        "withdrawn_date": _DATE,
    },
    "insolvency_filings": {
        "insolvency_filing_id": _INT,
        "debtor_id": _INT,
        "file_by_date": _DATE,
        "filed_date": _DATE,
        "withdrawn_date": _DATE,
    },
    "contracts": {"contract_id": _INT, "law": _TEXT},
    "contract_items": {"receivable_id": _INT, "contract_id": _INT},
}
"""What the clocks must know beside the facts of a run, as `store.reads.limitation.frames` reads it.

An event is one of a receivable, of a guarantee, or the arrival of a contact, which then names its items."""

JUDGMENTS = ("judgment", "judgment_interest")
"""Kinds of claims that count from the last day to perform, not from the due date of the item."""

_AHEAD_YEARS = 4
"""A period that ends later than this is not looked up in the calendar: nothing is urgent about it yet."""


@dataclass(frozen=True, slots=True)
class StoredClaims:
    """The tables that `limitation` asks for.

    claims    `CLAIMS` + receivable_id, guarantee_id (null: the claim itself). claim_id is the receivable's id, of a
              guarantee its own id below zero
    events    `EVENTS` + source (payment | contact | promise | event: a record) and source_id, the row it comes from;
              numbered by claim, day, kind and proof
    filings   claim_id, file_by_date: where the debtor, or the guarantor, is insolvent and nothing was filed by then
    """

    claims: pl.DataFrame
    events: pl.DataFrame
    filings: pl.DataFrame


def stored_claims(facts: Facts, records: Mapping[str, pl.DataFrame], day: date, place: str) -> StoredClaims:
    """Every open item that stands alone, and every guarantee for one, by facts and records (`RECORDS`) as of `day`.

    place    whose law a claim falls under where neither its record nor its contract says. If that is US, and for a
             consumer in the United States, it is his state instead (US where that is not known)

    Events: what people recorded; payments of bank lines (proven by their number); demands that left, on the day that
    their arrival was proven, else unproven on the day they left; promises (not proven). A suit against the debtor is
    for each guarantee the `suit_against_debtor`, and so is its end, unless the guarantor himself is before a court.
    A charge has no clock of its own, and what is paid, written off or withdrawn has none.
    """
    items = open_items(facts, day).filter(pl.col("kind") != ReceivableKind.CHARGE)
    kinds = _debtors(facts)
    items = _with_last_instalment(items, facts["receivables"])
    told = _told(items.join(kinds, on="debtor_id", how="left"), records, place)
    standing = {name: frame.filter(pl.col("withdrawn_date").is_null()) for name, frame in records.items()
                if "withdrawn_date" in frame.columns}  # fmt: skip
    guarantees = standing["guarantees"].join(told.drop("kind", "debtor_kind", "debtor_place"), on="receivable_id").join(
        kinds.rename({"debtor_id": "guarantor_id"}), on="guarantor_id", how="left"
    )  # fmt: skip
    claims = pl.concat([_own(told), _of_guarantees(guarantees)])
    # a file that proves it is a proof without further words
    proof = pl.when(pl.col("proof") == "").then("proof_sha256").otherwise("proof")
    proven = standing["limitation_events"].with_columns(proof=proof).drop("proof_sha256")
    found = pl.concat([_recorded(proven, claims), _known(facts, told, proven)])
    known = claims.select("claim_id", "due_date", "kind")
    # what led to a judgment moves no clock of it, nor does a payment or demand before the claim fell due
    late = pl.col("event_date") > pl.col("due_date")
    judged = pl.col("kind").is_in(JUDGMENTS).fill_null(value=False)
    events = (
        found.join(known, on="claim_id")
        .filter(late | (pl.col("recorded") & ~judged))
        .sort("claim_id", "event_date", "event_kind", "proof", "source", "source_id")
        .with_row_index("event_id")
        .select(pl.col("event_id").cast(pl.Int64), *(name for name in found.columns if name != "recorded"))
        .select(*EVENTS, "source", "source_id")
    )
    return StoredClaims(claims, events, _filings(told, guarantees, standing["insolvency_filings"], day))


def stored_clocks(stored: StoredClaims, day: date, rules: LimitationRules) -> pl.DataFrame:
    """`limitation.clocks` of stored claims, with receivable_id and guarantee_id beside."""
    found = clocks(stored.claims, stored.events, rules, calendar_of(stored.claims, day), day)
    return found.join(
        stored.claims.select("claim_id", "receivable_id", "guarantee_id"), on="claim_id", maintain_order="left"
    )


def calendar_of(claims: pl.DataFrame, day: date) -> pl.DataFrame:
    """Working days around the ends that matter; only the law of mainland China moves an end off them."""
    if "CN" not in claims["place"]:
        return pl.DataFrame(schema=CALENDAR)
    days = table("CN", day - timedelta(days=3660), day + timedelta(days=366 * _AHEAD_YEARS))
    return days.select(list(CALENDAR)).cast(CALENDAR)  # type: ignore[arg-type]


def _debtors(facts: Facts) -> pl.DataFrame:
    """debtor_id, debtor_kind, debtor_place: country, or country and part."""
    part = pl.col("country") + pl.lit("-") + pl.col("region")
    return facts["debtors"].select("debtor_id", debtor_kind="kind", debtor_place=pl.coalesce(part, "country"))


def _law(place: str) -> pl.Expr:
    """Whose law a claim falls under. The United States have none in common: it is that of the debtor's state there."""
    there = pl.col("debtor_place")
    american = (there == "US") | there.str.starts_with("US-")
    # he is sued where he lives
    consumer = pl.col("debtor_kind") == str(DebtorKind.CONSUMER)
    at_home = pl.when(american & (consumer | pl.lit(place == "US"))).then(there)
    return pl.coalesce("place", "law", at_home, pl.lit(place))


def _with_last_instalment(items: pl.DataFrame, receivables: pl.DataFrame) -> pl.DataFrame:
    """+ last_known_date: of an instalment the day on which the last one of its invoice falls due, paid ones too."""
    is_part = pl.col("kind") == ReceivableKind.INSTALMENT
    if items.filter(is_part).is_empty():
        return items.with_columns(last_known_date=pl.lit(None, pl.Date))
    group = ["debtor_id", "currency", "invoice"]
    invoice = pl.when(is_part).then(invoice_of(pl.col("number")))
    parts = receivables.filter(is_part & (pl.col("status") != ReceivableStatus.CANCELLED))
    last = parts.with_columns(invoice=invoice).group_by(group).agg(last_known_date=pl.col("due_date").max())
    return items.with_columns(invoice=invoice).join(last, on=group, how="left", maintain_order="left").drop("invoice")


def _told(items: pl.DataFrame, records: Mapping[str, pl.DataFrame], place: str) -> pl.DataFrame:
    """receivable_id, debtor_id, currency, debtor_kind, debtor_place, item_due_date, and what was told of each item."""
    laws = records["contract_items"].join(records["contracts"], on="contract_id").select("receivable_id", "law")
    last = pl.coalesce("last_instalment_date", "last_known_date")
    return (
        items.select(
            "receivable_id",
            "debtor_id",
            "currency",
            "debtor_kind",
            "debtor_place",
            "last_known_date",
            item_due_date="due_date",
        )
        .join(records["limitation_claims"].drop("limitation_claim_id"), on="receivable_id", how="left")
        .join(laws, on="receivable_id", how="left")
        .with_columns(
            place=_law(place),
            due_date=pl.coalesce("perform_by_date", "item_due_date"),
        )
        # the ledger may have moved the due date behind what was told before
        .with_columns(last_instalment_date=pl.when(last >= pl.col("due_date")).then(last))
        .drop("law", "last_known_date")
    )


def _own(told: pl.DataFrame) -> pl.DataFrame:
    return told.select(
        pl.col("receivable_id").alias("claim_id"), "place", "kind", "debtor_kind", "debtor_place", "due_date",
        "arose_date", "last_instalment_date", pl.lit(None, pl.Date).alias("agreed_until"), "receivable_id",
        pl.lit(None, pl.Int64).alias("guarantee_id"),
    )  # fmt: skip


def _of_guarantees(guarantees: pl.DataFrame) -> pl.DataFrame:
    """A guarantee counts from the day the principal debt was due, also when there is a judgment about that by now."""
    unstated = pl.col("kind") == "unstated"
    return guarantees.select(
        claim_id=-pl.col("guarantee_id"), place="place",
        kind=pl.when(unstated).then(pl.lit("guarantee")).otherwise(pl.lit("guarantee_") + pl.col("kind")),
        debtor_kind="debtor_kind", debtor_place="debtor_place", due_date="item_due_date",
        arose_date="arose_date",
        last_instalment_date=pl.when(pl.col("perform_by_date").is_null()).then("last_instalment_date"),
        agreed_until="agreed_until_date", receivable_id="receivable_id", guarantee_id="guarantee_id",
    ).select(*CLAIMS, "receivable_id", "guarantee_id")  # fmt: skip


def _recorded(events: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """What people recorded of claims and guarantees, the end of proceedings as an event of its own."""
    told = events.filter(pl.col("contact_id").is_null()).with_columns(
        claim_id=pl.coalesce("receivable_id", -pl.col("guarantee_id")), source_id="limitation_event_id"
    )
    brought = pl.col("event_kind").is_in(PROCEEDINGS)
    ends = told.filter(brought & pl.col("until_date").is_not_null()).with_columns(
        event_kind=pl.lit("proceedings_ended"), event_date="until_date", until_date=pl.lit(None, pl.Date)
    )
    begun = told.with_columns(until_date=pl.when(~brought).then("until_date"))
    every = pl.concat([begun, ends])
    return _shaped(pl.concat([every, _carried(every, claims)]), "event", recorded=True)


def _carried(events: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Suits against the debtor, and their ends, as events of the guarantees for his debt."""
    guarantees = claims.filter(pl.col("guarantee_id").is_not_null())
    before_court = events.filter(pl.col("event_kind").is_in(PROCEEDINGS)).select("claim_id").unique()
    carried = events.filter(pl.col("receivable_id").is_not_null()).drop("claim_id", "guarantee_id").join(
        guarantees.select("receivable_id", "claim_id", "guarantee_id"), on="receivable_id"
    )  # fmt: skip
    suits = carried.filter(pl.col("event_kind") == "suit").with_columns(event_kind=pl.lit("suit_against_debtor"))
    first = suits.group_by("claim_id").agg(sued_date=pl.col("event_date").min())
    ends = (
        carried.filter(pl.col("event_kind") == "proceedings_ended")
        .join(first, on="claim_id")
        .filter(pl.col("event_date") >= pl.col("sued_date"))
        .join(before_court, on="claim_id", how="anti")
    )
    return pl.concat([suits, ends.select(suits.columns)]).select(events.columns)


def _known(facts: Facts, told: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """What the book knows by itself."""
    paid = cash.apply_cash(facts).paid.filter(
        (pl.col("source_kind") == PaymentSource.BANK) & pl.col("payment_id").is_not_null()
    )
    payments = paid.join(facts["payments"].select("payment_id", "value_date", "number"), on="payment_id").select(
        claim_id="receivable_id", event_kind=pl.lit("part_payment"), event_date="value_date",
        until_date=pl.lit(None, pl.Date), proof="number", source_id="payment_id",
    )  # fmt: skip
    sent = facts["contacts"].filter(
        (pl.col("direction") == "out") & (pl.col("outcome") == "sent") & (pl.col("stage") >= Stage.REMINDER)
    )
    arrived = events.filter(pl.col("contact_id").is_not_null())
    named = facts["contact_items"].select("contact_id", "receivable_id")
    demands = named.join(sent, on="contact_id").join(arrived, on="contact_id", how="anti").select(
        claim_id="receivable_id", event_kind=pl.lit("demand"), event_date="contact_date",
        until_date=pl.lit(None, pl.Date), proof=pl.lit(None, pl.String), source_id="contact_id",
    )  # fmt: skip
    happened = named.join(facts["contacts"], on="contact_id", how="semi")
    arrivals = happened.join(arrived.drop("receivable_id"), on="contact_id").select(
        "event_kind", "event_date", "until_date", "proof", claim_id="receivable_id", source_id="limitation_event_id",
    )  # fmt: skip
    promised = facts["promises"].join(
        told.select("debtor_id", "currency", "receivable_id"), on=["debtor_id", "currency"]
    )
    promises = promised.select(
        claim_id="receivable_id", event_kind=pl.lit("promise"), event_date="made_date",
        until_date=pl.lit(None, pl.Date), proof=pl.lit(None, pl.String), source_id="promise_id",
    )  # fmt: skip
    return pl.concat(
        [
            _shaped(payments, "payment", recorded=False),
            _shaped(demands, "contact", recorded=False),
            _shaped(arrivals, "event", recorded=False),
            _shaped(promises, "promise", recorded=False),
        ]
    )


def _shaped(events: pl.DataFrame, source: str, *, recorded: bool) -> pl.DataFrame:
    return events.select(
        "claim_id", "event_kind", "event_date", "until_date", "proof", pl.lit(source).alias("source"), "source_id",
        pl.lit(recorded).alias("recorded"),
    )  # fmt: skip


def _filings(told: pl.DataFrame, guarantees: pl.DataFrame, filings: pl.DataFrame, day: date) -> pl.DataFrame:
    """The insolvency of the debtor concerns his items, that of a guarantor who is a debtor here his guarantees."""
    waiting = filings.filter(pl.col("filed_date").is_null() | (pl.col("filed_date") > day))
    owed = told.select("debtor_id", claim_id="receivable_id")
    given = guarantees.select(debtor_id="guarantor_id", claim_id=-pl.col("guarantee_id"))
    return pl.concat([owed, given]).join(waiting, on="debtor_id").select("claim_id", "file_by_date").sort("claim_id")
