"""The answer whether a channel may be used, in words: verdict, each finding with its numbers, the next window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from dunwell.core.errors import say
from dunwell.documents import finding_words as worded
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.rule_pages import look_up, page_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of a channel. `until_at`: from when on it does not; None: open end, or not known."""

    rule: str
    effect: str
    detail: str | None
    count: int | None
    debt: str | None
    address: str | None
    until_at: datetime | None


REFUSED_REQUIRED = "refused_required"
"""He refused to be recorded where a rule wants a recording."""


@dataclass(frozen=True, slots=True)
class ChannelAnswer:
    """The answer for one channel: the worst of its findings, and the next span in which nothing stands in the way."""

    channel: str
    verdict: str
    findings: tuple[Finding, ...]
    next_from: datetime | None
    next_until: datetime | None

    @property
    def recording(self) -> str | None:
        """refused: he refused to be recorded; refused_required: and a rule wants it, so that he is written to instead;
        None: he did not refuse."""
        told = {finding.detail for finding in self.findings if finding.effect == "note"}
        return next((detail for detail in (REFUSED_REQUIRED, "refused") if detail in told), None)


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """Words for answers about one debtor.

    day     the day whose rules were asked
    zones   where the debtor may be; ours: our own clock, see `finding_words.clock_words`
    """

    rules: Rules
    day: date
    zones: Sequence[str]
    ours: tzinfo | None
    language: str

    def lines(self, answers: Sequence[ChannelAnswer], *, pages: bool) -> Iterator[list[str]]:
        """A paragraph for all channels with the same answer. pages: name the page of each rule, and tell notes too;
        else the command that tells the rule."""
        same: dict[tuple[str, ...], list[str]] = {}
        for each in answers:
            same.setdefault(tuple(self._channel(each, pages=pages)), []).append(self._say(f"channel.{each.channel}"))
        for (verdict, *below), channels in same.items():
            named = self._say("explain.comma").join(channels)
            yield [self._say("may_contact.channel", channel=named, verdict=verdict), *(f"  {line}" for line in below)]

    def sentence(self, finding: Finding) -> str:
        """One finding: see `finding_words.word_finding`."""
        rule = self.rules.named(finding.rule)
        return worded.word_finding(
            rule, rule.on(self.day) or {}, finding.effect, self.language, detail=finding.detail, count=finding.count,
            debt=finding.debt, address=finding.address, until=finding.until_at, zones=self.zones, ours=self.ours,
        )  # fmt: skip

    def clock(self, moment: datetime | None) -> str | None:
        """A moment on the debtor's clock."""
        return None if moment is None else worded.clock_words(moment, self.zones, self.ours, self.language)

    def _channel(self, each: ChannelAnswer, *, pages: bool) -> Iterator[str]:
        verdict = worded.effect_words(each.verdict, self.language)
        if each.recording == REFUSED_REQUIRED:
            verdict = self._say("may_contact.write_instead", verdict=verdict)
        yield verdict
        for finding in each.findings:
            if finding.effect != "note":
                yield from self._finding(finding, pages=pages)
        yield self._window(each)
        notes = [finding for finding in each.findings if finding.effect == "note"]
        if notes and pages:
            yield self._say("may_contact.notes")
            for finding in notes:
                yield from (f"  {line}" for line in self._finding(finding, pages=pages))

    def _finding(self, finding: Finding, *, pages: bool) -> Iterator[str]:
        rule = self.rules.named(finding.rule)
        yield self.sentence(finding)
        if finding.effect == "presumed-violation" and rule.rebuttal:
            yield "  " + worded.rebuttal_words(rule, self.language)
        yield "  " + (page_of(rule) if pages else look_up(rule.id))

    def _window(self, each: ChannelAnswer) -> str:
        if each.next_from is None:
            return self._say("may_contact.no_window")
        span = worded.span_words(each.next_from, each.next_until, self.zones, self.ours, self.language)
        return self._say("may_contact.window", span=span)

    def _say(self, code: str, **told: str) -> str:
        return say(code, self.language, **told)
