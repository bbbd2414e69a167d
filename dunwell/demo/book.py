"""A book of receivables as it would have grown over eighteen months. Pure, and the same for the same seed.

Every debtor has a source of chance of his own, so that one who is added changes no other.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from dunwell.core.money import DIGITS
from dunwell.demo import calibration, names
from dunwell.demo.calibration import Nature
from dunwell.demo.houses import HOUSES, UNITS_PER_USD, House

HISTORY_DAYS = 548
"""Eighteen months."""

EXTRAS = 0.93
"""So much of the wanted receivables are invoices; charges and credit notes are the rest."""

_LARGEST_USD = 2_000_000


@dataclass(frozen=True, slots=True)
class DemoDebtor:
    """A customer account. `nature`, `late_share` and `dispute_rate` stand in no file."""

    house: str
    number: str
    name: str
    consumer: bool
    place: names.Place
    street: str
    postcode: str
    city: str
    region: str
    zone: str
    person: str
    email: str
    contact_name: str
    preferred_channel: str
    currency: str
    terms_days: int
    nature: Nature
    late_share: float
    dispute_rate: float

    @property
    def bounces(self) -> bool:
        """Does its address refuse mail?"""
        return self.email.endswith(".invalid")


@dataclass(frozen=True, slots=True)
class Item:
    """A receivable. kind: invoice, charge or credit_note (amount_minor > 0 for all). `parent`: the invoice."""

    number: str
    debtor: str
    kind: str
    parent: str
    issued: date
    due: date
    currency: str
    amount_minor: int
    text: str


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came in; `item` is empty where the payer named nothing. Negative with `reverses`: it went back."""

    number: str
    debtor: str
    item: str
    day: date
    currency: str
    amount_minor: int
    method: str
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """A dispute in the ledger: about the whole (amount_minor None) or a part."""

    number: str
    debtor: str
    item: str
    opened: date
    closed: date | None
    currency: str
    amount_minor: int | None
    reason: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Later:
    """An invoice that is not settled on the first day, or not issued yet: what it owes, and when it would be paid."""

    invoice: Item
    owed_minor: int
    planned: date


@dataclass(slots=True)
class Book:
    """One creditor's ledger at the end of a day, and what the future holds for it."""

    house: House
    day: date
    debtors: list[DemoDebtor] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)
    contests: list[Contest] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)


def make_books(seed: int, debtors: int, receivables: int, *, today: date, until: date) -> list[Book]:
    """The books of the three creditors as known at the end of `today`; invoices issued until `until` lie ahead.

    `receivables` counts items with charges and credit notes up to `until`, and is met within a few per cent where
    there are at least five per debtor.
    """
    shares = [max(3, round(house.share * debtors)) for house in HOUSES]
    shares[0] = max(3, debtors - sum(shares[1:]))
    total = sum(shares)
    return [
        _make_book(seed, house, count, round(receivables * count / total), today, until)
        for house, count in zip(HOUSES, shares, strict=True)
    ]


def _make_book(seed: int, house: House, debtors: int, receivables: int, today: date, until: date) -> Book:
    book = Book(house, today)
    rng = calibration.chance(seed, house.code)
    counts = calibration.invoice_counts(debtors, round(receivables * EXTRAS))
    rng.shuffle(counts)
    consumers = _consumers(rng, house, counts)
    previous: DemoDebtor | None = None
    numbers = _Numbers(house)
    for place, count in enumerate(counts):
        own = calibration.chance(seed, house.code, place)
        debtor = _debtor(own, house, f"{house.prefix}{place + 1:05d}", place in consumers, previous)
        book.debtors.append(debtor)
        _history(own, book, debtor, count, numbers, today, until)
        previous = debtor
    return book


def _consumers(rng: Random, house: House, counts: list[int]) -> set[int]:
    """Consumers are those with few invoices."""
    small = [place for place, count in enumerate(counts) if count <= 3]
    return set(rng.sample(small, min(len(small), round(house.consumers * len(counts)))))


class _Numbers:
    """Running numbers of documents, as a ledger gives them."""

    def __init__(self, house: House) -> None:
        self._prefix = house.prefix
        self._last = 0

    def next(self, letters: str, day: date) -> str:
        self._last += 1
        return f"{letters}{day:%y}{self._prefix}{self._last:05d}"


def _debtor(rng: Random, house: House, number: str, consumer: bool, previous: DemoDebtor | None) -> DemoDebtor:
    country = _pick(rng, house.countries)
    place = names.places()[country]
    name = names.person(rng, place) if consumer else names.company(rng, place)
    street, postcode, city, region, zone = names.address(rng, place)
    person = ""
    again = previous is not None and not previous.person and previous.consumer == consumer and rng.random() < 0.04
    if again and previous is not None:
        # one human or company with two accounts: the same name and address, another number
        place, name, zone = previous.place, previous.name, previous.zone
        street, postcode, city, region = previous.street, previous.postcode, previous.city, previous.region
        person = f"P{previous.number}"
    reached = rng.random()
    has_mail = reached < (0.45 if consumer else 0.63)
    bounces = has_mail and rng.random() < 0.03
    wants = rng.random()
    home_currency = house.fields["currency"]
    return DemoDebtor(
        house=house.code,
        number=number,
        name=name,
        consumer=consumer,
        place=place,
        street=street,
        postcode=postcode,
        city=city,
        region=region,
        zone=zone,
        person=person,
        email=names.mailbox(number, consumer=consumer, bounces=bounces) if has_mail else "",
        contact_name="" if consumer or rng.random() < 0.4 else names.person(rng, place),
        preferred_channel="letter" if wants < 0.01 else "email" if has_mail and wants < 0.15 else "",
        currency=_pick(rng, house.currencies.get(place.country, {home_currency: 1.0})),
        terms_days=rng.choice((14, 30)) if consumer else rng.choice(house.terms),
        nature=calibration.draw_nature(rng),
        late_share=rng.betavariate(*calibration.LATE_SHARE),
        dispute_rate=rng.betavariate(*calibration.DISPUTE_RATE) * calibration.DISPUTE_SCALE,
    )


def _history(
    rng: Random, book: Book, debtor: DemoDebtor, count: int, numbers: _Numbers, today: date, until: date
) -> None:
    """The account's invoices and what became of each by the end of `today`."""
    first = until - timedelta(days=HISTORY_DAYS)
    days = sorted(_office_day(first + timedelta(days=rng.randrange(HISTORY_DAYS)), until) for _ in range(count))
    for issued in days:
        number = numbers.next("R", issued)
        currency = "USD" if debtor.currency != "USD" and rng.random() < 0.004 else debtor.currency
        invoice = Item(
            number=number,
            debtor=debtor.number,
            kind="invoice",
            parent="",
            issued=issued,
            due=issued + timedelta(days=debtor.terms_days),
            currency=currency,
            amount_minor=_amount(rng, debtor, currency),
            text=book.house.invoice_name,
        )
        contested = rng.random() < debtor.dispute_rate
        planned = calibration.own_payment(
            rng,
            nature=debtor.nature,
            consumer=debtor.consumer,
            late_share=debtor.late_share,
            issued=issued,
            due=invoice.due,
            disputed=contested,
        )
        if issued > today:
            book.later.append(Later(invoice, invoice.amount_minor, planned))
            continue
        book.items.append(invoice)
        _became(rng, book, debtor, invoice, _dunned(rng, debtor, invoice, planned), contested, numbers)


def _dunned(rng: Random, debtor: DemoDebtor, invoice: Item, planned: date) -> date:
    """Somebody wrote to late payers in the past as well: most of them paid within some months."""
    if (planned - invoice.due).days > 20 and debtor.nature is not Nature.REFUSING and rng.random() < 0.85:
        return min(planned, invoice.due + timedelta(days=20 + round(rng.expovariate(1 / 30))))
    return planned


def _became(
    rng: Random, book: Book, debtor: DemoDebtor, invoice: Item, planned: date, contested: bool, numbers: _Numbers
) -> None:
    """Charges, credit notes, disputes and payments of an invoice by the end of the book's day."""
    today, owed = book.day, invoice.amount_minor
    if rng.random() < 0.035:
        day = _office_day(invoice.issued + timedelta(days=rng.randint(3, 25)), today)
        if day <= min(planned, today):
            part = _round(invoice.amount_minor * rng.uniform(0.05, 0.3), invoice.currency)
            parent = invoice.number if rng.random() < 0.8 else ""
            book.items.append(_extra(numbers, "G", "credit_note", invoice, day, part, parent, book.house.credit_name))
            owed -= part
    fee = book.house.charge[invoice.currency]
    charged = invoice.due + timedelta(days=21)
    if min(planned, today) > charged and rng.random() < 0.35:
        book.items.append(_extra(numbers, "M", "charge", invoice, charged, fee, invoice.number, book.house.charge_name))
        owed += fee
    if contested:
        owed -= _contest(rng, book, invoice, planned, numbers)
    paid_on = _office_day(planned, None)
    if paid_on > today:
        if debtor.nature is Nature.HARDSHIP and today > invoice.due and rng.random() < 0.3:
            part = _round(owed * rng.uniform(0.2, 0.6), invoice.currency)
            book.payments.append(_pay(rng, numbers, invoice, _between(rng, invoice.due, today), part, named=True))
            owed -= part
        book.later.append(Later(invoice, owed, planned))
        return
    if owed <= 0:
        return
    named = rng.random() > 0.004
    pieces = [owed]
    if debtor.nature is Nature.HARDSHIP and rng.random() < 0.4 and owed > 10:
        half = owed // 2
        pieces = [half, owed - half]
    for n, piece in enumerate(pieces):
        day = _office_day(planned - timedelta(days=20 * (len(pieces) - 1 - n)), None)
        book.payments.append(_pay(rng, numbers, invoice, max(day, invoice.issued), piece, named=named))
    if rng.random() < 0.002:
        _bounce(rng, book, numbers, invoice, today)


def _bounce(rng: Random, book: Book, numbers: _Numbers, invoice: Item, today: date) -> None:
    """A direct debit that is taken back and paid again."""
    last = book.payments[-1]
    back, again = _office_day(last.day + timedelta(days=4), None), _office_day(last.day + timedelta(days=11), None)
    if again <= today and last.item:
        book.payments.append(
            Paid(
                numbers.next("Z", back),
                last.debtor,
                last.item,
                back,
                last.currency,
                -last.amount_minor,
                "",
                last.number,
            )
        )
        book.payments.append(_pay(rng, numbers, invoice, again, last.amount_minor, named=True))


REASONS = {
    "en": ("goods damaged", "quantity differs from the order", "price differs from the offer", "not delivered"),
    "zh-Hans": ("货物破损", "数量与订单不符", "价格与报价不符", "未收到货物"),
    "zh-Hant": ("貨品破損", "數量與訂單不符", "價格與報價不符", "未收到貨品"),
}
"""Why people dispute, in the language of the ledger."""

OUTCOMES = {"en": ("upheld", "rejected"), "zh-Hans": ("成立", "不成立"), "zh-Hant": ("成立", "不成立")}
"""How a dispute ends: a credit note follows, or nothing does."""


def _contest(rng: Random, book: Book, invoice: Item, planned: date, numbers: _Numbers) -> int:
    """A dispute; returns what a credit note takes off because it was right."""
    today, language = book.day, book.house.fields["language"]
    opened = invoice.issued + timedelta(days=rng.randint(2, 20))
    if opened > today or opened >= planned:
        opened = invoice.issued
    settled = min(_office_day(opened + timedelta(days=rng.randint(8, 35)), None), max(planned, opened))
    part = _round(invoice.amount_minor * rng.uniform(0.05, 0.5), invoice.currency) if rng.random() < 0.6 else None
    closed = settled if settled <= today else None
    right = rng.random() < 0.5
    book.contests.append(
        Contest(
            number=numbers.next("D", opened),
            debtor=invoice.debtor,
            item=invoice.number,
            opened=opened,
            closed=closed,
            currency=invoice.currency,
            amount_minor=part,
            reason=rng.choice(REASONS[language]),
            outcome="" if closed is None else OUTCOMES[language][0 if right else 1],
        )
    )
    if closed is None or not right or part is None:
        return 0
    book.items.append(
        _extra(numbers, "G", "credit_note", invoice, closed, part, invoice.number, book.house.credit_name)
    )
    return part


def _extra(
    numbers: _Numbers, letters: str, kind: str, invoice: Item, day: date, amount: int, parent: str, text: str
) -> Item:
    return Item(numbers.next(letters, day), invoice.debtor, kind, parent, day, day, invoice.currency, amount, text)


def _pay(rng: Random, numbers: _Numbers, invoice: Item, day: date, amount: int, *, named: bool) -> Paid:
    return Paid(
        number=numbers.next("Z", day),
        debtor=invoice.debtor,
        item=invoice.number if named else "",
        day=day,
        currency=invoice.currency,
        amount_minor=amount,
        method=rng.choice(("transfer", "transfer", "direct debit")),
    )


def _amount(rng: Random, debtor: DemoDebtor, currency: str) -> int:
    fit = calibration.CONSUMER_AMOUNT if debtor.consumer else calibration.AMOUNT
    units = min(rng.lognormvariate(*fit), _LARGEST_USD) * UNITS_PER_USD[currency]
    whole = 100 if currency == "TWD" else 1
    one = int(10 ** DIGITS[currency])
    return max(one, round(units * one / whole) * whole)


def _round(minor: float, currency: str) -> int:
    whole = 100 if currency == "TWD" else 1
    return max(whole, int(minor / whole) * whole)


def _between(rng: Random, first: date, last: date) -> date:
    return _office_day(first + timedelta(days=rng.randint(0, max(0, (last - first).days))), last)


def _office_day(day: date, latest: date | None) -> date:
    """The day, or the Monday after; the Friday before where that would be too late."""
    if day.weekday() < 5:
        return day
    monday = day + timedelta(days=7 - day.weekday())
    return monday if latest is None or monday <= latest else day - timedelta(days=day.weekday() - 4)


def _pick(rng: Random, weights: dict[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
