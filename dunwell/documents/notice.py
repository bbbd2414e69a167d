"""What a notice says, as plain data. It refuses to exist when its numbers or dates contradict one another."""

from dataclasses import dataclass
from datetime import date

from dunwell.core.dates import format_date
from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, format_money
from dunwell.core.terms import LANGUAGES, WRITTEN_STAGES, ReceivableKind, Stage
from dunwell.documents.account import Statement
from dunwell.documents.bank import ReferenceKind, check_bic, check_iban, is_qr_iban, reference_kind
from dunwell.rulebook.strategy import TONES, Offer


@dataclass(frozen=True, slots=True)
class Party:
    """A name and an address as it stands on an envelope.

    `lines` are the address without name and country, top to bottom. `country` is ISO 3166-1 alpha-2, or None when
    unknown; it chooses paper and address position.
    """

    name: str
    lines: tuple[str, ...] = ()
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """The creditor as he appears in a notice: where to pay, whom to ask, who signs.

    Raises `documents.iban_invalid`, `documents.bic_invalid`; `documents.no_account` without IBAN and account number;
    `documents.no_signatory` without a person's name.
    """

    party: Party
    signatory_name: str
    email: str | None = None
    phone: str | None = None
    iban: str | None = None
    bic: str | None = None
    bank_name: str | None = None
    account: str | None = None
    signatory_title: str | None = None
    city: str | None = None
    tax_id: str | None = None

    def __post_init__(self) -> None:
        if self.iban:
            object.__setattr__(self, "iban", check_iban(self.iban))
        if self.bic:
            object.__setattr__(self, "bic", check_bic(self.bic))
        if not self.iban and not self.account:
            raise DunwellError("documents.no_account", creditor=self.party.name[:80])
        if not self.signatory_name.strip():
            raise DunwellError("documents.no_signatory", creditor=self.party.name[:80])


@dataclass(frozen=True, slots=True)
class Item:
    """One open item. `days_past_due` is negative before the due date; a credit note's amounts are negative.

    A disputed item is shown but not demanded: `Notice.payable_minor` leaves it out.
    """

    number: str
    kind: str
    issue_date: date
    due_date: date
    days_past_due: int
    amount_minor: int
    open_minor: int
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything one letter or e-mail says. One creditor, one debtor, one currency, all items of the day.

    total_minor    sum of the items' open amounts less credit_minor: it must agree, or `documents.total_disagrees`
    credit_minor   payments and credits not yet matched with items, as a positive number
    late_minor     late interest and costs of the items up to `day`, demanded beside them: `annex` shows how they came
                   about, and its total is what the notice asks for, or `documents.annex_disagrees`
    reconciliation   whether the account reconciliation letter goes with it
    opt_out        whether an electronic message must say how to stop them
    from_collector   whether it must say that it comes from a debt collector, and what for
    tone           of `strategy.TONES`: which sentences are chosen; sums, deadlines and rights are the same in each
    own            a paragraph of the house's own, with its placeholders, see `rulebook.own_text`
    personal       a paragraph that a person wrote, see `personal.refuse_words`
    pay_by         the deadline; both dunning stages need one, and none lies before `day`

    From the reminder on every item demanded must be past its due date (`documents.item_not_due`): nobody is dunned
    for what is not due. Further errors: `documents.language_unknown`, `.stage_unwritten`, `.tone_unknown`,
    `.currency_unknown`, `.no_items`, `.kind_unknown`, `.wrong_sign`, `.nothing_to_pay`, `.days_disagree`,
    `.deadline_missing`, `.deadline_past`, `.qr_reference_missing`.
    """

    language: str
    stage: Stage
    sender: Sender
    debtor: Party
    debtor_number: str
    currency: str
    day: date
    items: tuple[Item, ...]
    credit_minor: int
    total_minor: int
    pay_by: date | None
    reference: str
    late_minor: int = 0
    annex: Statement | None = None
    opt_out: bool = False
    offer: Offer | None = None
    from_collector: bool = False
    reconciliation: bool = False
    personal: str = ""
    own: str = ""
    tone: str = "plain"

    def __post_init__(self) -> None:
        self._check_words()
        self._check_items()
        self._check_sums()
        self._check_deadline()
        if self.sender.iban and is_qr_iban(self.sender.iban) and self.reference_kind is not ReferenceKind.QR:
            raise DunwellError("documents.qr_reference_missing", reference=self.reference[:60])

    @property
    def word(self) -> str:
        """What it is, in names of files and templates."""
        return self.stage.word

    @property
    def asks(self) -> bool:
        """Does it ask for money? Every notice does."""
        return True

    @property
    def disputed_minor(self) -> int:
        """Open amounts in dispute: listed, not demanded."""
        return sum(item.open_minor for item in self.items if item.disputed)

    @property
    def payable_minor(self) -> int:
        """What the notice asks for: the total less what is in dispute, with late interest and costs.

        This is the sum in the payment code.
        """
        return self.total_minor - self.disputed_minor + self.late_minor

    @property
    def reference_kind(self) -> ReferenceKind:
        """What the payment reference proves to be by its check digits."""
        return reference_kind(self.reference)

    def _check_words(self) -> None:
        if self.language not in LANGUAGES:
            raise DunwellError("documents.language_unknown", language=self.language[:20])
        if self.stage not in WRITTEN_STAGES:
            raise DunwellError("documents.stage_unwritten", stage=self.stage.word)
        if self.tone not in TONES:
            raise DunwellError("documents.tone_unknown", tone=self.tone[:20], known=", ".join(TONES))
        if self.currency not in DIGITS:
            raise DunwellError("documents.currency_unknown", currency=self.currency[:20])

    def _check_items(self) -> None:
        if not self.items:
            raise DunwellError("documents.no_items", debtor=self.debtor_number[:60])
        for item in self.items:
            number = item.number[:60]
            if item.kind not in tuple(ReceivableKind):
                raise DunwellError("documents.kind_unknown", number=number, kind=item.kind[:20])
            credit = item.kind == ReceivableKind.CREDIT_NOTE
            if (item.open_minor > 0) == credit or item.open_minor == 0 or (credit and item.disputed):
                raise DunwellError("documents.wrong_sign", number=number, open=self._money(item.open_minor))
            if credit:
                continue
            if self.stage >= Stage.REMINDER and not item.disputed and item.days_past_due <= 0:
                raise DunwellError("documents.item_not_due", number=number, due=format_date(item.due_date, "en"))
            if item.days_past_due > 0 and item.days_past_due > (self.day - item.due_date).days:
                raise DunwellError("documents.days_disagree", number=number, days=item.days_past_due)

    def _check_sums(self) -> None:
        summed = sum(item.open_minor for item in self.items) - self.credit_minor
        if self.credit_minor < 0 or summed != self.total_minor:
            raise DunwellError(
                "documents.total_disagrees", total=self._money(self.total_minor), summed=self._money(summed)
            )
        if self.payable_minor <= 0:
            raise DunwellError("documents.nothing_to_pay", payable=self._money(self.payable_minor))
        told = self.annex.totals if self.annex else {self.currency: self.payable_minor - self.late_minor}
        if self.late_minor < 0 or told != {self.currency: self.payable_minor}:
            stated = ", ".join(format_money(minor, currency, "en") for currency, minor in told.items())
            raise DunwellError("documents.annex_disagrees", total=self._money(self.payable_minor), stated=stated)

    def _check_deadline(self) -> None:
        if self.pay_by is None:
            if self.stage >= Stage.FIRST_DUNNING:
                raise DunwellError("documents.deadline_missing", stage=self.stage.word)
        elif self.pay_by < self.day:
            raise DunwellError("documents.deadline_past", pay_by=format_date(self.pay_by, "en"))

    def _money(self, minor: int) -> str:
        return format_money(minor, self.currency, "en")
