"""Why a debtor is treated as he is on a day, and why not otherwise. Reads his facts, writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dunwell.actions.business_day import day_start
from dunwell.actions.facts import facts_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, say
from dunwell.documents.decision_words import note_words
from dunwell.documents.why_words import WhyWords
from dunwell.engine.day.why import look, notes, why
from dunwell.engine.day.why_not import wanted, why_not
from dunwell.rulebook.rule_pages import linked
from dunwell.rulebook.rules_file import Rules
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import Creditor, Debtor
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer as data: `lines`, `notes` (see `engine.day.why`), `contrast` (`engine.day.why_not` or None)."""

    number: str
    name: str
    day: date
    strategy: Strategy
    rules: Rules
    lines: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    action: str | None
    contrast: list[dict[str, Any]] | None
    zone: str

    def as_json(self) -> dict[str, Any]:
        """All of it, for `json.dumps` with days and moments as text; each rule with its page."""
        return {
            "debtor": self.number, "name": self.name, "day": self.day,
            "strategy": {"name": self.strategy.name, "hash": self.strategy.hash},
            "lines": linked(self.lines, self.rules), "notes": self.notes,
            "not": self.action, "contrast": linked(self.contrast, self.rules),
        }  # fmt: skip

    def words(self, language: str) -> Iterator[str]:
        """The answer, line by line, in a language."""
        yield say(
            "why.head", language, name=self.name, number=self.number, day=format_date(self.day, language),
            strategy=self.strategy.title[language],
        )  # fmt: skip
        spoken = WhyWords(self.strategy, self.rules, self.day, language, self.zone)
        if not self.lines:
            yield say("why.nothing_owed" if self.notes else "why.nothing_open", language)
        for note in self.notes:
            yield note_words(note, language)
        contrast = {each["currency"]: each for each in self.contrast or ()}
        for line in self.lines:
            yield ""
            yield from spoken.line(line)
            if line["currency"] in contrast:
                yield from spoken.contrast(contrast.pop(line["currency"]))
        for left in contrast.values():
            yield ""
            yield from spoken.contrast(left)


def answer(
    *,
    creditor: Creditor,
    debtor_number: str,
    as_of: date,
    not_action: str | None = None,
    as_known_then: bool = False,
    strategy: Strategy | None = None,
    rules: Rules | None = None,
) -> Answer:
    """Why a debtor is treated as he is on a day.

    not_action      ask why this is not done instead, see `engine.day.why_not.wanted`
    as_known_then   with the facts known at the end of that day, else with those of now

    Raises DunwellError: `debtor.unknown`, `debtor.not_known_then`, `why.unknown_action`.
    """
    action = wanted(not_action) if not_action is not None else None
    debtor = Debtor.objects.filter(creditor=creditor, number=debtor_number).first()
    if debtor is None:
        raise DunwellError("debtor.unknown", number=debtor_number[:100])
    known_at = day_start(creditor, as_of + timedelta(days=1)) if as_known_then else None
    facts = facts_of(creditor, known_at=known_at, debtors=[debtor.pk], around=as_of)
    if debtor.pk not in facts["debtors"]["debtor_id"]:
        raise DunwellError("debtor.not_known_then", number=debtor_number[:100], day=as_of.isoformat())
    strategy, rules = strategy or strategy_of(creditor, as_of), rules or rules_of(creditor, known_at)
    seen = look(facts, strategy, rules, debtor.pk, as_of)
    contrast = None if action is None else why_not(facts, strategy, rules, debtor.pk, as_of, action)
    return Answer(
        debtor.number, debtor.name, as_of, strategy, rules, why(seen), notes(seen), not_action, contrast, creditor.zone
    )
