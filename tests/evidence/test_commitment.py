"""The commitment of a journal entry: its format is final, so a vector is written out by hand."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.evidence import commitment

ENTRY = {
    "v": 1,
    "event": "promise.made",
    "at": "2026-11-22T08:30:00.000000Z",
    "creditor": "main",
    "debtor": 7,
    "actor": "user:mei",
    "key": None,
    "body": {"note": "答应付款", "due": "2026-12-01", "amount": {"minor": 123450, "currency": "EUR"}},
}
CANONICAL = (
    '{"actor":"user:mei","at":"2026-11-22T08:30:00.000000Z",'
    '"body":{"amount":{"currency":"EUR","minor":123450},"due":"2026-12-01","note":"答应付款"},'
    '"creditor":"main","debtor":7,"event":"promise.made","key":null,"v":1}'
)
SALT = bytes(range(32))
# sha256sum over: dunwell.journal.v1, the bytes 00 01 ... 1f, the line above
COMMITMENT = "332137af5bdbd10bfc91474adbae1444af2f20ee7630eeb7befe93b18bd486d4"

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CONTENT = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


class TestTheCommitment:
    def test_has_the_canonical_form_of_rfc_8785(self):
        assert commitment.canonical(ENTRY) == CANONICAL.encode()

    def test_equals_the_vector_written_out_by_hand(self):
        assert commitment.commit(SALT, CANONICAL.encode()).hex() == COMMITMENT
        assert commitment.commit(SALT, commitment.canonical(ENTRY)).hex() == COMMITMENT
        by_hand = hashlib.sha256(b"dunwell.journal.v1" + SALT + CANONICAL.encode()).hexdigest()
        assert by_hand == COMMITMENT

    def test_sorts_keys_by_utf_16_units(self):
        # RFC 8785, 3.2.3: U+1F600 is written with surrogates and comes before U+FB33.
        assert commitment.canonical({"\ufb33": 1, "\U0001f600": 2, "1": 3}) == '{"1":3,"😀":2,"\ufb33":1}'.encode()

    @given(st.dictionaries(TEXT, CONTENT, max_size=5))
    def test_does_not_depend_on_the_order_of_keys(self, content):
        turned = dict(reversed(content.items()))
        assert commitment.canonical(content) == commitment.canonical(turned)

    @given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 231))
    def test_changes_with_every_bit_of_salt_and_entry(self, salt, entry, place):
        whole = bytearray(salt + entry)
        whole[place % len(whole)] ^= 1
        assert commitment.commit(bytes(whole[:32]), bytes(whole[32:])) != commitment.commit(salt, entry)

    @pytest.mark.parametrize("body", [1.0, float("nan"), float("inf"), [1.5], {"a": {"b": [0.1]}}])
    def test_refuses_floats_anywhere(self, body):
        with pytest.raises(ValueError, match="floats"):
            commitment.canonical({"body": body})

    @pytest.mark.parametrize("number", [2**53, -(2**53), 10**20])
    def test_refuses_whole_numbers_that_other_readers_would_round(self, number):
        with pytest.raises(ValueError, match=r"(?i)int"):
            commitment.canonical({"body": number})

    @pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
    def test_refuses_text_that_is_no_unicode(self, text):
        with pytest.raises(ValueError, match=r"."):
            commitment.canonical({"body": text})

    @pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
    def test_wants_a_salt_of_32_bytes(self, salt):
        with pytest.raises(ValueError, match="32 bytes"):
            commitment.commit(salt, b"{}")

    def test_takes_a_fresh_salt_each_time(self):
        salts = {commitment.new_salt() for _ in range(100)}
        assert len(salts) == 100
        assert {len(salt) for salt in salts} == {32}
