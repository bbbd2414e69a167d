"""What a message about a promise says, as plain data: a reminder before it falls due, or thanks when it was kept."""

from dataclasses import dataclass
from datetime import date

from dunwell.core.errors import DunwellError
from dunwell.core.money import DIGITS, format_money
from dunwell.core.terms import LANGUAGES, Note
from dunwell.documents.bank import ReferenceKind, is_qr_iban, reference_kind
from dunwell.documents.notice import Notice, Party, Sender


@dataclass(frozen=True, slots=True)
class PromiseNote:
    """Everything one such letter or e-mail says. It lists no items, sets no deadline and demands nothing new.

    total_minor      of a reminder what of the promise is still to come, of thanks what came
    due_date         when the promise falls due; a reminder comes before it, or `documents.deadline_past`
    opt_out          whether an electronic message must say how to stop them
    from_collector   whether it must say that it comes from a debt collector, and what for

    Further errors: `documents.language_unknown`, `.currency_unknown`, `.nothing_to_pay`, `.qr_reference_missing`.
    """

    note: Note
    language: str
    sender: Sender
    debtor: Party
    debtor_number: str
    currency: str
    day: date
    total_minor: int
    due_date: date
    opt_out: bool = False
    from_collector: bool = False
    annex: None = None

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise DunwellError("documents.language_unknown", language=self.language[:20])
        if self.currency not in DIGITS:
            raise DunwellError("documents.currency_unknown", currency=self.currency[:20])
        if self.total_minor <= 0:
            raise DunwellError("documents.nothing_to_pay", payable=format_money(self.total_minor, self.currency, "en"))
        if self.note is Note.REMINDER and self.due_date < self.day:
            raise DunwellError("documents.deadline_past", pay_by=self.due_date.isoformat())
        if self.sender.iban and is_qr_iban(self.sender.iban) and self.reference_kind is not ReferenceKind.QR:
            raise DunwellError("documents.qr_reference_missing", reference=self.reference[:60])

    @property
    def word(self) -> str:
        """What it is, in names of files and templates."""
        return self.note.value

    @property
    def reference(self) -> str:
        """The payment reference: the debtor's number."""
        return self.debtor_number

    @property
    def reference_kind(self) -> ReferenceKind:
        """What the payment reference proves to be by its check digits."""
        return reference_kind(self.reference)

    @property
    def asks(self) -> bool:
        """Does it ask for money?"""
        return self.note is Note.REMINDER

    @property
    def payable_minor(self) -> int:
        """The sum in the payment code."""
        return self.total_minor if self.asks else 0


type Written = Notice | PromiseNote
"""What a letter or an e-mail is made of."""
