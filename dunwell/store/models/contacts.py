"""What left, and what happened to it: the outbox and the contacts that came of it."""

from django.db import models

from dunwell.core.terms import LIVE_STATES, SENDING_STATES
from dunwell.store.models.base import Owned
from dunwell.store.models.ledger import Receivable
from dunwell.store.models.parties import ContactPoint, Debtor, Person


class OutboxMessage(Owned):
    """A message that a run wants to leave. `key` makes it leave once; see `actions.sending.outbox`.

    `call_started_at` is set before the channel is called: a claim that expires before it was not sent, one
    that expires after it may have been.

    promise                     of a message about a promise, which is no step (stage 0); the purpose says whether it
                                reminds or thanks: see `core.terms.Note`
    released_at, released_by    since when it may leave, and the person who let it (empty: the creditor's setting did)
    held_by, review_note        who holds or dropped it, and why in his words
    edited_by, personal         who wrote a paragraph into it, and that paragraph
    free_date                   of a held one: the first day on which it is asked about again (null: never by itself);
                                of a dropped one: the first day whose run may prepare another
    """

    key = models.CharField(max_length=250, unique=True)
    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey("store.Run", on_delete=models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(max_length=20)
    stage = models.PositiveSmallIntegerField()
    promise = models.ForeignKey("store.Promise", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10)
    channel = models.CharField(max_length=10)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateField()
    total_minor = models.BigIntegerField()
    items_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=14)
    state_reason = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=100, blank=True)
    lease_until_at = models.DateTimeField(null=True)
    call_started_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, blank=True)
    held_by = models.CharField(max_length=200, blank=True)
    review_note = models.TextField(blank=True)
    free_date = models.DateField(null=True)
    edited_by = models.CharField(max_length=200, blank=True, default="", db_default="")
    personal = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["creditor", "debtor", "purpose", "currency"],
                condition=models.Q(state__in=[str(s) for s in LIVE_STATES]),
                name="outbox_one_live",
            )
        ]
        indexes = [
            models.Index(
                fields=["not_before_at"],
                condition=models.Q(state__in=[str(s) for s in SENDING_STATES]),
                name="outbox_live",
            )
        ]


class Document(Owned):
    """Bytes kept for ever under their hash, e.g. what was sent, in the data home's `documents`."""

    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creditor", "sha256"], name="document_hash")]


class Clearance(Owned):
    """What the contact rules said when a contact was planned or begun: the finding set that it rests on.

    `findings`: a list of rule, effect, detail, count, until (text). `override`: why a person went past a presumption or
    an advice, as `asked_by`. Never changed; a contact that was tried again rests on a new one.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    addressee = models.CharField(max_length=12)
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    verdict = models.CharField(max_length=20)
    findings = models.JSONField()
    rules_hash = models.CharField(max_length=64)
    override = models.TextField(blank=True)
    asked_by = models.CharField(max_length=200)


class ContactAttempt(Owned):
    """A contact that took place or was tried. It is never changed: a correction is a new entry.

    `outcome` sent, undeliverable or unknown (a crash left its fate open: it counts as a contact).
    `at` when we were told or recorded it, `happened_at` when it took place, `contact_date` that day at the creditor's
    place. `demanded_minor`: what a message asked for, late interest included. `collector`: the agency that made it;
    empty: we did. `promise`: which one a message reminded of or thanked for; such a message has no stage.
    `clearance`: null where the debtor came to us, and for what was recorded before there was a gate.
    """

    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    message = models.OneToOneField(OutboxMessage, on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    happened_at = models.DateTimeField()
    contact_date = models.DateField()
    channel = models.CharField(max_length=10)
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    mode = models.CharField(max_length=12, null=True)
    addressee = models.CharField(max_length=12, null=True)
    place = models.CharField(max_length=12, null=True)
    persons = models.PositiveSmallIntegerField(null=True)
    collector = models.CharField(max_length=200, blank=True)
    clearance = models.ForeignKey(Clearance, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    direction = models.CharField(max_length=3)
    purpose = models.CharField(max_length=20)
    stage = models.PositiveSmallIntegerField(null=True)
    promise = models.ForeignKey("store.Promise", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    currency = models.CharField(max_length=3, null=True)
    demanded_minor = models.BigIntegerField(null=True)
    deadline_date = models.DateField(null=True)
    outcome = models.CharField(max_length=20)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    template_version = models.CharField(max_length=100, blank=True)
    receipt = models.CharField(max_length=500, blank=True)


class ContactItem(Owned):
    """A receivable named in a contact.

    Of a message the stage it reached by it, and what was open then; both null for a call or a visit, which is no step
    of the strategy. `called`: the contact was about it; `talked`: it was talked about; null: not told.
    """

    contact = models.ForeignKey(ContactAttempt, on_delete=models.PROTECT, related_name="+")
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="+")
    stage = models.PositiveSmallIntegerField(null=True)
    open_minor = models.BigIntegerField(null=True)
    called = models.BooleanField(null=True)
    talked = models.BooleanField(null=True)
