"""How a due date came about, in words: a calendar that is not official yet, a rule of law, a rule that it is beyond."""

from dunwell.core.dates import format_date
from dunwell.core.errors import say
from dunwell.rulebook.debt import DueBasis
from dunwell.rulebook.legal_terms import LegalTerms, legal_terms


def due_words(basis: DueBasis | None, language: str, *, inside: bool = True) -> list[str]:
    """Sentences; none where the due date was told and no rule is against it.

    inside   for the creditor's own people: also which rule of law the due date is later than, and days to be looked at
    """
    if basis is None:
        return []
    found = []
    if not basis.known:
        found.append(say("due.assumed", language, terms=basis.terms or "-"))
    if basis.issued_after and inside:
        found.append(say("due.issued_after", language, issued=format_date(basis.issued_after, language)))
    if basis.rule:
        found += _by_rule("due.by_law", legal_terms(basis.rule), language, terms=basis.terms or "-")
    if basis.beyond and inside:
        rule = legal_terms(basis.beyond.rule)
        latest = format_date(basis.beyond.latest, language)
        found += _by_rule(f"due.beyond.{basis.beyond.basis}", rule, language, latest=latest)
    return found


def _by_rule(code: str, rule: LegalTerms, language: str, **params: str) -> list[str]:
    citation = rule.citation
    told = [say(code, language, title=rule.title[language], source=citation.source, **params)]
    if not citation.verified:
        told.append(say(f"statement.unverified.{citation.confidence}", language, source=citation.source))
    return told
