"""What our messages carry, in the codes of contact rules: a message that must carry more is a person's to write."""

from collections.abc import Mapping

from dunwell.core.terms import Channel

_ALWAYS = frozenset({
    "debtor_name", "balance", "current_amount", "current_creditor", "how_to_check_pay_and_object", "creditor_contact",
    "own_name",
})  # fmt: skip

CARRIED: Mapping[str, frozenset[str]] = {
    Channel.LETTER: _ALWAYS,
    Channel.EMAIL: _ALWAYS | {"opt_out_notice"},
}
"""By channel. The opt-out stands in an e-mail where a rule asks for it: `Notice.opt_out`."""
