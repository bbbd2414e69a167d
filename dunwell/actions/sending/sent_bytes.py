"""The exact bytes that left, kept for ever under their hash: `documents/ab/ab12...`."""

from hashlib import sha256
from pathlib import Path

from dunwell.channels.files import make_folder, write_whole
from dunwell.core.errors import DunwellError


def keep(folder: Path, data: bytes) -> str:
    """Put bytes on the disk before they leave; returns their SHA-256 (hex). Repeating it changes nothing."""
    name = sha256(data).hexdigest()
    path = folder / name[:2] / name
    if not (path.is_file() and path.stat().st_size == len(data)):
        make_folder(path.parent)
        write_whole(path, data)
    return name


def read(folder: Path, name: str) -> bytes:
    """Bytes by their hash. Raises DunwellError when they are gone or altered."""
    path = folder / name[:2] / name
    if not path.is_file():
        raise DunwellError("send.document_gone", name=name)
    data = path.read_bytes()
    if sha256(data).hexdigest() != name:
        raise DunwellError("send.document_altered", name=name)
    return data
