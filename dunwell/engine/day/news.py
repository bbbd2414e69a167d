"""News about a debtor: promises that were broken, payments that went back, and from which day on they act.

The rank of tasks asks who had any lately; the ladder asks for which of them a step comes at once (docs/strategy.md).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from dunwell.engine.book.promises import promises
from dunwell.engine.day import history
from dunwell.engine.day.profile import KEYS
from dunwell.engine.facts import Facts, in_days
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.strategy import PAYMENT_BOUNCED, PROMISE_BROKEN

EVENTS: dict[str, pl.DataType] = {
    "debtor_id": pl.Int64(),
    "currency": pl.String(),
    "event": pl.String(),
    "event_date": pl.Date(),
    "acts_date": pl.Date(),
}
"""News that still count. event: `promise_broken` or `payment_bounced`; event_date: the day it was there, of a promise
the day after the last on which its money counted; acts_date: that day, or the day after the last deadline that
messages before it set."""


@dataclass(frozen=True)
class News:
    """Where the news of a day are read from. facts: of the day; came: see `cash.effective_money`."""

    facts: Facts
    rules: Rules
    came: pl.DataFrame
    day: date

    @cached_property
    def promises(self) -> pl.DataFrame:
        """See `promises.promises`."""
        return promises(self.facts, self.rules, self.day, self.came)

    def broken(self, days: int) -> pl.DataFrame:
        """Whose promise was broken, wholly or in part, within the last days: debtor_id, currency."""
        late = pl.col("until_date").is_between(in_days(self.day, -days), in_days(self.day, -1))
        return self._broken().filter(late).select(KEYS).unique()

    def bounced(self, days: int) -> pl.DataFrame:
        """Whose payment went back within the last days: debtor_id, currency."""
        return self._bounced().filter(pl.col("value_date") > in_days(self.day, -days)).select(KEYS).unique()

    def events(self, kinds: Collection[str]) -> pl.DataFrame:
        """The news of these kinds for which a step may still come at once: see `EVENTS`.

        What was made good is none any more: as much money came from that day on as was missing. Nor is what a newer
        promise, made on that day or later, took the place of: he is judged by that one.
        """
        if not kinds:
            return pl.DataFrame(schema=EVENTS)
        missing = pl.col("amount_minor") - pl.col("received_minor")
        broken = self._broken().select(
            *KEYS, event=pl.lit(PROMISE_BROKEN), event_date=pl.col("until_date").dt.offset_by("1d"),
            missing_minor=missing,
        )  # fmt: skip
        bounced = self._bounced().select(
            *KEYS, event=pl.lit(PAYMENT_BOUNCED), event_date="value_date", missing_minor=-pl.col("amount_minor")
        )
        all_ = pl.concat([broken, bounced]).filter(pl.col("event").is_in(sorted(kinds)) & (pl.col("missing_minor") > 0))
        if all_.is_empty():
            return pl.DataFrame(schema=EVENTS)
        known = self._with_deadline(self._not_superseded(self._not_made_good(all_.with_row_index("place"))))
        after = pl.col("asked_until_date").dt.offset_by("1d")
        return known.select(*KEYS, "event", "event_date", acts_date=pl.max_horizontal("event_date", after)).sort(
            *KEYS, "event_date", "event"
        )

    def _broken(self) -> pl.DataFrame:
        return self.promises.filter(pl.col("state").is_in(["broken", "part_kept"]))

    def _bounced(self) -> pl.DataFrame:
        return self.facts["payments"].filter(pl.col("reverses_id").is_not_null())

    def _not_made_good(self, events: pl.DataFrame) -> pl.DataFrame:
        money = self.came.filter(pl.col("payment_id").is_not_null() & (pl.col("amount_minor") > 0))
        since = (
            events.join(money.select(*KEYS, "value_date", came_minor="amount_minor"), on=KEYS)
            .filter(pl.col("value_date") >= pl.col("event_date"))
            .group_by("place")
            .agg(pl.col("came_minor").sum())
        )
        good = pl.col("came_minor").fill_null(0) >= pl.col("missing_minor")
        return events.join(since, on="place", how="left").filter(~good)

    def _not_superseded(self, events: pl.DataFrame) -> pl.DataFrame:
        newest = (
            self.promises.filter(pl.col("state") != "withdrawn")
            .group_by(KEYS)
            .agg(newest_date=pl.col("made_date").max())
        )
        newer = (pl.col("newest_date") >= pl.col("event_date")).fill_null(value=False)
        return events.join(newest, on=KEYS, how="left").filter(~newer)

    def _with_deadline(self, events: pl.DataFrame) -> pl.DataFrame:
        """+ asked_until_date: the last day by which messages before it asked to pay."""
        asked = history.outbound(self.facts).filter(
            pl.col("stage").is_not_null() & pl.col("deadline_date").is_not_null()
        )
        before = (
            events.lazy()
            .join(asked.select(*KEYS, "contact_date", "deadline_date"), on=KEYS)
            .filter(pl.col("contact_date") < pl.col("event_date"))
            .group_by("place")
            .agg(asked_until_date=pl.col("deadline_date").max())
            .collect()
        )
        return events.join(before, on="place", how="left")
