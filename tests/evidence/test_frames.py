"""The hash of a frame: the same for the same values, whatever machine or file they came from."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.evidence.frames import frame_hash

TEXT = (
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(['"', ",", "\n", '""'])
)
ROWS = st.lists(st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), TEXT, TEXT), max_size=6)
SCHEMA = {"a": pl.Int64, "b": pl.String, "c": pl.String}


def frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


class TestTheHashOfAFrame:
    def test_equals_the_vector_written_out_by_hand(self):
        made = pl.DataFrame({"number": ["R-1", ""], "open_minor": [123450, None]})
        # printf 'number:String,open_minor:Int64\nR-1,123450\n"",\n' | sha256sum
        assert frame_hash(made) == "955eb2ba0f74576a5260ce91e9e381df656ba49bd0166373daed07cd8faf875e"

    @given(ROWS, ROWS)
    def test_is_equal_only_for_equal_frames(self, one, other):
        assert (frame_hash(frame(one)) == frame_hash(frame(other))) == (one == other)

    @given(ROWS, st.integers(0, 6))
    def test_does_not_depend_on_chunks(self, rows, at):
        whole = frame(rows)
        assert frame_hash(pl.concat([whole[:at], whole[at:]], rechunk=False)) == frame_hash(whole)

    @given(ROWS)
    def test_survives_a_parquet_file(self, rows):
        file = io.BytesIO()
        frame(rows).write_parquet(file)
        file.seek(0)
        assert frame_hash(pl.read_parquet(file)) == frame_hash(frame(rows))

    def test_tells_null_from_empty_text(self):
        assert frame_hash(pl.DataFrame({"a": [""]})) != frame_hash(pl.DataFrame({"a": [None]}, schema={"a": pl.String}))

    def test_depends_on_types_names_and_order(self):
        made = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
        others = [made.select("b", "a"), made.rename({"a": "x"}), made.cast({"a": pl.Int32}), made.reverse(), made[:1]]
        hashes = {frame_hash(each) for each in [made, *others]}
        assert len(hashes) == 6

    def test_covers_dates_moments_and_truth(self):
        made = pl.DataFrame({"d": [date(2026, 11, 22)], "t": [datetime(2026, 11, 22, 1, 2, 3, 4, UTC)], "b": [True]})
        later = made.with_columns(pl.col("t") + pl.duration(microseconds=1))
        assert frame_hash(made) != frame_hash(later)

    @pytest.mark.parametrize("values", [[1.0], [[1]], [{"a": 1}]])
    def test_refuses_floats_and_nested_columns(self, values):
        with pytest.raises(ValueError, match="proof"):
            frame_hash(pl.DataFrame({"a": values}))
