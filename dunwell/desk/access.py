"""Who may look: whoever holds the key that `dunwell serve` printed, on this machine. Deny by default."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from dunwell.core.errors import say
from dunwell.core.terms import LANGUAGES

COOKIE = "dunwell_desk"
LANGUAGE_COOKIE = "dunwell_language"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def language_of(request: HttpRequest) -> str:
    """The reader's language: chosen on the page, else that of the installation."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else settings.DUNWELL.language


class KeyMiddleware:
    """Let in who brings the key, once by the printed address and then by cookie; guard every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request: keyed or refused."""
        return _guarded(self._answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if _is_key(request.GET.get("key", "")):
            answer = HttpResponseRedirect(_without_key(request))
            answer.set_cookie(COOKIE, request.GET["key"], httponly=True, samesite="Strict")
            return answer
        if not _is_key(request.COOKIES.get(COOKIE, "")):
            words = say("desk.key_needed", language_of(request))
            return HttpResponse(words, status=403, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def _without_key(request: HttpRequest) -> str:
    """The page that was asked for, without the key: it must not stay in the browser's history."""
    wanted = request.GET.copy()
    del wanted["key"]
    path = escape_leading_slashes(escape_uri_path(request.path))
    return f"{path}?{wanted.urlencode()}" if wanted else path


def _is_key(value: str) -> bool:
    key = settings.DESK_KEY
    return bool(key) and hmac.compare_digest(value.encode(), key.encode())


def _guarded(answer: HttpResponse) -> HttpResponse:
    answer.setdefault("Content-Security-Policy", _POLICY)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
