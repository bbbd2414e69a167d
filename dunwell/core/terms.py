"""The field's closed lists of words. `docs/glossary.md` carries each in three languages."""

from enum import IntEnum, StrEnum

LANGUAGES = ("en", "zh-Hans", "zh-Hant")


class DebtorKind(StrEnum):
    """Who owes: rules that protect consumers ask for this."""

    BUSINESS = "business"
    CONSUMER = "consumer"


class ReceivableKind(StrEnum):
    """What is owed. A credit note is owed by us, so its amount is negative."""

    INVOICE = "invoice"
    INSTALMENT = "instalment"
    CHARGE = "charge"
    CREDIT_NOTE = "credit_note"


class ChargeKind(StrEnum):
    """What a charge is for. A law may bound some of them together with the interest."""

    COURT_COST = "court_cost"
    LATE_FEE = "late_fee"
    PENALTY = "penalty"
    SERVICE_FEE = "service_fee"
    OTHER = "other"


class ReceivableStatus(StrEnum):
    """What the ledger says about an item, apart from payments."""

    OPEN = "open"
    CANCELLED = "cancelled"
    WRITTEN_OFF = "written_off"


class DocumentKind(StrEnum):
    """What a document of a receivable is."""

    E_INVOICE = "einvoice"


class PaymentSource(StrEnum):
    """Who told us of the money: a bank line, or a ledger whose open amount went down."""

    BANK = "bank"
    LEDGER = "ledger"


class Channel(StrEnum):
    """How a message leaves."""

    EMAIL = "email"
    LETTER = "letter"
    SMS = "sms"
    PHONE = "phone"
    VISIT = "visit"
    IM = "im"


class Stage(IntEnum):
    """The steps of a strategy, from gentle to firm. A strategy takes some of them, in this order; none that it has is
    skipped unless it says so. The gaps leave room for more.
    """

    NONE = 0
    NOTICE = 10
    REMINDER = 20
    SECOND_REMINDER = 25
    CALL = 30
    FIRST_DUNNING = 40
    SECOND_DUNNING = 50
    PERSON = 60
    LAWYER_LETTER = 70
    MEDIATION = 80
    AGENCY = 90
    SUIT = 100

    @property
    def word(self) -> str:
        """The stage's name in files and keys, e.g. `first_dunning`."""
        return self.name.lower()

    @property
    def is_message(self) -> bool:
        """Is it a letter or mail that the program can write? All others are the task of a person."""
        return self in WRITTEN_STAGES

    @property
    def is_talk(self) -> bool:
        """Does somebody talk with the debtor? No talk stands in for a letter, whatever stage it is."""
        return self in TALKS


WRITTEN_STAGES = (
    Stage.NOTICE,
    Stage.REMINDER,
    Stage.SECOND_REMINDER,
    Stage.FIRST_DUNNING,
    Stage.SECOND_DUNNING,
)
"""The steps for which there are letters and mails."""

TALKS = (Stage.CALL, Stage.PERSON, Stage.MEDIATION)
"""The steps that are talks. All others demand in writing, or hand the claim to somebody who does."""


class Note(StrEnum):
    """A message about a promise: a courtesy beside the steps, and never one of them."""

    REMINDER = "promise_reminder"
    THANKS = "promise_thanks"

    @property
    def purpose(self) -> str:
        """Why it takes place, in the words of docs/contact-rules.md: who is reminded is asked for money, who is thanked
        is told that it came, and asked for nothing."""
        return "collection" if self is Note.REMINDER else "service"

    @classmethod
    def of(cls, purpose: str) -> "Note":
        """Which of the two a message about a promise is, by its purpose."""
        return cls.REMINDER if purpose == cls.REMINDER.purpose else cls.THANKS


class HoldReason(StrEnum):
    """Why collecting is paused. The first five bind the person, whichever of his accounts they were told about."""

    CEASE_REQUEST = "cease_request"
    INSOLVENCY = "insolvency"
    DECEASED = "deceased"
    ATTORNEY = "attorney"
    MINOR = "minor"
    HARDSHIP = "hardship"
    TALKS = "talks"
    OTHER = "other"


class ContactOutcome(StrEnum):
    """What came of a call or a visit; docs/contact-rules.md says what each means. Rules say which they count."""

    REACHED = "reached"
    DROPPED = "dropped"
    MESSAGE_LEFT = "message_left"
    NO_ANSWER = "no_answer"
    NOT_CONNECTED = "not_connected"
    WRONG_PERSON = "wrong_person"


class OutboxState(StrEnum):
    """Where a message stands between the decision and the debtor. Prepared: it waits for somebody to release it."""

    PREPARED = "prepared"
    HELD = "held"
    RELEASED = "released"
    CLAIMED = "claimed"
    SENT = "sent"
    TRY_LATER = "try_later"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


SENDING_STATES = (OutboxState.RELEASED, OutboxState.CLAIMED, OutboxState.TRY_LATER)
"""A message in one of these leaves by itself, unless the last look stops it."""

LIVE_STATES = (OutboxState.PREPARED, OutboxState.HELD, *SENDING_STATES)
"""A message in one of these may still leave: at most one per creditor, debtor, purpose and currency."""

ACTIONS = ("message", "task", "none")
"""What a decision asks for: a message leaves, a person acts, or nothing happens today (and why)."""
