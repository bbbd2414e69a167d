"""Explain one debtor in words: what is owed, which stage and why, what was or was not sent and why.

Reads the facts of one debtor and asks the very functions of the daily run.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from dunwell.actions.business_day import day_start
from dunwell.actions.facts import facts_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, say
from dunwell.core.money import format_money
from dunwell.core.terms import Stage
from dunwell.engine.claims import with_credit
from dunwell.engine.decide import decide
from dunwell.engine.findings import promises, windows
from dunwell.rulebook.rules_file import Rules, house_rules
from dunwell.rulebook.strategy import Strategy, default_strategy
from dunwell.store.models import Creditor, Debtor


class Explanation:
    """The parts of an explanation as data: `items`, `lines`, `findings`, `promises`, `contacts`, `window`."""

    def __init__(
        self,
        creditor: Creditor,
        debtor: Debtor,
        as_of: date,
        known_at: datetime | None,
        strategy: Strategy,
        rules: Rules,
    ) -> None:
        facts = facts_of(creditor, known_at=known_at, debtors=[debtor.pk])
        moment = day_start(creditor, as_of)
        self.debtor, self.as_of, self.strategy, self.rules = debtor, as_of, strategy, rules
        outcome = decide(facts, strategy, rules, as_of, moment)
        known = facts.on(as_of)
        mine = pl.col("debtor_id") == debtor.pk
        self.items = (
            with_credit(known, as_of, netting=strategy.netting)
            .filter(mine)
            .sort("currency", "due_date", "number")
            .to_dicts()
        )
        self.lines = outcome.lines.filter(mine).to_dicts()
        self.findings = outcome.findings.filter(mine).to_dicts()
        self.promises = promises(known, rules, as_of).filter(mine).sort("made_date").to_dicts()
        self.contacts = known["contacts"].filter(mine).sort("at").to_dicts()
        self.window = windows(known, rules, moment).filter(mine).to_dicts()[0]

    def words(self, language: str) -> Iterator[str]:
        """The explanation, paragraph by paragraph, in a language."""
        yield say(
            "explain.head",
            language,
            name=self.debtor.name,
            number=self.debtor.number,
            day=format_date(self.as_of, language),
        )
        if not self.lines:
            yield say("explain.nothing_open", language)
        for line in self.lines:
            yield ""
            yield from self._line(line, language)
        yield ""
        yield from self.rules_words(language)
        yield from self._history(language)

    def _line(self, line: dict[str, Any], language: str) -> Iterator[str]:
        currency = line["currency"]

        def sum_of(minor: int) -> str:
            return format_money(minor, currency, language)

        yield say(
            "explain.owed",
            language,
            open=sum_of(line["open_minor"]),
            overdue=sum_of(line["overdue_minor"]),
            currency=currency,
        )
        for item in self.items:
            if item["currency"] == currency:
                yield "  " + self._item(item, language)
        if line["credit_minor"]:
            yield "  " + say("explain.credit", language, credit=sum_of(line["credit_minor"]))
        for sentence in self.why(line, language):
            yield "  " + sentence

    def why(self, line: dict[str, Any], language: str) -> list[str]:
        """What happens about a line of `lines` today, and why: sentences."""
        currency = line["currency"]

        def sum_of(minor: int) -> str:
            return format_money(minor, currency, language)

        code = "step_due_by" if line["pay_by_date"] else line["reason"]
        sentences = [
            say(
                f"decision.{code}",
                language,
                stage=stage_words(line["stage"] or line["reached"], language),
                total=sum_of(line["total_minor"]),
                minimum=sum_of(self.strategy.minimum_minor.get(currency, 0)),
                channel=channel_words(line["channel"], language),
                deadline=format_date(line["pay_by_date"], language) if line["pay_by_date"] else "-",
                rule=self._rule(line["rule"], language),
                detail=self._detail(line, language),
                last=format_date(line["last_message_date"], language) if line["last_message_date"] else "-",
                pause=self.strategy.pause_days,
            )
        ]
        if line["person_minor"] and line["action"] != "none" and line["reason"] != "deadline_passed":
            sentences.append(say("decision.also_person", language, total=sum_of(line["person_minor"])))
        if line["next_date"] and line["action"] == "none":
            sentences.append(say("explain.next", language, day=format_date(line["next_date"], language)))
        if line["stage"] == Stage.REMINDER and line["days_past_due"] > _LONG_OVERDUE_DAYS:
            sentences.append(say("explain.never_skipped", language, days=line["days_past_due"]))
        return sentences

    def _item(self, item: dict[str, Any], language: str) -> str:
        currency = item["currency"]
        words = say(
            "explain.item",
            language,
            kind=say(f"kind.{item['kind']}", language),
            number=item["number"],
            amount=format_money(item["amount_minor"], currency, language),
            paid=format_money(item["paid_minor"], currency, language),
            open=format_money(item["open_minor"], currency, language),
        )
        days = item["days_past_due"]
        when = "explain.overdue_days" if days > 0 else "explain.due_today" if days == 0 else "explain.due_in"
        words += say(when, language, days=abs(days), due=format_date(item["due_date"], language))
        if item["disputed_minor"]:
            words += say("explain.disputed", language, amount=format_money(item["disputed_minor"], currency, language))
        if item["held"]:
            words += say("explain.held", language)
        return words

    def _detail(self, line: dict[str, Any], language: str) -> str:
        if line["detail"]:
            return say(f"hold.{line['detail']}", language)
        counted = [f["count"] for f in self.findings if f["rule"] == line["rule"] and f["count"]]
        return say("explain.counted", language, count=counted[0]) if counted else "-"

    def _rule(self, rule_id: str | None, language: str) -> str:
        if not rule_id:
            return "-"
        rule = self.rules.named(rule_id)
        return f"{rule.title[language]} ({rule.id}, {rule.source})"

    def rules_words(self, language: str) -> Iterator[str]:
        """The rules that speak today, the hours of contact, and the promises: sentences."""
        if not self.findings:
            yield say("explain.no_findings", language)
        for finding in self.findings:
            until = finding["until_date"]
            yield say(
                "explain.finding_until" if until else "explain.finding",
                language,
                rule=self._rule(finding["rule"], language),
                until=format_date(until, language) if until else "-",
            )
        if self.window["open_at"]:
            yield say(
                "explain.window",
                language,
                since=f"{self.window['open_at']:%Y-%m-%d %H:%M}",
                until=f"{self.window['close_at']:%Y-%m-%d %H:%M}",
            )
        else:
            yield say("explain.no_window", language)
        for promise in self.promises:
            yield say(
                f"promise.{promise['state']}",
                language,
                amount=format_money(promise["amount_minor"], promise["currency"], language),
                due=format_date(promise["due_date"], language),
                received=format_money(promise["received_minor"], promise["currency"], language),
            )

    def _history(self, language: str) -> Iterator[str]:
        if not self.contacts:
            yield say("explain.no_contacts", language)
            return
        yield say("explain.contacts", language)
        for contact in self.contacts:
            yield "  " + say(
                "explain.contact" if contact["stage"] else "explain.talk",
                language,
                day=format_date(contact["contact_date"], language),
                channel=channel_words(contact["channel"], language),
                stage=stage_words(contact["stage"] or 0, language),
                outcome=say(f"outcome.{contact['outcome']}", language),
            )


_LONG_OVERDUE_DAYS = 60
"""From here on a first reminder looks late to a reader, and deserves the sentence that says why it is the first."""


def explain(
    *,
    creditor: Creditor,
    debtor_number: str,
    as_of: date,
    as_known_then: bool = False,
    strategy: Strategy | None = None,
    rules: Rules | None = None,
) -> Explanation:
    """Explain a debtor on a day. as_known_then: with the facts known at the end of that day, else with those of now."""
    debtor = Debtor.objects.filter(creditor=creditor, number=debtor_number).first()
    if debtor is None:
        raise DunwellError("debtor.unknown", number=debtor_number[:100])
    known_at = day_start(creditor, as_of + timedelta(days=1)) if as_known_then else None
    try:
        return Explanation(creditor, debtor, as_of, known_at, strategy or default_strategy(), rules or house_rules())
    except IndexError:
        raise DunwellError("debtor.not_known_then", number=debtor_number[:100], day=as_of.isoformat()) from None


def stage_words(stage: int, language: str) -> str:
    """The name of a stage, e.g. `first dunning`."""
    return say(f"stage.{Stage(stage).word}", language)


def channel_words(channel: str | None, language: str) -> str:
    """The name of a channel, e.g. `e-mail`."""
    return say(f"channel.{channel}", language) if channel else "-"
