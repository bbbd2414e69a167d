"""A seeded book of any size as frames of facts: ten invoices per debtor, 0.7 payments per invoice, one contact each."""

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl

from dunwell.engine.facts import SCHEMAS, Facts, empty

DAY = date(2026, 3, 2)
_COUNTRIES = ["DE", "DE", "FR", "US", "GB", "CN", "TW", "HK", "IN", "JP"]
_CURRENCIES = {"DE": "EUR", "FR": "EUR", "US": "USD", "GB": "GBP", "CN": "CNY", "TW": "TWD", "HK": "HKD", "JP": "JPY"}


def facts(invoices: int, seed: int = 1) -> Facts:
    """Facts with so many invoices."""
    picked = random.Random(seed)
    count = invoices // 10
    debtor = pl.int_range(1, count + 1, eager=True)
    country = pl.Series(picked.choices(_COUNTRIES, k=count))
    debtors = pl.DataFrame({"debtor_id": debtor, "country": country}).with_columns(
        number=pl.concat_str(pl.lit("D"), "debtor_id"),
        person_id=pl.col("debtor_id"),
        # every third owes as a consumer: of him more rules are asked
        kind=pl.when(pl.col("debtor_id") % 3 == 0).then(pl.lit("consumer")).otherwise(pl.lit("business")),
        zone=pl.lit(None, pl.String),
        language=pl.when(pl.col("country") == "CN").then(pl.lit("zh-Hans")).otherwise(pl.lit("en")),
        preferred_channel=pl.lit(None, pl.String),
    )
    points = pl.concat(
        [
            debtors.select(
                "debtor_id",
                contact_point_id=pl.col("debtor_id") * 2 + place,
                channel=pl.lit(channel),
                rank=pl.lit(0),
                usable=pl.lit(value=True),
            )
            for place, channel in enumerate(("email", "letter"))
        ]
    )
    key = pl.int_range(1, count * 10 + 1, eager=True)
    owner = (key - 1) // 10 + 1
    due = pl.Series([DAY + timedelta(days=picked.randint(-200, 30)) for _ in range(len(key))])
    amount = pl.Series([picked.randint(1_000, 2_000_000) for _ in range(len(key))])
    currency = country.replace_strict(_CURRENCIES, default="USD")
    receivables = pl.DataFrame({"receivable_id": key, "debtor_id": owner, "due_date": due, "amount_minor": amount})
    receivables = receivables.join(
        pl.DataFrame({"debtor_id": debtor, "currency": currency}), on="debtor_id", maintain_order="left"
    ).with_columns(
        number=pl.concat_str(pl.lit("R"), "receivable_id"),
        kind=pl.lit("invoice"),
        parent_id=pl.lit(None, pl.Int64),
        issue_date=pl.col("due_date").dt.offset_by("-30d"),
        status=pl.lit("open"),
        open_as_of_date=pl.lit(None, pl.Date),
        charge_kind=pl.lit(None, pl.String),
        charge_basis=pl.lit(None, pl.String),
        secured=pl.lit(None, pl.Int64),
    )
    share = pl.Series([picked.choice([0, 0, 0, 30, 60, 100, 100, 100, 100, 100]) for _ in range(len(key))])
    paid = receivables.filter(share > 0)
    payments = paid.select(
        "debtor_id",
        "receivable_id",
        "currency",
        payment_id=pl.int_range(1, pl.len() + 1),
        number=pl.concat_str(pl.lit("P"), "receivable_id"),
        reverses_id=pl.lit(None, pl.Int64),
        value_date=pl.min_horizontal(pl.col("due_date").dt.offset_by("6d"), pl.lit(DAY)),
        amount_minor=pl.col("amount_minor") * share.filter(share > 0) // 100,
        source_kind=pl.lit("bank"),
        designation=pl.lit(None, pl.String),
    )
    contacts = debtors.select(
        "debtor_id",
        "person_id",
        contact_id="debtor_id",
        at=pl.lit(datetime(2026, 2, 10, 10, tzinfo=UTC)),
        contact_date=pl.lit(date(2026, 2, 10)),
        channel=pl.lit("email"),
        direction=pl.lit("out"),
        stage=pl.lit(20),
        currency=currency,
        deadline_date=pl.lit(None, pl.Date),
        outcome=pl.lit("sent"),
    )
    items = receivables.filter(pl.col("due_date") < date(2026, 2, 7)).select(
        "receivable_id", contact_id="debtor_id", stage=pl.lit(20)
    )
    made = {
        "creditor": pl.DataFrame(
            {"code": ["bench"], "zone": ["Europe/Berlin"], "country": ["DE"], "collector": ["own"]}
        ),
        "debtors": debtors,
        "contact_points": points,
        "receivables": receivables,
        "payments": payments,
        "contacts": contacts,
        "contact_items": items,
    }
    return Facts(
        {
            name: pl.concat(
                [empty(name), made[name].cast({k: v for k, v in schema.items() if k in made[name].columns})],  # type: ignore[arg-type]
                how="diagonal",
            )
            if name in made
            else empty(name)
            for name, schema in SCHEMAS.items()
        }
    )
