"""Which words a document was made from: the id of its template and a hash of its sources.

With the notice, this version, the release of the program and the fonts, the very bytes can be made again.
"""

from hashlib import sha256
from importlib import resources
from typing import Literal

from dunwell.core.terms import LANGUAGES, WRITTEN_STAGES, Note
from dunwell.documents.notice import Notice
from dunwell.documents.promise_note import Written
from dunwell.rulebook.strategy import PLAIN, TONES

type WrittenChannel = Literal["letter", "email"]

_LAYOUTS: dict[WrittenChannel, str] = {"letter": "letter.typ", "email": "email.html"}


def _hash(channel: WrittenChannel, language: str) -> str:
    room = resources.files("dunwell.documents")
    layouts = (_LAYOUTS[channel], "statement.typ", "reconciliation.typ")  # the annexes go with either
    sources = (*(("templates", layout) for layout in layouts), ("wording", f"{language}.toml"))
    digest = sha256()
    for source in sources:
        content = room.joinpath(*source).read_bytes().replace(b"\r\n", b"\n")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def _mark(tone: str) -> str:
    return "" if tone == PLAIN else f".{tone}"


TEMPLATE_VERSIONS: dict[str, str] = {
    f"{channel}.{language}.{word}": version
    for channel in _LAYOUTS
    for language in LANGUAGES
    for version in (_hash(channel, language),)
    for word in (*(f"{stage.word}{_mark(tone)}" for stage in WRITTEN_STAGES for tone in TONES), *Note)
}
"""Template id, e.g. `letter.en.reminder`, `letter.en.reminder.gentle` (a tone that is not the plain
one), -> first 16 hex digits of the SHA-256 of layout and wording."""


def template_version(notice: Written, channel: WrittenChannel) -> str:
    """What a message records about its template, e.g. `letter.en.reminder.gentle@3f0c...`."""
    tone = notice.tone if isinstance(notice, Notice) else PLAIN
    name = f"{channel}.{notice.language}.{notice.word}{_mark(tone)}"
    return f"{name}@{TEMPLATE_VERSIONS[name]}"
