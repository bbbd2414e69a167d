"""What our messages carry, in the codes of contact rules: a message that must carry more is a person's to write."""

from collections.abc import Mapping

from dunwell.core.terms import Channel

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
