"""Explain one debtor in words: what is owed, which stage and why, what was or was not sent and why.

Reads the facts of one debtor and asks the very functions of the daily run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dunwell.actions.business_day import day_start, today
from dunwell.actions.day.kept_findings import of_debtor
from dunwell.actions.facts import facts_of
from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError, say
from dunwell.core.money import format_money
from dunwell.core.terms import Channel, Stage
from dunwell.documents.contact_answer import AnswerWords, ChannelAnswer
from dunwell.documents.decision_words import (
    channel_words,
    decision_words,
    message_words,
    note_words,
    person_words,
    stage_words,
)
from dunwell.documents.due_words import due_words
from dunwell.documents.finding_words import entry_words, source_name
from dunwell.documents.target_words import target_words
from dunwell.engine.book import cash
from dunwell.engine.book.promises import promises
from dunwell.engine.book.targets import against_money
from dunwell.engine.contact.findings import STOPPING, paused
from dunwell.engine.contact.planned import Planned, told_of
from dunwell.engine.day.decide import decide
from dunwell.engine.facts import Facts
from dunwell.rulebook.calendars import is_official
from dunwell.rulebook.rules_file import Rules
from dunwell.rulebook.strategy import Strategy
from dunwell.store.models import ContactPoint, Creditor, Debtor, Receivable
from dunwell.store.reads.contacts import NamedItem, PastContact, past
from dunwell.store.reads.due_dates import due_bases
from dunwell.store.reads.house_rules import rules_of
from dunwell.store.reads.strategies import strategy_of
from dunwell.store.reads.targets import targets


@dataclass(frozen=True, slots=True)
class Demand:
    """How the sum that is demanded comes about: overdue_minor - disputed_minor - held_minor - credit_minor = net_minor.

    held_minor      on hold, whether disputed or not; all that is left when nothing is demanded of the debtor for now
    credit_minor    so much of the debtor's loose money as paid overdue items
    """

    overdue_minor: int
    disputed_minor: int
    held_minor: int
    credit_minor: int
    net_minor: int

    @classmethod
    def of(cls, items: Iterable[dict[str, Any]], *, paused: bool) -> "Demand":
        """From open items of one currency (see `claims.net_items`). paused: see `findings.paused`."""
        late = [item for item in items if item["days_past_due"] > 0]
        net = sum(item["net_minor"] for item in late)
        return cls(
            sum(item["open_minor"] for item in late),
            sum(item["disputed_minor"] for item in late if not item["held"]),
            sum(item["open_minor"] for item in late if item["held"]) + (net if paused else 0),
            sum(item["demand_minor"] - item["net_minor"] for item in late),
            0 if paused else net,
        )


class Explanation:
    """The parts of an explanation as data: `items`, `lines`, `notes`, `loose`, `left_out`, `ahead` (see
    `engine.book.cash`), `findings`, `promises`, `targets`, `contacts`, `told` (by channel, at `asked_at`).

    loose   currency -> the debtor's money that pays nothing (minor units; below zero: more went back than came in)
    """

    def __init__(
        self,
        creditor: Creditor,
        debtor: Debtor,
        as_of: date,
        known_at: datetime | None,
        now: datetime | None,
        strategy: Strategy,
        rules: Rules,
    ) -> None:
        facts = facts_of(creditor, known_at=known_at, debtors=[debtor.pk], around=as_of, clocks=True)
        moment = day_start(creditor, as_of)
        self.creditor, self.debtor, self.as_of = creditor, debtor, as_of
        self.strategy, self.rules = strategy, rules
        seen: dict[str, Any] = {}
        outcome = decide(facts, strategy, rules, as_of, moment, seen.__setitem__)
        known, applied = seen["known"], seen["applied"]
        mine = pl.col("debtor_id") == debtor.pk
        self.loose: dict[str, int] = dict(
            applied.loose.filter(mine).sort("currency").select("currency", "loose_minor").rows()
        )
        self.items = seen["open"].filter(mine).sort("currency", "due_date", "number").to_dicts()
        items = [item["receivable_id"] for item in self.items]
        self.due_bases = due_bases(creditor, debtor, items, known_at)
        self.left_out = cash.left_out(known, applied).filter(mine).to_dicts()
        self.ahead = cash.ahead_of_lists(known, applied).filter(mine).to_dicts()
        self.lines = outcome.lines.filter(mine).to_dicts()
        self.notes = outcome.notes.filter(mine).to_dicts()
        self.findings = outcome.findings.filter(mine).to_dicts()
        waits = paused(outcome.findings).filter(mine)
        self.paused: frozenset[str | None] = frozenset(waits["currency"].to_list())
        self.promises = promises(known, rules, as_of, applied.came).filter(mine).sort("made_date").to_dicts()
        told_targets = targets(creditor, as_of, debtor=debtor, known_at=known_at)
        self.targets = against_money(told_targets, applied.came, as_of)
        self.contacts = past(debtor, until=as_of, known_at=known_at)
        self.asked_at = now if now is not None and today(creditor, now) == as_of else moment + _NOON
        told = told_of(known, rules, as_of, self.asked_at.astimezone(UTC), self._planned(known, mine))
        self.told = [
            min((each for each in told if each.planned.channel == channel), key=lambda each: _severity(each.answer))
            for channel in Channel
        ]

    def _planned(self, known: Facts, mine: pl.Expr) -> list[Planned]:
        """A contact for collection by each channel, at each of the debtor's good addresses, the first one first."""
        points = known["contact_points"].filter(mine & pl.col("usable")).sort("rank", "contact_point_id")
        on = {channel: points.filter(pl.col("channel") == channel)["contact_point_id"].to_list() for channel in Channel}
        return [
            Planned(self.debtor.pk, channel, contact_point=point)
            for channel in Channel
            for point in on[channel] or [None]
        ]

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
        for note in self.notes:
            yield note_words(note, language)
        for line in self.lines:
            yield ""
            yield from self._line(line, language)
        yield from self.loose_words(language)
        yield from self.beside_lists(language)
        yield from (target_words(row, language) for row in self.targets)
        yield from self.task_words(language)
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
            overdue=sum_of(self.demand(currency).overdue_minor),
            currency=currency,
        )
        for item in self.items:
            if item["currency"] == currency:
                yield "  " + self._item(item, language)
                yield from (f"    {each}" for each in due_words(self.due_bases.get(item["receivable_id"]), language))
        if line["credit_minor"]:
            code = "explain.credit" if self.strategy.netting else "explain.credit_kept"
            yield "  " + say(code, language, credit=sum_of(line["credit_minor"]))
        yield from ("  " + sentence for sentence in self._sum(currency, language))
        for sentence in self.why(line, language):
            yield "  " + sentence

    def task_words(self, language: str) -> Iterator[str]:
        """What waits for a person by the latest run or act, and what the contact rules said then: sentences."""
        for row, said in of_debtor(self.debtor.pk):
            if row.as_of > self.as_of:
                continue
            what = "deadline_passed" if row.action == "message" else row.reason
            named = {
                "currency": row.currency, "what": say(f"run.task.{what}", language),
                "day": format_date(row.as_of, language),
            }  # fmt: skip
            if row.run is None:
                yield say("explain.task_anew", language, **named)
            else:
                yield say("explain.task_of_run", language, run=row.run.name, **named)
            if said is None:
                yield "  " + say("explain.task_folder_gone", language)
            elif rules := list(dict.fromkeys(each["rule"] for each in said if each["effect"] in STOPPING)):
                listed = say("explain.comma", language).join(rules)
                yield "  " + say("explain.task_findings", language, rules=listed, number=self.debtor.number)
            else:
                yield "  " + say("explain.task_no_findings", language)

    def demand(self, currency: str) -> Demand:
        """How the sum demanded in a currency comes about."""
        mine = [item for item in self.items if item["currency"] == currency]
        return Demand.of(mine, paused=not self.paused.isdisjoint({None, currency}))

    def _sum(self, currency: str, language: str) -> Iterator[str]:
        """The arithmetic from what is overdue to what is demanded, where they differ."""
        demand = self.demand(currency)
        parts = {"disputed": demand.disputed_minor, "held": demand.held_minor, "credit": demand.credit_minor}
        minus = "".join(
            say(f"explain.minus_{part}", language, amount=format_money(minor, currency, language))
            for part, minor in parts.items()
            if minor
        )
        if minus:
            yield say(
                "explain.sum",
                language,
                overdue=format_money(demand.overdue_minor, currency, language),
                minus=minus,
                net=format_money(demand.net_minor, currency, language),
            )

    def loose_words(self, language: str) -> Iterator[str]:
        """Money of the debtor that no line of `lines` tells of: sentences."""
        told = {line["currency"] for line in self.lines}
        for currency, minor in self.loose.items():
            if minor > 0 and currency not in told:
                yield say("explain.only_credit", language, credit=format_money(minor, currency, language))
            elif minor < 0:
                yield say("explain.went_back", language, amount=format_money(-minor, currency, language))

    def beside_lists(self, language: str) -> Iterator[str]:
        """Where the bank and the lists of open items tell different things: sentences."""
        for each in self.left_out:
            yield say(
                "explain.left_out",
                language,
                number=each["number"],
                day=format_date(each["value_date"], language),
                amount=format_money(each["left_minor"], each["currency"], language),
            )
        for each in self.ahead:
            yield say(
                "explain.ahead_of_list",
                language,
                number=each["number"],
                day=format_date(each["list_date"], language),
                amount=format_money(each["ahead_minor"], each["currency"], language),
            )

    def why(self, line: dict[str, Any], language: str) -> list[str]:
        """What happens about a line of `lines` today, and why: sentences."""
        sentences = [
            decision_words(
                line,
                language,
                minimum_minor=self.strategy.minimum_minor.get(line["currency"], 0),
                pause_days=self.strategy.segment(line["segment"]).pause_days,
                rule=self._rule(line["rule"], language),
                detail=self._detail(line, language),
            )
        ]
        beside = person_words(line, language)
        if beside is not None:
            sentences.append(beside)
        if line["next_date"] and line["action"] == "none":
            sentences.append(say("explain.next", language, day=format_date(line["next_date"], language)))
        if line["pay_by_date"] and not is_official(self.creditor.country, line["pay_by_date"]):
            sentences.append(say("explain.deadline_assumed", language, day=format_date(line["pay_by_date"], language)))
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
        when = {1: "explain.overdue_day", 0: "explain.due_today", -1: "explain.due_tomorrow"}.get(
            days, "explain.overdue_days" if days > 0 else "explain.due_in"
        )
        words += say(when, language, days=abs(days), due=format_date(item["due_date"], language))
        if item["disputed_minor"]:
            words += say("explain.disputed", language, amount=format_money(item["disputed_minor"], currency, language))
        if item["held"]:
            words += say("explain.held", language)
        return words

    def _detail(self, line: dict[str, Any], language: str) -> str:
        if line["detail"]:
            return entry_words(line["detail"], language)
        counted = [f["count"] for f in self.findings if f["rule"] == line["rule"] and f["count"]]
        return say("explain.counted", language, count=counted[0]) if counted else "-"

    def _rule(self, rule_id: str | None, language: str) -> str:
        if not rule_id:
            return "-"
        rule = self.rules.named(rule_id)
        return f"{rule.title[language]} ({rule.id}, {source_name(rule, language)})"

    def rules_words(self, language: str) -> Iterator[str]:
        """By which channels we may contact the debtor, because of which rules, and the promises: sentences."""
        told = AnswerWords(self.rules, self.as_of, self.told[0].zones, ZoneInfo(self.creditor.zone), language)
        yield say("explain.may_contact", language, at=told.clock(self.asked_at))
        for paragraph in told.lines([self._named(each.answer) for each in self.told], pages=False):
            yield from (f"  {line}" for line in paragraph)
        for promise in self.promises:
            state = promise["state"]
            if state == "open" and promise["due_date"] < self.as_of:
                state = "in_grace"
            yield say(
                f"promise.{state}",
                language,
                until=format_date(promise["until_date"], language),
                amount=format_money(promise["amount_minor"], promise["currency"], language),
                due=format_date(promise["due_date"], language),
                received=format_money(promise["received_minor"], promise["currency"], language),
            )

    def _named(self, answer: ChannelAnswer) -> ChannelAnswer:
        """The answer with numbers of items and addresses in place of their keys."""
        findings = tuple(
            replace(each, debt=self._number(each.debt), address=self._address(each.address)) for each in answer.findings
        )
        return replace(answer, findings=findings)

    def _number(self, debt: str | None) -> str | None:
        return None if debt is None else str(Receivable.objects.get(pk=int(debt)).number)

    def _address(self, point: str | None) -> str | None:
        return None if point is None else ContactPoint.objects.get(pk=int(point)).value or None

    def _history(self, language: str) -> Iterator[str]:
        if not self.contacts:
            yield say("explain.no_contacts", language)
            return
        yield say("explain.contacts", language)
        for contact in self.contacts:
            yield "  " + format_date(contact.day, language) + say("explain.colon", language) + what(contact, language)
            if contact.items:
                yield "    " + about(contact, language)


def what(contact: PastContact, language: str) -> str:
    """A past contact in words: what it was, what it asked for, what came of it and why."""
    stage = stage_words(contact.stage or 0, language)
    code = "talk_in" if contact.inbound else "talk" if not contact.stage else "contact"
    if contact.stage and contact.total_minor is not None:
        code = "contact_asked_by" if contact.deadline_date else "contact_asked"
    if contact.about_promise is not None:
        code, stage = "contact_note", message_words(0, language, contact.about_promise.purpose)
    said = say(
        f"explain.{code}",
        language,
        stage=stage,
        channel=channel_words(contact.channel, language),
        outcome=say(f"outcome.{contact.outcome}", language),
        total=format_money(contact.total_minor or 0, contact.currency, language) if contact.currency else "-",
        deadline=format_date(contact.deadline_date, language) if contact.deadline_date else "-",
    )
    if contact.reason and contact.reason != contact.outcome:
        said += say("explain.in_brackets", language, text=say(f"send.reason.{contact.reason}", language))
    return said + (say("explain.in_brackets", language, text=" ".join(contact.note.split())) if contact.note else "")


def about(contact: PastContact, language: str) -> str:
    """What a message was about: the items it named, the latest first, with what was open and how late it was."""
    names = [_named(item, contact.currency, language) for item in contact.items[:_NAMED]]
    more = len(contact.items) - len(names)
    if more:
        names.append(say("explain.more_items", language, count=more))
    return say("explain.about", language, items=say("explain.comma", language).join(names))


def _named(item: NamedItem, currency: str | None, language: str) -> str:
    days = item.days_past_due
    return say(
        "explain.named_late_day" if days == 1 else "explain.named_late" if days > 0 else "explain.named",
        language,
        number=item.number,
        open=format_money(item.open_minor, currency, language) if currency else "-",
        days=days,
    )


_NOON = timedelta(hours=12)
"""When a contact on another day than today is asked about."""
_NAMED = 3
"""So many items of a message are named."""
_LONG_OVERDUE_DAYS = 60
"""From here on a first reminder looks late to a reader, and deserves the sentence that says why it is the first."""


def explain(
    *,
    creditor: Creditor,
    debtor_number: str,
    as_of: date,
    as_known_then: bool = False,
    now: datetime | None = None,
    strategy: Strategy | None = None,
    rules: Rules | None = None,
) -> Explanation:
    """Explain a debtor on a day.

    as_known_then   with the facts known at the end of that day, else with those of now
    now             the present moment: if it lies on that day, the next hours of contact are sought from it on
    """
    debtor = Debtor.objects.filter(creditor=creditor, number=debtor_number).first()
    if debtor is None:
        raise DunwellError("debtor.unknown", number=debtor_number[:100])
    known_at = day_start(creditor, as_of + timedelta(days=1)) if as_known_then else None
    try:
        return Explanation(
            creditor,
            debtor,
            as_of,
            known_at,
            now,
            strategy or strategy_of(creditor, as_of),
            rules or rules_of(creditor, known_at),
        )
    except IndexError:
        raise DunwellError("debtor.not_known_then", number=debtor_number[:100], day=as_of.isoformat()) from None


def _severity(answer: ChannelAnswer) -> int:
    """How much stands against a contact: the less the better."""
    return -STOPPING.index(answer.verdict) if answer.verdict in STOPPING else -len(STOPPING)
