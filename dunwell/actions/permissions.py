"""The one place that says who may do what. Deny by default: an act that stands nowhere here is refused."""

from django.conf import settings

from dunwell.core.actor import Actor, ActorKind

_OPERATOR = frozenset(
    {
        "creditor.set",
        "file.import",
        "run.decide",
        "outbox.claim",
        "outbox.settle",
        "outbox.sweep",
        "outbox.resolve",
        "promise.record",
        "promise.withdraw",
        "dispute.open",
        "dispute.close",
        "complaint.open",
        "complaint.answer",
        "hold.set",
        "hold.lift",
        "contact.record",
        "contact.import",
        "contact.arrive",
        "contact.plan",
        "third_person.add",
        "register.add",
        "register.end",
        "address.invalid",
        "address.set",
        "backup.make",
        "rules.set",
        "rules.unset",
        "release.set",
        "review.release",
        "review.hold",
        "review.drop",
        "review.reassign",
        "review.give_back",
        "review.edit",
        "strategy.save",
        "strategy.adopt",
        "team.adopt",
        "team.absent",
        "team.back",
        "target.set",
        "target.withdraw",
        "observation.record",
        "observation.end",
        "step.record",
        "step.withdraw",
        "terms.set",
        "terms.remove",
        "rates.import",
        "limitation.record",
        "limitation.claim",
        "limitation.guarantee",
        "limitation.insolvency",
        "limitation.withdraw",
    }
)
RIGHTS: dict[ActorKind, frozenset[str]] = {
    # Whoever may run the command line on the data home owns it; roles of people come with the workspace.
    ActorKind.USER: _OPERATOR,
    # the second look at what a run proposes takes a person
    ActorKind.JOB: _OPERATOR
    - {
        "release.set",
        "review.release",
        "review.hold",
        "review.drop",
        "review.reassign",
        "review.give_back",
        "review.edit",
    },
    ActorKind.DEBTOR: frozenset(),
    ActorKind.API: frozenset(),
}


BY_NAME = frozenset({"contact.override"})
"""What nobody may but the people whom the owner of the installation names (setting `override_by`)."""


def may(actor: Actor, act: str) -> bool:
    """May this actor perform this act?"""
    if act in BY_NAME:
        return actor.kind is ActorKind.USER and actor.name in settings.DUNWELL.override_by.split()
    return act in RIGHTS[actor.kind]
