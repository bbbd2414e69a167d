"""Read payment terms from their notation (see `payment_terms`); what cannot be read is refused at its place."""

import re
from datetime import date
from fractions import Fraction

from dunwell.core.errors import DunwellError
from dunwell.rulebook.calendars import calendar_named
from dunwell.rulebook.payment_terms import (
    FINEST_SHARE,
    FIRST_DAY,
    LAST_DAY,
    LAST_OF_MONTH,
    MOST_DAYS,
    MOST_MONTHS,
    MOST_PARTS,
    MOST_STEPS,
    BaseDate,
    Part,
    PaymentTerms,
    Step,
    share_text,
)

_MOST_TEXT = 4_000
_TOKEN = re.compile(
    r"\s*(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})|(?P<ordinal>[0-9]+(?:st|nd|rd|th))(?![a-z0-9])"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<word>[a-z]+(?:-[a-z0-9]+)?)|(?P<sign>[+;:%/,]))",
    re.ASCII | re.IGNORECASE,
)


def read_terms(text: str) -> PaymentTerms:
    """Terms from their notation. Refuses what it cannot read, naming the place (1 is the first character)."""
    return _Reader(text).terms()


def told_terms(text: str) -> PaymentTerms:
    """Terms as people write them: a number alone is days. Raises what `read_terms` does."""
    days = text.strip()
    return read_terms(f"{days} days" if days.isascii() and days.isdecimal() else text)


class _Reader:
    """Reads tokens from left to right; `here` is the place of the token last looked at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.here = 0
        self.tokens: list[tuple[str, str, int]] = []
        if not text.strip():
            raise DunwellError("terms.empty")
        if len(text) > _MOST_TEXT:
            raise DunwellError("terms.too_long", most=_MOST_TEXT)
        end = 0
        while end < len(text.rstrip()):
            found = _TOKEN.match(text, end)
            if found is None:
                raise self._unread(len(text) - len(text[end:].lstrip()))
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind].lower(), found.start(kind)))
            end = found.end()

    def terms(self) -> PaymentTerms:
        parts = [self._part()]
        while self._took("sign", ";"):
            if len(parts) == MOST_PARTS:
                raise DunwellError("terms.too_many", position=self.here + 1, most=MOST_PARTS)
            parts.append(self._part())
        calendar = calendar_named(self._take("word").upper()) if self._took("word", "roll") else None
        if self._kind():
            raise self._unread()
        total = sum((part.share for part in parts), Fraction(0))
        if total != 1:
            raise DunwellError("terms.shares", total=share_text(total))
        return PaymentTerms(tuple(parts), calendar)

    def _part(self) -> Part:
        share = self._share()
        if self._took("word", "on"):
            return Part(share, (), (), self._fixed())
        steps = [self._step()]
        while self._took("sign", "+"):
            if len(steps) == MOST_STEPS:
                raise DunwellError("terms.too_many", position=self.here + 1, most=MOST_STEPS)
            steps.append(self._step())
        base = self._base() if self._took("word", "from") else (BaseDate.INVOICE,)
        return Part(share, tuple(steps), base)

    def _share(self) -> Fraction:
        """`30%:` or `1/3:`; what has none is the whole."""
        if self._kind() != "number" or self._kind(1) != "sign" or self.tokens[self.at + 1][1] not in "%/":
            return Fraction(1)
        place, number = self._place(), Fraction(self._take("number"))
        if self._took("sign", "%"):
            share = number / 100
        else:
            self._expect("sign", "/")
            share = number / self._whole_number(1, FINEST_SHARE)
        if not 0 < share <= 1 or share.denominator > FINEST_SHARE:
            value = self.text[place : self._place()].strip()
            raise DunwellError("terms.bad_share", position=place + 1, value=value)
        self._expect("sign", ":")
        return share

    def _step(self) -> Step:
        self._took("word", "net")
        if self._took("word", "eom"):
            return Step(day=LAST_OF_MONTH)
        if self._took("word", "end"):
            return Step(self._of_month(0), LAST_OF_MONTH)
        if self._kind() == "ordinal":
            day = self._ordinal_number(LAST_OF_MONTH)
            return Step(self._of_month(1), day)
        after_net = self.at > 0 and self.tokens[self.at - 1][1] == "net"
        if self._kind(1) == "word" and self.tokens[self.at + 1][1] in ("month", "months"):
            months = self._whole_number(1, MOST_MONTHS)
            self._take("word")
            return Step(months=months)
        days = self._whole_number(0, MOST_DAYS)
        if not (self._took("word", "days") or self._took("word", "day") or after_net):
            raise self._unread()
        return Step(days=days)

    def _of_month(self, least: int) -> int:
        """`of month`, `of next month`, `of 3rd month`: how many months on."""
        self._expect("word", "of")
        if self._took("word", "next"):
            months = 1
        elif self._kind() == "ordinal":
            months = self._ordinal_number(MOST_MONTHS)
        elif least == 0:
            months = 0
        else:
            raise self._unread()
        self._expect("word", "month")
        return months

    def _base(self) -> tuple[BaseDate, ...]:
        several = self._took("word", "later")
        if several:
            self._expect("word", "of")
        base = [self._base_date()]
        while several and (self._took("word", "and") or self._took("sign", ",")):
            base.append(self._base_date())
        if several and len(base) < 2:
            raise self._unread()
        return tuple(kind for kind in BaseDate if kind in base)

    def _base_date(self) -> BaseDate:
        if self._kind() == "word" and self.tokens[self.at][1] in list(BaseDate):
            return BaseDate(self._take("word"))
        if self._kind() == "word":
            place = self._place()
            raise DunwellError(
                "terms.unknown_base", position=place + 1, value=self._take("word"), known=", ".join(BaseDate)
            )
        raise self._unread()

    def _fixed(self) -> date:
        place, said = self._place(), self._take("date")
        try:
            day = date.fromisoformat(said)
        except ValueError:
            raise DunwellError("terms.no_such_day", position=place + 1, value=said) from None
        if not FIRST_DAY <= day <= LAST_DAY:
            raise DunwellError("terms.no_such_day", position=place + 1, value=said)
        return day

    def _whole_number(self, least: int, most: int) -> int:
        place, said = self._place(), self._take("number")
        if not said.isdigit() or not least <= int(said) <= most:
            raise DunwellError("terms.number", position=place + 1, value=said, least=least, most=most)
        return int(said)

    def _ordinal_number(self, most: int) -> int:
        place, said = self._place(), self._take("ordinal")
        if not 1 <= int(said[:-2]) <= most:
            raise DunwellError("terms.number", position=place + 1, value=said, least=1, most=most)
        return int(said[:-2])

    def _kind(self, ahead: int = 0) -> str | None:
        return self.tokens[self.at + ahead][0] if self.at + ahead < len(self.tokens) else None

    def _place(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text.rstrip())

    def _take(self, kind: str) -> str:
        if self._kind() != kind:
            raise self._unread()
        self.here = self._place()
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _took(self, kind: str, said: str) -> bool:
        if self._kind() != kind or self.tokens[self.at][1] != said:
            return False
        self._take(kind)
        return True

    def _expect(self, kind: str, said: str) -> None:
        if not self._took(kind, said):
            raise self._unread()

    def _unread(self, place: int | None = None) -> DunwellError:
        """The refusal of what stands at a place, or here."""
        place = self._place() if place is None else place
        rest = self.text[place:].strip()
        if not rest:
            return DunwellError("terms.ends_early", position=place + 1, text=self.text.strip())
        return DunwellError("terms.unreadable", position=place + 1, value=rest[:20])
