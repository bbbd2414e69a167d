"""A file as a stream of blocks of whole lines in UTF-8, whatever its encoding; memory stays bounded.

Lines end with `\\n` or CR LF here; a lone CR has become `\\n`. What is no readable text file is refused in words.
"""

import codecs
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dunwell.core.errors import DunwellError

BLOCK = 8 << 20
"""Bytes read at a time."""
LONGEST = 1 << 20
"""A line or a record of more bytes than this is refused."""

_SAMPLE = 1 << 18
_MAGIC = (
    (b"PK\x03\x04", "intake.is_workbook"),
    (b"\xd0\xcf\x11\xe0", "intake.is_workbook"),
    (b"%PDF", "intake.is_binary"),
    (b"\x1f\x8b", "intake.is_binary"),
    (b"\x89PNG", "intake.is_binary"),
    (b"PAR1", "intake.is_binary"),
    (b"SQLite format 3\x00", "intake.is_binary"),
)


class NotThisEncoding(Exception):
    """The bytes are not of the encoding that was tried: the caller may try another."""


def open_file(path: Path) -> io.BufferedReader:
    """Open for reading, or say in words why that is not possible."""
    try:
        if path.is_dir():
            raise DunwellError("intake.is_folder", file=str(path))
        if path.exists() and not path.is_file():
            raise DunwellError("intake.not_a_file", file=str(path))
        return path.open("rb")
    except FileNotFoundError:
        raise DunwellError("intake.not_found", file=str(path)) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise DunwellError("intake.unreadable", file=str(path), reason=reason) from None


def first_guess(path: Path) -> str:
    """The encoding by the file's beginning: BOM, UTF-16 without BOM, strict UTF-8, else a guess among older ones."""
    with open_file(path) as file:
        sample = _read(file, _SAMPLE, path)
    if not sample.strip():
        raise DunwellError("intake.empty_file", file=str(path))
    for magic, code in _MAGIC:
        if sample.startswith(magic):
            raise DunwellError(code, file=str(path))
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        return _utf16_without_bom(sample, path)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
        return "utf-8"
    except UnicodeDecodeError:
        return older_encoding(path)


def _utf16_without_bom(sample: bytes, path: Path) -> str:
    """Delimiters, digits and line ends are below 256 in any language: nearly all zero bytes lie on their side
    (the other side has some too, 一 is U+4E00)."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    size = len(sample) // 2
    if odd > size // 10 and even * 5 < odd:
        return "utf-16-le"
    if even > size // 10 and odd * 5 < even:
        return "utf-16-be"
    raise DunwellError("intake.is_binary", file=str(path))


def older_encoding(path: Path) -> str:
    """Choose among GB18030, Big5 and Windows-1252 by how the bytes above 127 stand together.

    Chinese text is made of pairs, most of them among the few thousand most frequent characters, which both
    standards put first; in western text a high byte stands alone between letters.
    """
    high = bytearray()
    with open_file(path) as file:
        while len(high) < _SAMPLE and (block := _read(file, BLOCK, path)):
            high += b" ".join(re.findall(rb"[\x80-\xff][^\r\n]?(?:[\x80-\xff][^\r\n]?)*", block)[: _SAMPLE // 2]) + b" "
    pairs = re.findall(rb"[\x81-\xfe][\x40-\xfe]", high)
    scores = {
        "gb18030": sum(0xA1 <= a <= 0xD7 and b >= 0xA1 for a, b in pairs),
        "cp950": sum(0xA1 <= a <= 0xC6 and (b <= 0x7E or b >= 0xA1) for a, b in pairs),
    }
    lone = len(re.findall(rb"[\x80-\xff](?![\x80-\xff])", re.sub(rb"[\x80-\xff]{2}", b"", bytes(high))))
    if not pairs or (lone * 2 > len(pairs) and max(scores.values()) * 2 < len(pairs)):
        return "cp1252"
    return "cp950" if scores["cp950"] > scores["gb18030"] * 1.2 else "gb18030"


def blocks(
    path: Path, encoding: str, *, digest: bool = False, on_progress: Callable[[int], None] | None = None
) -> Iterator[tuple[bytes, str | None]]:
    """Yield blocks of whole lines as UTF-8, each ending with `\\n`; with the last comes the file's SHA-256 (hex).

    Raises NotThisEncoding for bytes the encoding does not have; refuses a line longer than LONGEST and NUL.
    """
    sha = hashlib.sha256()
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
    carry, lines, read = b"", 0, 0
    with open_file(path) as file:
        while True:
            raw = _read(file, BLOCK, path)
            read += len(raw)
            if digest:
                sha.update(raw)
            try:
                text = raw if decoder is None else decoder.decode(raw, not raw).encode()
            except (UnicodeDecodeError, UnicodeEncodeError):
                raise NotThisEncoding from None
            if b"\0" in text:
                raise DunwellError("intake.is_binary", file=str(path))
            data = carry + text
            last = not raw
            # A CR at the end of a block may be the first half of a CR LF.
            held = b"\r" if data.endswith(b"\r") and not last else b""
            data = _line_ends(data[: len(data) - len(held)])
            if last and data and not data.endswith(b"\n"):
                data += b"\n"
            cut = data.rfind(b"\n") + 1
            carry = data[cut:] + held
            if len(carry) > LONGEST:
                raise DunwellError("intake.line_too_long", file=str(path), row=lines + data.count(b"\n", 0, cut) + 1)
            if on_progress:
                on_progress(read)
            if cut or last:
                lines += data.count(b"\n", 0, cut)
                yield data[:cut], sha.hexdigest() if last else None
            if last:
                return


def _line_ends(data: bytes) -> bytes:
    # CR LF is understood by what reads the lines; rewriting every block would cost more than reading it.
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _read(file: io.BufferedReader, size: int, path: Path) -> bytes:
    try:
        return file.read(size)
    except OSError as problem:
        raise DunwellError("intake.unreadable", file=str(path), reason=problem.strerror or str(problem)) from None
