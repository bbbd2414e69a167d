"""The notice by which a collector of the debts of others lets a consumer check a debt: 12 CFR 1006.34 (Regulation F).

What it must say is the law's. Where the law gives words (the prompts of 1006.34(c)(4), the phrases of comment
34(c)(3)(v)-1) they stand as they are. All other words are our own, plain ones: the text of Model Form B-1 is not at
hand, so the notice claims no safe harbor of 1006.34(d)(2). It is English: a translation may go with it (1006.34(e)).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, format_money
from dunwell.documents.notice import Party
from dunwell.documents.plain import plain
from dunwell.rulebook.notice_periods import notice_periods

DATE_KINDS: Mapping[str, str] = {
    "last_statement": "the date of the last statement or invoice given to you",
    "charge_off": "the date the debt was charged off",
    "last_payment": "the date the last payment was applied to the debt",
    "transaction": "the date of the transaction that gave rise to the debt",
    "judgment": "the date of the court judgment on the debt",
}
"""What an itemization date may be (1006.34(b)(3)), with its words."""
PERIOD = "us.regf.validation-period"
_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class ValidationNotice:
    """One debt, or several of one consumer together, as they stand on the day the notice is given. Amounts are minor
    units of `currency`, none negative.

    consumer       name and mailing address
    financial      whether the debt is one of a consumer financial product or service: then the creditor of the
                   itemization date and the Bureau's website are named
    account        the account number of that date, a part of it, or "" where there was none
    then_minor     what was owed on the itemization date, interest and fees of that day included
    now_minor      what is owed on `day`: then + interest + fees - payments - credits

    Raises `validation.no_address`, `validation.date_kind`, `validation.currency`, `validation.date_order`,
    `validation.negative`, `validation.no_creditor_then`, `validation.total_disagrees`, `validation.nothing_owed`,
    `validation.no_period` (before the rule, or where the holidays on the way are not known yet).
    """

    collector: Party
    consumer: Party
    creditor_now: str
    creditor_then: str
    account: str
    date_kind: str
    itemization_date: date
    day: date
    currency: str
    then_minor: int
    interest_minor: int
    fees_minor: int
    payments_minor: int
    credits_minor: int
    now_minor: int
    financial: bool = True
    email: str = ""
    phone: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        for party in (self.collector, self.consumer):
            if not party.name.strip() or not any(line.strip() for line in party.lines):
                raise DunwellError("validation.no_address", name=party.name[:80])
        if self.date_kind not in DATE_KINDS:
            raise DunwellError("validation.date_kind", value=self.date_kind[:40], known=", ".join(DATE_KINDS))
        if self.currency not in DIGITS:
            raise DunwellError("validation.currency", value=self.currency[:20])
        if self.itemization_date > self.day:
            raise DunwellError("validation.date_order", day=self.itemization_date.isoformat())
        if self.financial and not self.creditor_then.strip():
            raise DunwellError("validation.no_creditor_then")
        self._check_sums()
        if self._period_end() is None:
            raise DunwellError("validation.no_period", day=self.day.isoformat())

    @property
    def period_end(self) -> date:
        """The last day of the validation period: five working days until it is assumed to be received, and 30 days."""
        found = self._period_end()
        assert found is not None
        return found

    def _period_end(self) -> date | None:
        found = notice_periods()[PERIOD].last_day(self.day)
        return found.day if found is not None and found.known else None

    def _check_sums(self) -> None:
        since = (self.interest_minor, self.fees_minor, self.payments_minor, self.credits_minor)
        if min(self.then_minor, *since) < 0:
            raise DunwellError("validation.negative")
        summed = self.then_minor + self.interest_minor + self.fees_minor - self.payments_minor - self.credits_minor
        if summed != self.now_minor:
            raise DunwellError(
                "validation.total_disagrees", total=self._money(self.now_minor), summed=self._money(summed)
            )
        if self.now_minor <= 0:
            raise DunwellError("validation.nothing_owed", total=self._money(self.now_minor))

    def _money(self, minor: int) -> str:
        return format_money(minor, self.currency, _LANGUAGE)


@dataclass(frozen=True, slots=True)
class ValidationWords:
    """All words and numbers of a notice, cleaned and formatted. Pairs are (label, value)."""

    title: str
    day: str
    collector_name: str
    collector_lines: tuple[str, ...]
    consumer_name: str
    consumer_lines: tuple[str, ...]
    disclosure: str
    intro: str
    facts: tuple[tuple[str, str], ...]
    table_head: str
    table: tuple[tuple[str, str], ...]
    total: tuple[str, str]
    rights_head: str
    rights: tuple[str, ...]
    reach: str
    opt_out: str
    form_head: str
    form_all: str
    dispute: str
    reasons: tuple[str, ...]
    original: str
    mail_to: str


def words_of(notice: ValidationNotice, *, electronic: bool) -> ValidationWords:
    """The notice in words. `electronic`: with how to reply electronically (1006.34(c)(3)(v)) and how to stop e-mails
    (1006.6(e)); raises `validation.no_email` where no address for that is known."""
    if electronic and not notice.email:
        raise DunwellError("validation.no_email")
    name, creditor = plain(notice.collector.name, 120), plain(notice.creditor_now, 120)
    account, end = plain(notice.account, 60), format_date(notice.period_end, _LANGUAGE)
    itemized, money = format_date(notice.itemization_date, _LANGUAGE), notice._money
    return ValidationWords(
        title="Notice about a debt, and how to dispute it",
        day=format_date(notice.day, _LANGUAGE),
        collector_name=name,
        collector_lines=_lines(notice.collector),
        consumer_name=plain(notice.consumer.name, 120),
        consumer_lines=_lines(notice.consumer),
        disclosure=(
            f"{name} is a debt collector. This is an attempt to collect a debt, and any information obtained will be"
            " used for that purpose."
        ),
        intro=(
            f"We are trying to collect a debt that is owed to {creditor}. Below is what we know of it, and what you can"
            " do if you think that it is wrong."
        ),
        facts=tuple(
            pair
            for pair in (
                ("Creditor to whom the debt is owed now", creditor),
                (f"Creditor on {itemized}", plain(notice.creditor_then, 120)),
                ("Account number", account),
                ("Our reference", plain(notice.reference, 60)),
            )
            if pair[1]
        ),
        table_head=f"{itemized} is {DATE_KINDS[notice.date_kind]}. Since then the debt has changed as follows:",
        table=(
            (f"Amount of the debt on {itemized}", money(notice.then_minor)),
            ("Interest since then", _plus(notice.interest_minor, money(notice.interest_minor))),
            ("Fees since then", _plus(notice.fees_minor, money(notice.fees_minor))),
            ("Payments since then", _minus(notice.payments_minor, money(notice.payments_minor))),
            ("Credits since then", _minus(notice.credits_minor, money(notice.credits_minor))),
        ),
        total=(f"Amount of the debt now ({format_date(notice.day, _LANGUAGE)})", money(notice.now_minor)),
        rights_head="Your rights",
        rights=_rights(notice, end, electronic=electronic),
        reach=f"You can also call us at {plain(notice.phone, 40)}." if notice.phone else "",
        opt_out=(
            "If you do not want e-mails about this debt at this address, reply with the word STOP. It costs nothing,"
            " and we need nothing else from you."
        )
        if electronic
        else "",
        form_head="How do you want to respond?",
        form_all="Check all that apply:",
        dispute="I want to dispute the debt because I think:",
        reasons=(
            "This is not my debt.",
            "The amount is wrong.",
            "Other (please describe on reverse or attach additional information).",
        ),
        original="I want you to send me the name and address of the original creditor.",
        mail_to="Mail this form to:",
    )


def _rights(notice: ValidationNotice, end: str, *, electronic: bool) -> tuple[str, ...]:
    """What 1006.34(c)(3) wants said."""
    told = [
        (
            f"If you write to us by {end} that you dispute the debt, or any part of it, we must stop collecting it, or"
            " the part you dispute, until we send you either verification of the debt or a copy of a judgment."
        ),
        (
            f"If you write to us by {end} and ask for the name and address of the original creditor, we must stop"
            " collecting the debt until we send you that name and address, if that creditor is not the current one."
        ),
        f"Unless you contact us by {end} to dispute the debt, or any part of it, we will assume that it is valid.",
    ]
    if notice.financial:
        told.append(
            "More information about your protections in debt collection is on the website of the Consumer Financial"
            " Protection Bureau: www.cfpb.gov/debt-collection."
        )
    if electronic:
        email = plain(notice.email, 100)
        told.append(
            f"We accept disputes electronically at {email}. We accept original creditor information requests"
            f" electronically at {email}."
        )
    return tuple(told)


def _lines(party: Party) -> tuple[str, ...]:
    return tuple(line for line in (plain(line, 100) for line in party.lines[:8]) if line)


def _plus(minor: int, money: str) -> str:
    """No field is blank, also where nothing came: comment 34(c)(2)(viii)-1."""
    return f"+ {money}" if minor else "none"


def _minus(minor: int, money: str) -> str:
    return f"\u2212 {money}" if minor else "none"
