"""The refusal of data of law that cannot be trusted."""


class RuleError(ValueError):
    """A rule that cannot be trusted: says which and why."""
