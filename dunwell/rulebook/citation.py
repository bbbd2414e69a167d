"""Where a rule comes from, and how far that can be trusted."""

from dataclasses import dataclass
from typing import Any

CONFIDENCES = ("official", "copy", "secondary", "recalled", "house")
"""The official text or the regulator's own page; a faithful copy of it; somebody who quotes it; from memory only, not
checked; the house's own decision, for which nobody else answers."""


@dataclass(frozen=True, slots=True)
class Citation:
    """The source of a rule. `quote` is copied from the law's text at hand, or empty."""

    source: str
    confidence: str
    quote: str

    @property
    def verified(self) -> bool:
        """Whether the official wording stands beside the rule. One without it never raises a debtor's sum by itself."""
        return self.confidence == "house" or bool(self.quote)


def read_citation(entry: Any) -> Citation:
    """A citation from a rule's table. Raises ValueError in words when something is missing or unknown."""
    if not isinstance(entry, dict) or not set(entry) <= {"source", "confidence", "quote"}:
        raise ValueError("citation is a table of source, confidence and quote")
    source = str(entry.get("source") or "").strip()
    if not source:
        raise ValueError("a rule needs the source it comes from")
    if entry.get("confidence") not in CONFIDENCES:
        raise ValueError(f"confidence is one of {', '.join(CONFIDENCES)}")
    return Citation(source, entry["confidence"], str(entry.get("quote") or "").strip())
