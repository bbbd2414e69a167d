"""Conditions of strategies: what may be said, and how the rest is refused."""

import pytest

from dunwell.core.errors import DunwellError
from dunwell.rulebook.conditions import All, Compare, Either, Flag, Known, Not, OneOf, columns_of, read_condition


class TestACondition:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("vip", Flag("vip")),
            ("not vip", Not(Flag("vip"))),
            ("vip = false", Not(Flag("vip"))),
            ("amount >= 1000", Compare("amount", ">=", 10_000_000)),
            ("1000.5 < amount", Compare("amount", ">", 10_005_000)),
            ("amount > -0.0001", Compare("amount", ">", -1)),
            ("items <> 3", Compare("items", "!=", 3)),
            ("kind = 'consumer'", Compare("kind", "=", "consumer")),
            ("debt_kind = 'a--b'", Compare("debt_kind", "=", "a--b")),
            ("country = 'TW' and currency = 'TWD'",
             All((Compare("country", "=", "TW"), Compare("currency", "=", "TWD")))),
            ("reason in ('hardship', 'dispute')", OneOf("reason", ("hardship", "dispute"))),
            ("reason not in ('delay')", Not(OneOf("reason", ("delay",)))),
            ("days_past_due between 31 and 60",
             All((Compare("days_past_due", ">=", 31), Compare("days_past_due", "<=", 60)))),
            ("days_since_talk is null", Not(Known("days_since_talk"))),
            ("days_since_talk is not null", Known("days_since_talk")),
            ("vip and items > 1 or only_charges",
             Either((All((Flag("vip"), Compare("items", ">", 1))), Flag("only_charges")))),
        ],
    )  # fmt: skip
    def test_is_read(self, text: str, meaning: object) -> None:
        assert read_condition(text) == meaning

    def test_names_its_columns(self) -> None:
        asked = read_condition("vip and (amount > 5 or not reason in ('delay')) and days_since_talk is null")
        assert set(columns_of(asked)) == {"vip", "amount", "reason", "days_since_talk"}

    def test_suggests_the_column_that_was_meant(self) -> None:
        with pytest.raises(DunwellError) as refused:
            read_condition("days_past_duee > 5")
        assert refused.value.params["near"] == "days_past_due"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "strategy.condition_unreadable"),
            ("amount >", "strategy.condition_unreadable"),
            ("amount + 1 > 2", "strategy.condition_not_allowed"),
            ("lower(kind) = 'x'", "strategy.condition_not_allowed"),
            ("kind like 'c%'", "strategy.condition_not_allowed"),
            ("amount > (select 1)", "strategy.wants_number"),
            ("amount in (select 1)", "strategy.condition_not_allowed"),
            ("d.amount > 1", "strategy.condition_not_allowed"),
            ("vip; drop table store_debtor", "strategy.condition_not_allowed"),
            ("case when vip then true end", "strategy.condition_not_allowed"),
            ("1 = 1", "strategy.condition_not_allowed"),
            ("true", "strategy.condition_not_allowed"),
            ("zzz", "strategy.unknown_column"),
            ("amount", "strategy.no_flag"),
            ("vip > true", "strategy.flag_compared"),
            ("vip = 'yes'", "strategy.flag_compared"),
            ("kind > 'a'", "strategy.no_order"),
            ("kind = consumer", "strategy.wants_text"),
            ("kind = 'person'", "strategy.unknown_value"),
            ("items > 1.5", "strategy.wants_number"),
            ("amount > 0.00001", "strategy.wants_number"),
            ("amount > 1e400", "strategy.wants_number"),
            ("amount > 1e999999999", "strategy.wants_number"),
            ("items > 1e-999999999", "strategy.wants_number"),
            ("amount > " + "0" * 31, "strategy.wants_number"),
            ("currency = 'eur'", "strategy.no_currency"),
            ("currency in ('EUR', 'XXX')", "strategy.no_currency"),
            ("country = 'Germany'", "strategy.no_country"),
            ("country = 'de'", "strategy.no_country"),
            ("amount between 500 and 5", "strategy.between_empty"),
            ("amount between symmetric 500 and 5", "strategy.condition_not_allowed"),
            ("amount > 5 -- and vip", "strategy.condition_comment"),
            ("vip /* and amount > 5 */", "strategy.condition_comment"),
            ("amount > '5'", "strategy.wants_number"),
            ("items > items", "strategy.wants_number"),
            ("vip" + " and vip" * 400, "strategy.condition_long"),
            ("not " * 60 + "vip", "strategy.condition_deep"),
            ("(" * 600 + "vip" + ")" * 600, "strategy.condition_unreadable"),
        ],
    )
    def test_that_is_none_is_refused_in_words(self, text: str, code: str) -> None:
        with pytest.raises(DunwellError) as refused:
            read_condition(text)
        assert refused.value.code == code
