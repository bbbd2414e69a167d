"""Messages about promises: a reminder before one falls due, thanks when it is kept. They are no steps of a ladder.

What they mean is said in docs/strategy.md. One message at most goes to a debtor in a currency on a day: whoever kept
his word is thanked first, and asked for the rest on another day; a step goes before a reminder.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from dunwell.core.terms import Note
from dunwell.documents.carried import NOTES_CARRY
from dunwell.engine.book.promises import newly_kept, promises
from dunwell.engine.contact.findings import STOPPING, of_book, of_few, uncarried
from dunwell.engine.contact.rule_findings import Said
from dunwell.engine.day import reach
from dunwell.engine.day.history import notes_sent
from dunwell.engine.day.ladder import Ladders
from dunwell.engine.day.lines import by_currency, to_person
from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import PromiseNotes, Strategy

THANKED_WITHIN_DAYS = 5
"""Thanks that come later are none: money that came before a long weekend is seen after it."""
_SETTLED_DAYS = 2
"""Nobody is reminded of what he said yesterday."""
_NO_LADDER = -1
"""Where whoever owes nothing any more stands: he is in no segment."""

NOTES: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "note": pl.String(),
    "promise_id": pl.Int64(),
    "total_minor": pl.Int64(),
    "due_date": pl.Date(),
    "channel": pl.String(),
    "contact_point_id": pl.Int64(),
    "language": pl.String(),
    "not_before_at": pl.Datetime("us", "UTC"),
}
"""At most one row per debtor and currency. `note`: `core.terms.Note`; total_minor: of a reminder what of the promise
is still to come (never more than is owed), of thanks what came; promise_id: of several that are thanked for at once the
one due first."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the notes of a day rest on. told, found: what the rules say of contacts for collection, see `findings`;
    came: `cash.effective_money`; caps: the ids of caps on contacts."""

    facts: Facts
    strategy: Strategy
    rules: Rules
    day: date
    moment: datetime
    ladders: Ladders
    told: Said
    found: pl.DataFrame
    came: pl.DataFrame
    caps: frozenset[str]


def notes_of(today: Today, lines: pl.DataFrame) -> pl.DataFrame:
    """The messages about promises that are to leave: `NOTES`. lines: as decided so far, see `reach.in_hours`."""
    settings = [today.strategy.promises, *(each.promises for each in today.strategy.segments)]
    if today.facts["promises"].is_empty() or not any(each.any for each in settings):
        return pl.DataFrame(schema=NOTES)
    reminders, thanks = _reminders(today, lines), _thanks(today, lines)
    wanted = (
        pl.concat([thanks, reminders])
        .sort("debtor_id", "currency", "is_reminder", "due_date", "promise_id")
        .unique(KEYS, keep="first", maintain_order=True)
    )
    if wanted.is_empty():
        return pl.DataFrame(schema=NOTES)
    found = [_reached(today, wanted.filter(is_reminder=note is Note.REMINDER), note) for note in Note]
    return pl.concat(found).sort(KEYS)


def thanked_first(today: Today, lines: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
    """Lines + thanked (Boolean: a message gave way to thanks).

    Who is thanked today, or was already, is asked for nothing on the same day: his message waits until tomorrow, and
    the task that stands beside it takes its place.
    """
    if today.facts["promises"].is_empty():
        return lines.with_columns(thanked=pl.lit(value=False))
    going = notes.filter(pl.col("note") == Note.THANKS).select(KEYS)
    thanked = pl.concat([going, _thanked_on(today)]).unique()
    if thanked.is_empty():
        return lines.with_columns(thanked=pl.lit(value=False))
    marked = lines.join(thanked.select(*KEYS, thanked=pl.lit(value=True)), on=KEYS, how="left")
    hit = (pl.col("action") == "message") & pl.col("thanked").fill_null(value=False)
    marked = marked.with_columns(waits=hit & (pl.col("person_minor") > 0), thanked=hit)
    changed = marked.with_columns(
        action=pl.when("thanked").then(pl.lit("none")).otherwise("action"),
        reason=pl.when("thanked").then(pl.lit("thanked_today")).otherwise("reason"),
        next_date=pl.when("thanked").then(pl.lit(in_days(today.day, 1))).otherwise("next_date"),
    )
    return to_person(changed, pl.col("waits")).drop("waits")


def _thanked_on(today: Today) -> pl.DataFrame:
    """debtor_id, currency: whose thanks left earlier on this day."""
    return notes_sent(today.facts, Note.THANKS).filter(pl.col("contact_date") == today.day).select(KEYS)


_WANTED = [
    *KEYS, "is_reminder", "promise_id", "total_minor", "due_date", "ladder",
]  # fmt: skip


def _reminders(today: Today, lines: pl.DataFrame) -> pl.DataFrame:
    """Open promises that fall due in a few days, and of which nobody was reminded yet."""
    day = today.day
    longest = max(each.promises.remind_days for each in today.strategy.segments)
    soon = today.facts["promises"].filter(pl.col("due_date").is_between(in_days(day, 1), in_days(day, longest)))
    if soon.is_empty():
        return _nothing()
    days = pl.DataFrame(
        [(place, each.segment.promises.remind_days) for place, each in enumerate(today.ladders.known)],
        schema={"ladder": pl.Int32, "remind_days": pl.Int32}, orient="row",
    )  # fmt: skip
    planned = pl.col("due_date") - pl.duration(days=pl.col("remind_days"))
    pause_over = pl.col("last_message_date") + pl.duration(days=pl.col("segment_pause")) <= day
    owed = pl.col("open_minor") - pl.col("disputed_minor") - pl.col("credit_minor")
    still = pl.col("promised_minor") - pl.col("received_minor")
    mine = Facts({**today.facts.frames, "promises": today.facts["promises"].join(soon, on=KEYS, how="semi")})
    return (
        promises(mine, today.rules, day, today.came)
        .rename({"amount_minor": "promised_minor"})
        .filter(pl.col("state") == "open")
        .join(soon, on="promise_id", how="semi")
        .join(notes_sent(today.facts, Note.REMINDER), on="promise_id", how="anti")
        .join(_thanked_on(today), on=KEYS, how="anti")
        .join(lines.filter(pl.col("action") != "message"), on=KEYS)
        .join(days, on="ladder")
        .filter(
            (pl.col("remind_days") > 0) & (planned <= day)
            & (planned >= pl.col("made_date") + pl.duration(days=_SETTLED_DAYS))
            & pause_over.fill_null(value=True)
        )
        .with_columns(total_minor=pl.min_horizontal(owed, still), is_reminder=pl.lit(value=True))
        .filter(
            (pl.col("total_minor") > 0) & (pl.col("total_minor") >= by_currency(today.strategy.minimum_minor))
        )
        .select(_WANTED)
    )  # fmt: skip


def _thanks(today: Today, lines: pl.DataFrame) -> pl.DataFrame:
    """Promises that were kept in the last days, and for which nobody was thanked yet: one row for all of a currency."""
    since = in_days(today.day, -THANKED_WITHIN_DAYS)
    kept = newly_kept(today.facts, today.rules, today.day, since, today.came)
    if kept.is_empty():
        return _nothing()
    sent = notes_sent(today.facts, Note.THANKS)
    later = kept.join(sent.select(*KEYS, sent_date="contact_date"), on=KEYS).filter(
        pl.col("sent_date") >= pl.col("kept_date")
    )
    on = [(_NO_LADDER, today.strategy.promises.thank)]
    on += [(place, each.segment.promises.thank) for place, each in enumerate(today.ladders.known)]
    thanks = pl.DataFrame(on, schema={"ladder": pl.Int32, "thank": pl.Boolean}, orient="row")
    return (
        kept.join(sent, on="promise_id", how="anti")
        .join(later, on="promise_id", how="anti")
        .join(lines.select(*KEYS, "ladder"), on=KEYS, how="left")
        .with_columns(pl.col("ladder").fill_null(_NO_LADDER))
        .join(thanks.filter("thank"), on="ladder")
        .sort("due_date", "promise_id")
        .group_by(KEYS, maintain_order=True)
        .agg(
            pl.col("promise_id", "due_date", "ladder").first(), total_minor=pl.col("received_minor").sum(),
            is_reminder=pl.lit(value=False),
        )
        .select(_WANTED)
    )  # fmt: skip


def _nothing() -> pl.DataFrame:
    kinds = {"is_reminder": pl.Boolean(), "ladder": pl.Int32()}
    return pl.DataFrame(schema={name: kinds.get(name) or NOTES[name] for name in _WANTED})


def _reached(today: Today, wanted: pl.DataFrame, note: Note) -> pl.DataFrame:
    """Those that nothing stands against, with the address and the hour at which they may leave: `NOTES`."""
    debtors = today.facts["debtors"].select("debtor_id", "language", "preferred_channel")
    wanted = wanted.join(debtors, on="debtor_id")
    if wanted.is_empty():
        return pl.DataFrame(schema=NOTES)
    told, found = _said(today, wanted, note)
    against = pl.concat([found, uncarried(told, NOTES_CARRY[note])], how="diagonal")
    everywhere = found.filter(
        pl.col("effect").is_in(STOPPING) & pl.col("channel").is_null() & pl.col("contact_point_id").is_null()
    )
    free = wanted.join(everywhere.filter(pl.col("currency").is_null()), on="debtor_id", how="anti").join(
        everywhere.drop_nulls("currency"), on=KEYS, how="anti"
    )
    ways = reach.ways_among(
        free.join(_channels(today), on="ladder").with_columns(
            # nobody chose an address for what is no step
            stage=pl.lit(0, pl.Int16),
            messages=pl.lit(0, pl.Int32),
        ),
        today.facts,
        against,
        today.strategy,
        today.caps,
        today.day,
    ).filter(~pl.col("dear") & pl.col("rule").is_null())
    addresses = ways.unique(KEYS, keep="first", maintain_order=True).select(*KEYS, "channel", "contact_point_id")
    chosen = free.join(addresses, on=KEYS).with_columns(
        action=pl.lit("message"), reason=pl.lit(""), rule=pl.lit(None, pl.String), note=pl.lit(note.value)
    )
    timed = reach.in_hours(chosen, told.hours, today.moment).filter(pl.col("action") == "message")
    return timed.select(list(NOTES)).cast(dict(NOTES))  # type: ignore[arg-type]


def _said(today: Today, wanted: pl.DataFrame, note: Note) -> tuple[Said, pl.DataFrame]:
    """What the rules say of such a message, and their findings. The promise itself, which pauses all else, is no reason
    not to be reminded of it."""
    if note is Note.REMINDER:
        respected = [rule.id for rule, _ in today.rules.in_force(today.day, "promise")]
        return today.told, today.found.filter(~pl.col("rule").is_in(respected))
    debtors = wanted["debtor_id"].unique()
    told = of_few(today.facts, today.rules.binding, today.day, today.moment, today.came, debtors, note.purpose)
    return told, of_book(told)


def _channels(today: Today) -> pl.DataFrame:
    """ladder, channel, place: by which channels messages about promises go."""
    of: list[tuple[int, PromiseNotes]] = [(_NO_LADDER, today.strategy.promises)]
    of += [(place, each.segment.promises) for place, each in enumerate(today.ladders.known)]
    rows = [
        (ladder, channel, place) for ladder, notes in of for place, channel in enumerate(notes.channels)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema={"ladder": pl.Int32, "channel": pl.String, "place": pl.Int16}, orient="row")
