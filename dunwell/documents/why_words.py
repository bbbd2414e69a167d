"""Why a debtor is treated as he is, in words: what `engine.day.why` and `engine.day.why_not` tell as data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.core.money import format_money
from dunwell.core.terms import Channel, Stage
from dunwell.documents.decision_words import channel_words, decision_words, person_words
from dunwell.documents.finding_words import entry_words
from dunwell.rulebook.contact_rules import Rules
from dunwell.rulebook.rule_pages import look_up
from dunwell.rulebook.strategy import Strategy

type Row = Mapping[str, Any]


class WhyWords:
    """Says one answer after another in a language. day: the day that is asked about; zone: by whose clock hours are
    told."""

    def __init__(self, strategy: Strategy, rules: Rules, day: date, language: str, zone: str = "UTC") -> None:
        self.strategy, self.rules, self.day, self.language, self.zone = strategy, rules, day, language, zone
        self.currency = ""

    # --- why ---

    def line(self, line: Row) -> Iterator[str]:
        """All of one currency: what is done, segment, items, treatment, gates."""
        self.currency = line["currency"]
        yield self.say("line", currency=self.currency, result=self._result(line))
        yield from self._segment(line["segment"])
        if line["experiment"]:
            yield "  " + self._experiment(line["experiment"])
        for item in line["items"]:
            yield from self._item(item)
        if line["treatment"]:
            yield from self._treatment(line["treatment"])
        yield "  " + self.say("gates")
        for gate in line["gates"]:
            yield "    " + self._gate(gate)
        for rule in dict.fromkeys(_rules_of(line["gates"])):
            yield "    " + self.say("look_up", command=look_up(rule))

    def _result(self, line: Row) -> str:
        row = dict(line["result"])
        for name in ("stage", "person_stage", "next_stage", "reached"):
            row[name] = Stage[row[name].upper()] if row[name] else Stage.NONE
        stops = next(gate["stops"] for gate in line["gates"] if gate["gate"] == "rules")
        counted = next((stop["count"] for stop in stops if stop["rule"] == row["rule"] and stop["count"]), None)
        detail = say("explain.counted", self.language, count=counted) if counted else "-"
        sentences = [
            decision_words(
                row,
                self.language,
                minimum_minor=self.strategy.minimum_minor.get(self.currency, 0),
                pause_days=self.strategy.segment(row["segment"]).pause_days,
                rule=self._rule(row["rule"]) if row["rule"] else "-",
                detail=entry_words(row["detail"], self.language) if row["detail"] else detail,
            ),
            person_words(row, self.language),
        ]
        return ("" if self.language.startswith("zh") else " ").join(filter(None, sentences))

    def _segment(self, segment: Row) -> Iterator[str]:
        parts = [self._part(part) for part in segment["parts"]]
        # of a single comparison the condition says no more than the part beside its value
        alone = len(parts) == 1 and segment["parts"][0]["text"] == segment["when"]
        why = self.say("rest") if not parts else parts[0] if alone else f"{segment['when']}{self._brackets(parts)}"
        yield "  " + self.say("segment", title=segment["title"][self.language], name=segment["name"], why=why)
        for each in segment["not"]:
            title = each["title"][self.language]
            yield "    " + self.say("not_segment", title=title, name=each["name"], lacks=self.lacks(each["lacks"]))

    def _experiment(self, drawn: Row) -> str:
        return self.say(
            "experiment", name=drawn["name"], arm=drawn["arm"], percent=f"{drawn['propensity_bp'] / 100:g}",
            first=self.day_of(drawn["from"]), last=self.day_of(drawn["until"]),
        )  # fmt: skip

    def _item(self, item: Row) -> Iterator[str]:
        stands = self.say("stands_nowhere")
        if item["reached"]:
            stands = self.say(
                "stands", stage=self.stage(item["reached"]["stage"]), day=self.day_of(item["reached"]["day"])
            )
        if item["tries"]:
            stands = self._list([stands, self.say("tries", count=item["tries"])])
        yield "  " + self.say(
            "item", kind=say(f"kind.{item['kind']}", self.language), number=item["number"],
            net=self.sum(item["net_minor"]), open=self.sum(item["open_minor"]), due=self.day_of(item["due_date"]),
            stands=stands,
        )  # fmt: skip
        yield "    " + self._next(item["next"])

    def _next(self, step: Row | None) -> str:
        if step is None:
            return self.say("next_none")
        about = {"stage": self.stage(step["stage"]), "by": self.say(f"by.{step['by']}")}
        if step["day"] is None:
            return self.say("next_no_day", **about)
        parts = self._list(self._day_part(part, step["binds"]) for part in step["parts"])
        return self.say("next", **about, day=self.day_of(step["day"]), parts=parts)

    def _day_part(self, part: Row, binds: Iterable[str]) -> str:
        events = self._list(self.say(f"news.{event}") for event in part.get("events", ()))
        said = self.say(
            f"day.{part['part']}", since=self.day_of(part["since"]), days=part["days"], day=self.day_of(part["day"]),
            events=events,
        )  # fmt: skip
        return said + (self.say("binds") if part["part"] in binds else "")

    def _treatment(self, treatment: Row) -> Iterator[str]:
        parts = [self._part(part) for part in treatment["parts"]]
        because = self.say("because", parts=self._list(parts)) if parts else ""
        how = self.say("skipped") if treatment["skip"] else self.say(f"by.{treatment['by']}")
        if treatment["channels"]:
            how += self._brackets([self.channels(treatment["channels"])])
        yield "  " + self.say(
            "treatment", stage=self.stage(treatment["stage"]), name=treatment["name"], how=how, because=because
        )
        for each in treatment["not"]:
            yield "    " + self.say("not_treatment", name=each["name"], lacks=self.lacks(each["lacks"]))

    def _gate(self, gate: Row) -> str:
        mark = {True: "yes", False: "no", None: "open"}[gate["passed"]]
        return self.say("gate", mark=self.say(f"mark.{mark}"), text=self._gate_text(gate))

    def _gate_text(self, gate: Row) -> str:
        name = gate["gate"]
        if name == "rules":
            stops = [self._stop(stop) for stop in gate["stops"]] or [self.say("none_against")]
            return self.say("gate.rules", stops=self._list(stops))
        if name in ("economic", "address"):
            ways = [self._way(way) for way in gate["ways"]] or [self.say("no_ways")]
            return self.say(f"gate.{name}", ways=self._list(ways))
        if name == "hours":
            at = gate["not_before_at"]
            if gate["rule"]:
                return self.say("gate.hours_shut", rule=self._rule(gate["rule"]))
            if at is None:
                return self.say("gate.hours_none")
            local = at.astimezone(ZoneInfo(self.zone))
            return self.say("gate.hours", at=f"{self.day_of(local.date())} {local:%H:%M}", zone=self.zone)
        if name == "petty" and not gate["petty_minor"]:
            return self.say("gate.petty_none")
        if name == "paused" and gate["last_date"] is None:
            return self.say("gate.paused_none", pause=gate["pause_days"])
        if name == "paused" and gate["news_date"] is not None:
            name = "paused_news"
        stages = {"stage": self.stage(gate.get("stage")), "person": self.stage(gate.get("person_stage"))}
        numbers = {key.removesuffix("_minor"): self.sum(value) for key, value in gate.items() if key.endswith("_minor")}
        return self.say(
            f"gate.{name}", **numbers, **stages, items=gate.get("items"), days=gate.get("days_past_due"),
            grace=gate.get("grace_days"), last=self.day_of(gate.get("last_date")), pause=gate.get("pause_days"),
            until=self.day_of(gate.get("until")), news=self.day_of(gate.get("news_date")),
            assigned=gate.get("assigned"),
        )  # fmt: skip

    def _stop(self, stop: Row) -> str:
        detail = self.say("detail", entry=entry_words(stop["detail"], self.language)) if stop["detail"] else ""
        if stop["count"]:
            detail += self.say("counted", count=stop["count"])
        title = self.rules.named(stop["rule"]).title[self.language]
        return self.say("rule", title=title, rule=stop["rule"], detail=detail, until=self._until(stop["until"]))

    def _way(self, way: Row) -> str:
        channel = channel_words(way["channel"], self.language)
        if way.get("dear"):
            return self.say("way_dear", channel=channel, least=self.sum(way["least_minor"]))
        if way["rule"]:
            return self.say("way_shut", channel=channel, rule=self._rule(way["rule"]), until=self._until(way["until"]))
        return self.say("way_chosen" if way["chosen"] else "way_open", channel=channel)

    # --- why not ---

    def contrast(self, answer: Row) -> Iterator[str]:
        """What would have to be otherwise for another action."""
        self.currency = answer["currency"]
        yield "  " + self.say("not_head", action=self.action(answer["action"]))
        if answer["done"]:
            about = say(f"message.{answer['note']}", self.language) if answer["note"] else "-"
            yield "    " + self.say(f"done.{answer['done']}", message=about)
            if not answer["needs"]:
                return
            yield "    " + self.say("step_instead")
        several = len(answer["needs"]) > 1
        yield "    " + self.say(("together" if answer["together"] else "any") if several else "one")
        for need in answer["needs"]:
            yield "    - " + self.need(need)
        if answer["from_date"]:
            yield "    " + self.say(
                "from_date", day=self.day_of(answer["from_date"]), days=(answer["from_date"] - self.day).days
            )
        elif answer["later"]:
            yield "    " + self.say("later", day=self.day_of(answer["later"][0]["on"]))
            for need in answer["later"]:
                yield "    - " + self.need(need)

        if answer["rests"]:
            told = [self.say("rest_of", of=self._of(each), text=each["text"]) for each in answer["rests"]]
            yield "    " + self.say("rests", conditions=self.say("rest_and").join(told))

    def _of(self, rest: Row) -> str:
        return str(rest["title"][self.language]) if "segment" in rest else self.stage(rest["stage"])

    def need(self, need: Row) -> str:
        """One need in words, with its numbers."""
        special = _SPECIAL.get(need["need"])
        if special is not None:
            return special(self, need)
        sums = {key.removesuffix("_minor"): self.sum(value) for key, value in need.items() if key.endswith("_minor")}
        return self.say(
            f"need.{need['need']}", **sums, number=need.get("number"), days=need.get("days"),
            amount=self.sum(need.get("minor", 0)), stage=self.stage(need.get("stage")), assigned=need.get("assigned"),
            day=self.day_of(need.get("day") or need.get("earliest")), last=self.day_of(need.get("last_date")),
            pause=need.get("pause_days"), channel=channel_words(need.get("channel"), self.language),
            due=self.day_of(need.get("due_date")),
            by=self.say(f"by.{need['by']}") if "by" in need else "",
            parts=self._brackets([self._day_part(part, ()) for part in need.get("parts", ())]),
            from_day=self.say("from_day", day=self.day_of(need["day"])) if need.get("day") else "",
            rule=self._rule(need["rule"]) if need.get("rule") else "-",
        )  # fmt: skip

    def lacks(self, tree: Row | None) -> str:
        """What would have to be otherwise, see `engine.day.why_condition`."""
        if tree is None:
            return self.say("rest")
        for word, code in (("all", "and"), ("any", "or")):
            if word in tree:
                parts = [self.lacks(part) for part in tree[word]]
                grouped = [self.say("group", text=text) if self._is_group(part) else text
                           for part, text in zip(tree[word], parts, strict=True)]  # fmt: skip
                return self.say(code).join(grouped) if parts else self.say("impossible")
        return self.say(
            "lack", text=tree["text"], column=tree["column"], value=self._value(tree), more=self._more(tree)
        )

    @staticmethod
    def _is_group(tree: Row) -> bool:
        return len(tree.get("all") or tree.get("any") or ()) > 1

    def _more(self, part: Row) -> str:
        if part["more"] is None:
            return ""
        if part["from"]:
            return self.say("more_from", day=self.day_of(part["from"]))
        less = part["more"].startswith("-")
        said = self.say("less" if less else "more", amount=part["more"].removeprefix("-"))
        # of an item that is not overdue yet the sum is known and nothing of it counts
        return said + (self.say("once_overdue") if part["column"] == "amount" and part["value"] == "0" else "")

    def _part(self, part: Row) -> str:
        return self.say("part", text=part["text"], column=part["column"], value=self._value(part))

    def _value(self, part: Row) -> str:
        return part["value"] if part["value"] is not None else self.say("unknown_value")

    # --- small words ---

    def say(self, code: str, **params: Any) -> str:
        """Words of `why.*`."""
        return say(f"why.{code}", self.language, **params)

    def action(self, action: str) -> str:
        """An action in words."""
        if action in tuple(Channel):
            return channel_words(action, self.language)
        return self.say(f"action.{action}") if action in ("message", "task", "none") else self.stage(action)

    def stage(self, word: str | None) -> str:
        """A stage by its word."""
        return say(f"stage.{word or 'none'}", self.language)

    def sum(self, minor: int) -> str:
        """Money in the currency of the line."""
        return format_money(minor, self.currency, self.language)

    def day_of(self, day: date | None) -> str:
        """A day, or a dash."""
        return "-" if day is None else format_date(day, self.language)

    def channels(self, channels: Iterable[str]) -> str:
        """Channels as a list."""
        return self._list(channel_words(channel, self.language) for channel in channels)

    def _rule(self, rule: str) -> str:
        return f"{self.rules.named(rule).title[self.language]} [{rule}]"

    def _until(self, until: date | None) -> str:
        return self.say("no_end") if until is None else self.say("until", day=self.day_of(until))

    def _list(self, parts: Iterable[str]) -> str:
        return say("explain.comma", self.language).join(parts)

    def _brackets(self, parts: list[str]) -> str:
        return say("explain.in_brackets", self.language, text=self._list(parts)) if parts else ""


def _rule_need(words: WhyWords, need: Row) -> str:
    return words.say("need.rule", rule=words._stop(need))


def _behind(words: WhyWords, need: Row) -> str:
    since = words._brackets([words.day_of(need["since"])]) if need["since"] else ""
    return words.say("need.behind", number=need["number"], stands=words.stage(need["stands"]), since=since)


def _address(words: WhyWords, need: Row) -> str:
    return words.say("need.address", channels=words.channels(need["channels"]))


def _shut(words: WhyWords, need: Row) -> str:
    return words.say("need.channels_shut", ways=words._list(words._way(way) for way in need["ways"]))


def _first(words: WhyWords, need: Row) -> str:
    code = "need.other_preferred" if need["preferred"] else "need.other_first"
    return words.say(code, channel=channel_words(need["channel"], words.language))


def _treatments(words: WhyWords, need: Row) -> str:
    options = [
        words.say(
            "option_skipped" if each["skipped"] else "option", stage=words.stage(each["stage"]), name=each["name"],
            instead=each["instead_of"], lacks=words.lacks(each["lacks"]),
        )
        for each in need["options"]
    ]  # fmt: skip
    return words.say("need.other_treatment", options=words.say("or").join(options))


def _segments(words: WhyWords, need: Row) -> str:
    options = [
        words.say(
            "option_segment", title=each["title"][words.language], name=each["name"], lacks=words.lacks(each["lacks"])
        )
        for each in need["options"]
    ]  # fmt: skip
    return words.say("need.other_segment", options=words.say("or").join(options))


_SPECIAL: dict[str, Callable[[WhyWords, Row], str]] = {
    "rule": _rule_need, "behind": _behind, "address": _address, "channels_shut": _shut, "other_first": _first,
    "other_treatment": _treatments, "other_segment": _segments,
}  # fmt: skip


def _rules_of(told: Any) -> Iterator[str]:
    """The rules that gates name under `rule`, however deep, in order."""
    if isinstance(told, Mapping):
        if isinstance(told.get("rule"), str):
            yield told["rule"]
        told = list(told.values())
    if isinstance(told, list | tuple):
        for each in told:
            yield from _rules_of(each)
