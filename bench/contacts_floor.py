"""The floor of the contact rules: DuckDB counts, from Parquet files, what the rules in force count.

What is known before (`prepare`): which rules speak of whom, and when each window began at his place. Nobody's consent
bears on a count in this book (`contacts_book`), so none is looked at.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from bench.contacts_book import AT
from dunwell.engine.contact.counts import KINDS, NOT_HIM, UNSENT
from dunwell.engine.contact.scopes import Applied, applied, with_profiles
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.rules_file import house_rules

SHORT_DAYS = 31
"""Longer windows are counted by themselves, so that the others read no old contacts."""


TABLES = ("contacts", "asked", "debts", "contact_debts")


def prepare(folder: Path, asked: pl.DataFrame | None = None, rules: Rules | None = None) -> None:
    """Keep subjects (`asked.SUBJECTS`; None: those of the folder) with the rules that speak of them and the beginnings
    of their windows. rules: None: all of the house, here and below."""
    given = pl.read_parquet(folder / "subjects.parquet") if asked is None else asked
    # nobody is asked about an answer here, so nobody has begun
    subjects, profiles = with_profiles(given.with_columns(begun=pl.lit(None, pl.String)))
    days = sorted({each.value["days"] for each in _rules(profiles, rules) if each.value.get("days")})
    zones = subjects["zones"].unique().to_list()
    at = subjects["at"].max()
    assert isinstance(at, datetime)
    begins = pl.DataFrame({"zones": zones, **{f"since_{n}": [_begins(each, n, at) for each in zones] for n in days}})
    told = subjects.select("subject_id", "account_id", "person_id", "profile", "at", "zones", "collector").rename(
        {"at": "now", "collector": "asks"}
    )
    speaks = [each.of(told)["subject_id"].alias(each.rule.id) for each in _rules(profiles, rules)]
    told = told.with_columns(pl.col("subject_id").is_in(ids.implode()).alias(ids.name) for ids in speaks)
    told.join(begins, on="zones").drop("zones", "profile").write_parquet(folder / "asked.parquet")
    pl.DataFrame(profiles).write_parquet(folder / "profiles.parquet")


def _begins(zones: str, days: int, at: datetime) -> datetime:
    """The earliest midnight of the day so many days ago, today included."""
    clocks = [at.astimezone(ZoneInfo(zone)) for zone in zones.split(" ")]
    midnights = (clock.replace(hour=0, minute=0, second=0) - timedelta(days=days - 1) for clock in clocks)
    return min(midnight.astimezone(at.tzinfo) for midnight in midnights)


def _rules(profiles: list[dict[str, str | None]], rules: Rules | None) -> list[Applied]:
    by_kind = applied(rules or house_rules(), AT.date(), profiles, {})
    return [each for kind in KINDS for each in by_kind.get(kind, ()) if each.value.get("most") != 0]


def count(folder: Path) -> None:
    """Count, and keep the groups that any rule finds full."""
    with duckdb.connect() as connection:
        for name in TABLES:
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder / f'{name}.parquet'}'")
        count_in(connection, folder)


def count_in(connection: duckdb.DuckDBPyConnection, folder: Path, rules: Rules | None = None) -> None:
    """The same where the `TABLES` are known to a connection. `folder`: what `prepare` kept, and the counts."""
    for name, sql in _queries(folder, rules).items():
        connection.execute(f"COPY ({sql}) TO '{folder / f'counts-{name}.parquet'}' (FORMAT parquet)")


def counts(folder: Path, rules: Rules | None = None) -> pl.DataFrame:
    """subject_id, rule, debt_id, address_id, count: those that are full."""
    parts = []
    fullness = pl.DataFrame(
        [(each.rule.id, _most(each)) for each in _rules(_profiles(folder), rules)],
        schema=["rule", "most"],
        orient="row",
    )
    for name in _queries(folder, rules):
        rows = pl.read_parquet(folder / f"counts-{name}.parquet")
        keys = [key for key in ("subject_id", "debt_id", "address_id") if key in rows.columns]
        parts.append(rows.unpivot(index=keys, variable_name="rule", value_name="count").cast({"count": pl.Int64}))
    found = pl.concat([*parts, pl.DataFrame(schema={"address_id": pl.Int64, "debt_id": pl.Int64})], how="diagonal")
    return found.join(fullness, on="rule").filter(pl.col("count") >= pl.col("most"))


def _profiles(folder: Path) -> list[dict[str, str | None]]:
    return pl.read_parquet(folder / "profiles.parquet").to_dicts()


def _queries(folder: Path, rules: Rules | None) -> dict[str, str]:
    """One query for each thing that is counted by, and for long windows and those after a first contact one each."""
    groups: dict[str, list[Applied]] = {}
    for each in _rules(_profiles(folder), rules):
        value = each.value
        kind = "person" if value.get("per", "person") == "account" else value.get("per", "person")
        if value.get("after_first"):
            kind += "-after"
        elif (value.get("days") or 0) > SHORT_DAYS or not (value.get("days") or value.get("minutes")):
            kind += "-long"
        groups.setdefault(kind, []).append(each)
    return {name: _query(name, some) for name, some in groups.items()}


def _query(name: str, rules: list[Applied]) -> str:
    kind = name.partition("-")[0]
    key = {"person": "", "address": ", address_id", "debt": ", debt_id"}[kind]
    sums = [f'{_sum(each, kind)} AS "{each.rule.id}"' for each in rules]
    # ours is one row for each that any rule finds full
    full = " OR ".join(f'"{each.rule.id}" >= {_most(each)}' for each in rules)
    source = _by_debt(rules) if kind == "debt" else _rows(name, rules)
    return f"SELECT subject_id{key}, {', '.join(sums)} FROM ({source}) GROUP BY subject_id{key} HAVING {full}"


def _sum(each: Applied, kind: str) -> str:
    counted = f'"{each.rule.id}"'
    if each.rule.kind == "intensity":
        weights = each.value["weights"]
        whens = " ".join(f"WHEN '{name}' THEN {weight}" for name, weight in weights.items() if name != "reached")
        talk = f"CASE WHEN outcome = 'reached' THEN {weights['reached']} ELSE 0 END"
        return f"sum(CASE channel {whens} END + {talk}) FILTER ({counted})"
    about = f" AND {'talked' if each.rule.kind == 'wait' else 'called'}" if kind == "debt" else ""
    return f"count(*) FILTER ({counted}{about})"


def _most(each: Applied) -> int:
    if each.rule.kind == "intensity":
        return int(each.value["most"] - max(each.value["weights"][channel] for channel in each.rule.channels) + 1)
    return 1 if each.rule.kind == "wait" else int(each.value["most"])


def _condition(each: Applied) -> str:
    """Which contacts a rule counts."""
    value = each.value
    said = []
    if each.rule.kind == "intensity":
        said += ["direction = 'out'", f"outcome NOT IN ({_listed(UNSENT)})"]
    else:
        said += [
            f"channel IN ({_listed(each.rule.channels)})",
            f"outcome IN ({_listed(value['after' if each.rule.kind == 'wait' else 'outcomes'])})",
        ]
        said += [] if value["direction"] == "any" else [f"direction = '{value['direction']}'"]
        words = {name: each.rule.scope.lists.get(name) for name in ("purpose", "to", "mode")}
        said += [f'("{name}" IS NULL OR "{name}" IN ({_listed(some)}))' for name, some in words.items() if some]
        said += ["(collector IS NULL OR asks IS NULL OR collector = asks)"] if value["by"] == "collector" else []
        said += ["own"] if value["per"] == "account" else []
    if value.get("days"):
        said.append(f'"at" >= since_{value["days"]}')
    elif value.get("minutes"):
        said.append(f'"at" >= now - INTERVAL {value["minutes"]} MINUTE')
    return " AND ".join([f'"{each.rule.id}"', *said])


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _rows(name: str, rules: Sequence[Applied]) -> str:
    """Contacts beside the subjects they count for, that any rule counts: a column for each rule says which."""
    after = f"""JOIN (SELECT account_id, min("at") AS begun_at FROM contacts
        WHERE outcome = 'reached' AND ("to" IS NULL OR "to" NOT IN ({_listed(NOT_HIM)})) GROUP BY account_id) first
        ON first.account_id = c.account_id AND c."at" > begun_at""" if name.endswith("after") else ""  # fmt: skip
    recent = "" if name.endswith("long") else """WHERE c."at" >= (SELECT min(since_30) FROM asked)"""
    counted = ", ".join(f'{_condition(each)} AS "{each.rule.id}"' for each in rules)
    any_rule = " OR ".join(f'"{each.rule.id}"' for each in rules)
    return f"""SELECT * FROM (SELECT contact_id, subject_id, address_id, channel, outcome, {counted} FROM (
        SELECT c.contact_id, c."at", c.channel, c.direction, c.outcome, c.purpose, c."to", c.mode,
               c.address_id, c.collector,
               s.* EXCLUDE (account_id), c.account_id IS NULL OR c.account_id = s.account_id AS own
        FROM contacts c JOIN asked s ON s.person_id = c.person_id {after}
        {recent})) WHERE {any_rule}"""


def _by_debt(rules: Sequence[Applied]) -> str:
    """The same by debt; a contact that names none counts for each debt of the person."""
    debts = """SELECT DISTINCT s.subject_id, d.debt_id FROM asked s
        JOIN asked other ON other.person_id = s.person_id
        JOIN debts d ON d.account_id = other.account_id"""
    return f"""WITH seen AS MATERIALIZED ({_rows("debt", rules)}),
        mine AS MATERIALIZED ({debts} WHERE s.subject_id IN (SELECT subject_id FROM seen)),
        pairs AS MATERIALIZED (SELECT * FROM contact_debts
            WHERE contact_id IN (SELECT contact_id FROM seen))
        SELECT seen.*, pairs.debt_id, called, talked FROM seen JOIN pairs USING (contact_id)
            JOIN mine ON mine.subject_id = seen.subject_id AND mine.debt_id = pairs.debt_id
        UNION ALL
        SELECT seen.*, mine.debt_id, true, true FROM seen ANTI JOIN pairs USING (contact_id)
            JOIN mine ON mine.subject_id = seen.subject_id"""
