"""All tables, by what they tell."""

from dunwell.store.models.bank import BankLine
from dunwell.store.models.contacts import Clearance, ContactAttempt, ContactItem, Document, OutboxMessage
from dunwell.store.models.day import Decision, Run, Standing
from dunwell.store.models.documents import ReceivableDocument
from dunwell.store.models.interest import InterestTerms, InterestTermsPast, RateValue, RateValuePast
from dunwell.store.models.journal import JournalEntry
from dunwell.store.models.ledger import (
    Contract,
    ContractPast,
    ImportFile,
    Match,
    MatchPast,
    Payment,
    PaymentPast,
    Receivable,
    ReceivablePast,
)
from dunwell.store.models.legal import (
    Guarantee,
    GuaranteePast,
    InsolvencyFiling,
    InsolvencyFilingPast,
    LimitationClaim,
    LimitationClaimPast,
    LimitationEvent,
    LimitationEventPast,
)
from dunwell.store.models.parties import (
    ContactPoint,
    ContactPointPast,
    Creditor,
    Debtor,
    DebtorPast,
    Guarantor,
    GuarantorPast,
    Person,
    ThirdPerson,
)
from dunwell.store.models.registers import RegisterEntry, RegisterEntryPast
from dunwell.store.models.release import ReleaseSet
from dunwell.store.models.rules import HouseRule, HouseRulePast
from dunwell.store.models.strategy import (
    Observation,
    ObservationPast,
    Step,
    StepPast,
    StrategyAdopted,
    StrategyVersion,
)
from dunwell.store.models.talks import (
    Complaint,
    ComplaintPast,
    Dispute,
    DisputePast,
    Hold,
    HoldPast,
    Promise,
    PromisePast,
)
from dunwell.store.models.targets import Target, TargetPast
from dunwell.store.models.team import TeamAbsence, TeamAdopted
from dunwell.store.models.wishes import Wish, WishPast

__all__ = [
    "BankLine",
    "Clearance", "Complaint", "ComplaintPast", "ContactAttempt", "ContactItem", "ContactPoint", "ContactPointPast",
    "Contract", "ContractPast", "Creditor", "Debtor", "DebtorPast", "Decision", "Dispute", "DisputePast", "Document",
    "Guarantee", "GuaranteePast", "Guarantor", "GuarantorPast", "Hold", "HoldPast", "HouseRule", "HouseRulePast",
    "ImportFile", "InsolvencyFiling", "InsolvencyFilingPast", "InterestTerms", "InterestTermsPast", "JournalEntry",
    "LimitationClaim", "LimitationClaimPast", "LimitationEvent", "LimitationEventPast", "Match", "MatchPast",
    "Observation", "ObservationPast", "OutboxMessage", "Payment", "PaymentPast", "Person", "Promise", "PromisePast",
    "RateValue", "RateValuePast", "Receivable", "ReceivableDocument", "ReceivablePast",
    "RegisterEntry", "RegisterEntryPast", "ReleaseSet",
    "Run", "Standing", "Step", "StepPast", "StrategyAdopted", "StrategyVersion", "Target", "TargetPast", "TeamAbsence",
    "TeamAdopted", "ThirdPerson", "Wish", "WishPast",
]  # fmt: skip
