"""Words of the catalogue in templates: `{% say "desk.today" %}` in the page's language."""

from typing import Any

from django import template

from dunwell.core.errors import say as say_words

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: dict[str, Any], code: str, **params: Any) -> str:
    """The words of a code; the template escapes them."""
    return say_words(code, context["language"], **params)


@register.simple_tag
def of(prefix: str, name: str, language: str) -> str:
    """The words of `<prefix>.<name>`, e.g. a bucket's."""
    return say_words(f"{prefix}.{name}", language)
