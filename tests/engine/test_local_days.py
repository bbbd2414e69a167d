"""Days at a place that may be any of several: few rows are looked at one by one, many by columns."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.engine.contact.local_days import FEW, leaves, with_days
from dunwell.rulebook.places import candidate_zones

WORLD = " ".join(candidate_zones(None, None))
PLACES = [WORLD, "Europe/Berlin", "America/New_York America/Los_Angeles", "Pacific/Apia Pacific/Pago_Pago"]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def counted(many: int, seed: int) -> pl.DataFrame:
    """Contacts in a year, those at whose moments clocks change among them."""
    random = Random(seed)
    rows = [
        (random.choice(PLACES), NEW_YEAR + timedelta(seconds=random.randrange(365 * 86_400))) for _ in range(many - 2)
    ]
    rows += [(WORLD, datetime(2026, 3, 29, 1, tzinfo=UTC)), (WORLD, datetime(2026, 11, 1, 6, tzinfo=UTC))]
    return pl.DataFrame(rows, schema={"zones": pl.String, "counted_at": pl.Datetime("us", "UTC")}, orient="row")


class TestWhatLeavesAWindow:
    def test_leaves_it_at_the_same_moment_whether_few_or_many_are_asked(self) -> None:
        keys = ["zones", "counted_at"]
        for days in (1, 7, 30):
            rows = counted(4 * FEW, days)
            many = leaves(rows, days).sort(keys)
            few = pl.concat(leaves(each, days) for each in rows.iter_slices(FEW)).sort(keys)
            assert many.select(few.columns).equals(few)

    def test_has_left_it_once_the_day_is_over_everywhere(self) -> None:
        row = pl.DataFrame(
            {
                "zones": ["America/New_York America/Los_Angeles"],
                "counted_at": [datetime(2026, 3, 2, 4, 30, tzinfo=UTC)],
            },
            schema={"zones": pl.String, "counted_at": pl.Datetime("us", "UTC")},
        )
        # eleven at night of the first in New York, half past eight in Los Angeles
        [told] = leaves(row, 7).rows(named=True)
        assert told["until_at"] == datetime(2026, 3, 8, tzinfo=ZoneInfo("America/Los_Angeles"))
        assert told["until_date"] == date(2026, 3, 7)


class TestToday:
    def test_is_that_of_every_zone_there_is(self) -> None:
        for hour in range(0, 48, 5):
            at = NEW_YEAR + timedelta(days=86, hours=hour)
            subject = pl.DataFrame(
                {"zones": [WORLD], "at": [at]}, schema={"zones": pl.String, "at": pl.Datetime("us", "UTC")}
            )
            [told] = with_days(subject, [1, 7]).rows(named=True)
            clocks = {name: at.astimezone(ZoneInfo(name)) for name in WORLD.split(" ")}
            assert told["first_today"] == min(clock.date() for clock in clocks.values())
            assert told["last_today"] == max(clock.date() for clock in clocks.values())
            for days in (1, 7):
                began = min(
                    datetime.combine(clock.date() - timedelta(days=days - 1), datetime.min.time(), ZoneInfo(name))
                    .astimezone(UTC)
                    for name, clock in clocks.items()
                )  # fmt: skip
                assert told[f"since_{days}"] == began
