"""What our messages carry, in the codes of contact rules: a message that must carry more is a person's to write."""

from collections.abc import Mapping

from dunwell.core.terms import Channel, Note

_ALWAYS = frozenset({
    "debtor_name", "balance", "current_amount", "current_creditor", "how_to_check_pay_and_object", "creditor_contact",
    "own_name",
})  # fmt: skip

COLLECTOR = frozenset({"first_attempt_to_collect_a_debt", "first_information_used_for_it", "later_from_debt_collector"})
"""What a collector of the debts of others says of himself: all of it each time, so that no message lacks what it needs.
It stands where a rule asks for any of it: `Notice.from_collector`."""
_ALWAYS_OR_ASKED = _ALWAYS | COLLECTOR

CARRIED: Mapping[str, frozenset[str]] = {
    Channel.LETTER: _ALWAYS_OR_ASKED,
    Channel.EMAIL: _ALWAYS_OR_ASKED | {"opt_out_notice"},
}
"""By channel. The opt-out stands in an e-mail where a rule asks for it: `Notice.opt_out`."""

_OF_NOTES = _ALWAYS - {"balance", "current_amount"}
_OF_THANKS = _OF_NOTES - {"how_to_check_pay_and_object"}
NOTES_CARRY: Mapping[Note, Mapping[str, frozenset[str]]] = {
    note: {Channel.LETTER: carried | COLLECTOR, Channel.EMAIL: carried | COLLECTOR | {"opt_out_notice"}}
    for note, carried in ((Note.REMINDER, _OF_NOTES), (Note.THANKS, _OF_THANKS))
}
"""What messages about promises carry, by kind and channel. They speak of the promise alone, not of all that is owed:
where a rule wants the balance in every message, they do not leave."""
