"""Which time zones an address may lie in, and which part of its country a name means."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.intake.time_zones import zones_of
from dunwell.rulebook.places import part_of, zones_by_country, zones_of_part
from dunwell.store.point_zones import by_debtor

COLUMNS = ("channel", "value", "country", "region")


def zone(channel, value, country=None, region=None):
    row = pl.DataFrame([(channel, value, country, region)], schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return zones_of(row).item()


class TestANumber:
    @pytest.mark.parametrize(
        ("value", "country", "expected"),
        [
            ("+1 212 555 0100", None, "America/New_York"),
            ("(212) 555-0100", "US", "America/New_York"),
            ("1-415-555-0100", "US", "America/Los_Angeles"),
            ("0061 2 9999 9999", "DE", "Australia/Sydney"),
            ("+49 (0)89 123456", "US", "Europe/Berlin"),
            ("+86 138 0013 8000", "CN", "Asia/Shanghai"),
            # a free call number lies anywhere where the code is dialled
            ("+1 800 555 0100", "US", None),
            ("212 555 0100", None, None),
            ("call me", "US", None),
            ("", "US", None),
        ],
    )
    def test_lies_where_its_prefix_does(self, value, country, expected):
        assert zone("phone", value, country) == expected

    @given(st.text(max_size=40), st.sampled_from(["US", "DE", "CN", "XK", None]))
    def test_may_be_anything(self, value, country):
        told = zone("phone", value, country)
        known = {each for zones in zones_by_country().values() for each in zones}
        assert told is None or set(told.split(" ")) & known


class TestAPart:
    @pytest.mark.parametrize(
        ("country", "told", "part"),
        [
            ("US", "MA", "MA"), ("US", "us-ma", "MA"), ("US", "Massachusetts", "MA"), ("CA", "Québec", "QC"),
            ("CA", " Ontario ", "ON"), ("GB", "England", "EAW"), ("GB", "Wales", "EAW"), ("GB", "Scotland", "SCT"),
            ("DE", "Bayern", "BY"), ("CN", "广东", None), ("US", "Ontario", None), (None, "MA", None),
            ("US", None, None),
        ],
    )  # fmt: skip
    def test_is_known_by_code_and_by_name(self, country, told, part):
        assert part_of(country, told) == part

    def test_has_zones_of_its_country_alone(self):
        for country in ("US", "CA", "AU"):
            for one in ("MA", "TX", "ON", "QC", "NSW", "WA"):
                assert set(zones_of_part(country, one)) <= set(zones_by_country()[country])
        assert zones_of_part("US", "TX") == ("America/Chicago", "America/Denver")
        assert zones_of_part("DE", "BY") == ()

    def test_tells_the_zone_of_a_letter(self):
        assert zone("letter", "", "US", "New York") == "America/New_York"
        assert zone("letter", "", "US", "nowhere") is None


class TestADebtor:
    def told(self, country, region, *zones):
        schema = {"debtor_id": pl.Int64, "country": pl.String, "region": pl.String, "zones": pl.String}
        debtors = pl.DataFrame([(1, country, region, None)], schema=schema, orient="row")
        columns = {"debtor_id": pl.Int64, "zones": pl.String}
        points = pl.DataFrame([(1, each) for each in zones], schema=columns, orient="row")
        return by_debtor(debtors, points)["zones"].item()

    def test_may_be_wherever_his_addresses_lie(self):
        assert (
            self.told("US", None, "America/New_York", "America/Los_Angeles") == "America/Los_Angeles America/New_York"
        )

    def test_may_be_at_home_beside_a_number_from_abroad(self):
        assert self.told("CN", None, "America/New_York") == "America/New_York Asia/Shanghai"

    def test_is_in_the_part_of_his_country_where_no_address_tells(self):
        assert self.told("US", "MA", None) == "America/New_York"
        assert self.told("US", None) is None
