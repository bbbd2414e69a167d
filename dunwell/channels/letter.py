"""Letters: PDF files ready to print, a folder per creditor and day. Writing one again gives the same file."""

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import ClassVar

from dunwell.channels.cleared import Cleared, spend
from dunwell.channels.files import make_folder, write_whole
from dunwell.channels.message import ChannelDown, Message, Receipt, Undeliverable
from dunwell.core.errors import DunwellError

_LETTERS = re.compile(r"[^\w.-]+", re.ASCII)


class LetterChannel:
    """Writes a message's one PDF to `<folder>/<creditor>/<date>/<title>-<hash of the key>.pdf`."""

    name: ClassVar[str] = "letter"
    repeatable: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pack(self, message: Message) -> bytes:
        """The PDF. Raises Undeliverable when there is none."""
        if len(message.attachments) != 1 or message.attachments[0].media_type != "application/pdf":
            raise Undeliverable("no_letter")
        return message.attachments[0].data

    def send(self, message: Message, packed: bytes, leave: Cleared) -> Receipt:
        """Write the file; the receipt names it, relative to the letters' folder. Raises ChannelDown (disk full...)."""
        return self.write(message.creditor, message.at.date(), message.title, message.key, packed, leave)

    def write(self, creditor: str, day: date, title: str, key: str, packed: bytes, leave: Cleared) -> Receipt:
        """The same for a letter of which only place and bytes are known: one that a crash interrupted."""
        spend(leave, key, self.name)
        path = day_folder(self._folder, creditor, day) / file_name(title, key)
        try:
            make_folder(path.parent)
            write_whole(path, packed)
        except OSError as error:
            raise ChannelDown("disk_refused", error.strerror or str(error)) from error
        return Receipt(path.relative_to(self._folder).as_posix())

    def close(self) -> None:
        """Nothing is open between two letters."""

    def problems(self) -> list[DunwellError]:
        """A folder that cannot be made or written."""
        try:
            make_folder(self._folder)
            probe = self._folder / ".probe"
            probe.write_bytes(b"")
            probe.unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or str(error)
            return [DunwellError("send.letters_locked", folder=str(self._folder), why=why)]
        return []


def day_folder(folder: Path, creditor: str, day: date) -> Path:
    """Where the letters of a creditor's day lie. `creditor`: his code, a name any file system takes."""
    return folder / creditor / day.isoformat()


def file_name(title: str, key: str) -> str:
    """A name any file system and any shell takes, unique by the key: `10427-reminder-5f3a9c01d2.pdf`."""
    title = _LETTERS.sub("_", title).strip("._-")[:60] or "letter"
    return f"{title}-{hashlib.sha256(key.encode()).hexdigest()[:10]}.pdf"
