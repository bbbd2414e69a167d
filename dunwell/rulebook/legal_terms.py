"""What the law says of due dates: the term where none was agreed, and the longest that may be agreed.

A rule whose official wording does not stand beside it (`citation.verified` is false) is shown with its confidence and
never raises a debtor's sum by itself: whoever computes a claim keeps `agreed_due_date` where the basis is `cut`, unless
a person confirmed the rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import polars as pl
import yaml

from dunwell.core.errors import DunwellError
from dunwell.core.terms import LANGUAGES
from dunwell.rulebook.citation import Citation, read_citation
from dunwell.rulebook.creditor_kinds import KINDS
from dunwell.rulebook.due_dates import due_dates
from dunwell.rulebook.payment_terms import BaseDate, PaymentTerms
from dunwell.rulebook.rules_file import RuleError
from dunwell.rulebook.terms_notation import read_terms

DEBTORS = ("business", "consumer", "state_organ", "public_institution", "large_enterprise")
BASES = ("law", "agreed", "cut", "doubtful", "unchecked")
"""Why a due date is what it is: nothing was agreed and the law says it; as agreed; agreed too long and cut to the
longest; agreed longer than the law likes, which a person must judge; agreed, and a day to measure it by is missing."""
_KEYS = {"id", "title", "place", "about", "acceptance_stands_for", "values", "citation", "review_by", "cases"}
_MAY = {"creditor"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one kind of debtor.

    unless_agreed   None: the rule says nothing of it
    longest         what an agreed term may be at most, each a way of counting: the latest bounds it; empty: no bound
    only_if         a condition that must be true besides, e.g. `warned_on_invoice`
    """

    unless_agreed: PaymentTerms | None
    longest: tuple[PaymentTerms, ...]
    beyond: str | None
    only_if: str | None

    def after_acceptance(self, stands_for: BaseDate) -> "Limits":
        """The same where acceptance was agreed: it takes the place of another day."""
        unless_agreed = self.unless_agreed and _instead(self.unless_agreed, stands_for)
        return replace(
            self, unless_agreed=unless_agreed, longest=tuple(_instead(each, stands_for) for each in self.longest)
        )

    def latest(self, rows: pl.DataFrame) -> pl.Series:
        """The latest day that may be agreed of each row (Date); null where a day that it runs from is missing.

        rows   the days as for `due_dates`; no terms
        """
        ways = [
            due_dates(rows.with_columns(terms=pl.lit(str(each))))["falls_due_date"].alias(f"_{n}")
            for n, each in enumerate(self.longest)
        ]
        if not ways:
            return pl.Series("lawful_date", [None] * rows.height, pl.Date)
        return pl.DataFrame(ways).select(lawful_date=pl.max_horizontal(pl.all())).to_series()


@dataclass(frozen=True, slots=True)
class LegalTerms:
    """One dated, cited rule. `about`: `due` (when money is due) or `default` (the last day before default).

    `creditors`: what the creditor must be (`creditor_kinds`), one of them; none: whatever he is.
    """

    id: str
    title: Mapping[str, str]
    place: str
    about: str
    acceptance_stands_for: BaseDate | None
    values: tuple[tuple[date, Mapping[str, Limits]], ...]
    citation: Citation
    review_by: date
    cases: tuple[dict[str, Any], ...]
    creditors: tuple[str, ...] = ()

    def limits(
        self, debtor: str, on: date, *, acceptance_agreed: bool = False, conditions: frozenset[str] = frozenset()
    ) -> Limits | None:
        """What holds for a debtor (see `DEBTORS`) on a day; None where the rule says nothing of him or not yet."""
        found = None
        for start, by_debtor in self.values:
            if start <= on:
                found = by_debtor.get(debtor)
        if found is None or (found.only_if and found.only_if not in conditions):
            return None
        if acceptance_agreed and self.acceptance_stands_for:
            return found.after_acceptance(self.acceptance_stands_for)
        return found


def legal_terms(rule_id: str) -> LegalTerms:
    """The rule of an id. Refuses an unknown one, naming those there are."""
    rules = house_legal_terms()
    if rule_id not in rules:
        raise DunwellError("terms.unknown_rule", value=rule_id, known=", ".join(rules))
    return rules[rule_id]


def due_under(rows: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """`due_dates` of rows under what the law says.

    Input   as `due_dates`; terms null where nothing was agreed
    Output  as `due_dates`, terms filled in, + agreed_due_date (Date: before any cut; null where nothing was agreed) and
            basis (String, see `BASES`; null where falls_due_date is null)
    """
    agreed = pl.col("terms").is_not_null()
    given = str(limits.unless_agreed) if limits.unless_agreed else None
    counted = due_dates(rows.with_columns(_agreed=agreed, terms=pl.col("terms").fill_null(pl.lit(given)))).with_columns(
        agreed_due_date=pl.when("_agreed").then("falls_due_date")
    )
    days = [kind.column for kind in BaseDate if kind.column in counted.columns]
    counted = counted.with_columns(_longest=limits.latest(counted.select(days)))
    within = pl.col("falls_due_date") <= pl.col("_longest") if limits.longest else pl.lit(value=True)
    beyond = pl.lit("cut" if limits.beyond == "forbidden" else "doubtful")
    basis = (
        pl.when(pl.col("falls_due_date").is_null())
        .then(None)
        .when(~pl.col("_agreed"))
        .then(pl.lit("law"))
        .when(within.is_null())
        .then(pl.lit("unchecked"))
        .when(within)
        .then(pl.lit("agreed"))
        .otherwise(beyond)
    )
    cut = pl.when(pl.col("basis") == "cut")
    return (
        counted.with_columns(basis=basis)
        .with_columns(
            falls_due_date=cut.then("_longest").otherwise("falls_due_date"),
            falls_due_known=cut.then(pl.lit(value=True)).otherwise("falls_due_known"),
        )
        .drop("_agreed", "_longest")
    )


@cache
def house_legal_terms() -> dict[str, LegalTerms]:
    """The rules that come with Dunwell, by id."""
    folder = resources.files("dunwell.rulebook") / "terms_by_law"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda each: each.name)
    rules = [rule for file in files for rule in read_legal_terms(file.name, file.read_text(encoding="utf-8"))]
    return {rule.id: rule for rule in sorted(rules, key=lambda each: each.id)}


def read_legal_terms(file: str, text: str) -> tuple[LegalTerms, ...]:
    """Rules from YAML. Raises RuleError, naming the file and the rule, for anything that cannot be trusted."""
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"{file}: no YAML: {error}") from error
    if not isinstance(entries, list):
        raise RuleError(f"{file}: a file of rules is a list")
    rules = tuple(_rule(entry, file) for entry in entries)
    if len({rule.id for rule in rules}) != len(rules):
        raise RuleError(f"{file}: a rule stands twice")
    return rules


def _rule(entry: Any, file: str) -> LegalTerms:
    where = f"{file}: {entry.get('id', '?') if isinstance(entry, dict) else entry!r}"
    if not isinstance(entry, dict) or set(entry) - _MAY != _KEYS:
        raise RuleError(f"{where}: a rule has exactly the keys {', '.join(sorted(_KEYS))}, and may have creditor")
    creditors = entry.get("creditor", [])
    title, values, stands_for = entry["title"], entry["values"], entry["acceptance_stands_for"]
    for holds, why in (
        (isinstance(title, dict) and set(title) == set(LANGUAGES) and all(title.values()), "title in three languages"),
        (isinstance(values, dict) and values and all(type(day) is date for day in values), "values from a day on"),
        (entry["about"] in ("due", "default"), "about is due or default"),
        (stands_for is None or stands_for in list(BaseDate), "acceptance_stands_for is a day that terms run from"),
        (isinstance(creditors, list) and set(creditors) <= set(KINDS), f"creditor is a list of {', '.join(KINDS)}"),
        (type(entry["review_by"]) is date, "review_by is a day"),
        (isinstance(entry["cases"], list) and entry["cases"], "a rule without a case is not trusted"),
    ):
        if not holds:
            raise RuleError(f"{where}: {why}")
    try:
        citation = read_citation(entry["citation"])
        read = tuple((day, _limits(of)) for day, of in sorted(values.items()))
    except (ValueError, DunwellError) as error:
        raise RuleError(f"{where}: {error}") from error
    return LegalTerms(
        id=str(entry["id"]),
        title=title,
        place=str(entry["place"]),
        about=entry["about"],
        acceptance_stands_for=BaseDate(stands_for) if stands_for else None,
        values=read,
        citation=citation,
        review_by=entry["review_by"],
        cases=tuple(entry["cases"]),
        creditors=tuple(creditors),
    )


def _limits(entries: Any) -> Mapping[str, Limits]:
    """Limits by kind of debtor. Raises ValueError or DunwellError in words."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("values are a list of tables")
    found: dict[str, Limits] = {}
    for entry in entries:
        keys = set(entry)
        says = keys & {"unless_agreed", "longest"}
        if "for" not in keys or not says or not keys <= {"for", "unless_agreed", "longest", "beyond", "only_if"}:
            raise ValueError("a value has for, unless_agreed or longest with beyond or both, and may have only_if")
        if ("longest" in keys) != ("beyond" in keys) or entry.get("beyond") not in (None, "forbidden", "doubtful"):
            raise ValueError("a longest term says whether beyond it is forbidden or doubtful")
        ways = entry.get("longest", [])
        longest = tuple(read_terms(each) for each in (ways if isinstance(ways, list) else [ways]))
        unless_agreed = read_terms(entry["unless_agreed"]) if "unless_agreed" in keys else None
        limits = Limits(unless_agreed, longest, entry.get("beyond"), entry.get("only_if"))
        if any(len(terms.parts) != 1 for terms in (unless_agreed, *longest) if terms):
            raise ValueError("a term of the law has no instalments")
        for debtor in entry["for"]:
            if debtor not in DEBTORS or debtor in found:
                raise ValueError(f"for names each of {', '.join(DEBTORS)} at most once")
            found[debtor] = limits
    return found


def _instead(terms: PaymentTerms, stands_for: BaseDate) -> PaymentTerms:
    swapped = {stands_for: BaseDate.ACCEPTANCE}
    parts = [
        replace(part, base=tuple(kind for kind in BaseDate if kind in {swapped.get(each, each) for each in part.base}))
        for part in terms.parts
    ]
    return replace(terms, parts=tuple(parts))
