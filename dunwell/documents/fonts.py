"""The fonts letters are set in. Latin, Greek, Cyrillic and Hebrew letters come from Libertinus Serif, which the
typesetter carries; Chinese characters from Noto Serif CJK, which the system must have. No other font is ever used,
so that a letter looks the same on every machine.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final

import typst

from dunwell.core.errors import DunwellError

CJK_FAMILY = {"en": "Noto Serif CJK SC", "zh-Hans": "Noto Serif CJK SC", "zh-Hant": "Noto Serif CJK TC"}
"""The family that sets Chinese characters, by the language of the letter."""

SAMPLES = {
    "en": "Please pay EUR 1,234.50 by 22 November 2026 – Łódź, Győr, Αθήνα, 善收",
    "zh-Hans": "请您于2026年11月22日（含当日）前支付人民币 1,234.50 元。账款逾期，发票与单据，龘㐀𠮷",
    "zh-Hant": "請您於2026年11月22日（含當日）前支付新臺幣 1,234 元。帳款逾期，發票與單據，龘㐀𠮷",
}
"""Text a complete set of fonts can print, with rare characters of names."""

PDF_STANDARD: Final = "a-2b"
"""What every page is set to."""

_WEIGHTS = (400, 700)
_typeset_in: set[int] = set()


@cache
def fonts() -> typst.Fonts:
    """The carried fonts and the folders that hold Noto Serif CJK; nothing else of the system."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(_folders()))


def require(language: str) -> None:
    """Raise `documents.font_missing` unless the fonts of a language are there in regular and bold."""
    family = CJK_FAMILY[language]
    weights = {font.weight for font in fonts().fonts() if font.family == family}
    if not weights.issuperset(_WEIGHTS):
        raise DunwellError("documents.font_missing", font=family)


def check_fonts() -> list[DunwellError]:
    """What is wrong with the fonts of this machine, in words; empty when every language can be printed."""
    problems: dict[str, DunwellError] = {}
    for language, sample in SAMPLES.items():
        family = CJK_FAMILY[language]
        try:
            require(language)
            _print_sample(sample, family)
        except DunwellError as problem:
            problems.setdefault(family, problem)
    return list(problems.values())


def missing_text(error: typst.TypstError) -> str | None:
    """The text no font could print, from the typesetter's message; None when the error is another one."""
    _, found, after = error.message.partition("the text `")
    if not found or "could not be displayed" not in after:
        return None
    return after.partition("` could not be displayed")[0].strip('"')


def refuse_after_fork() -> None:
    """Raise RuntimeError in a process forked from one that has set text: the typesetter would hang there."""
    _typeset_in.add(os.getpid())
    if len(_typeset_in) > 1:
        raise RuntimeError("letters were set before this process was forked: start it with spawn instead")


def _print_sample(sample: str, family: str) -> None:
    refuse_after_fork()
    source = (
        '#set text(font: ("Libertinus Serif", sys.inputs.family), fallback: false)\n'
        "#sys.inputs.sample #strong(sys.inputs.sample)"
    )
    compiler = typst.Compiler(source.encode(), font_paths=fonts(), sys_inputs={"family": family, "sample": sample})
    try:
        compiler.compile(format="pdf", pdf_standards=["a-2b"])
    except typst.TypstError as error:
        raise DunwellError("documents.font_incomplete", font=family, text=missing_text(error) or "") from error


def _folders() -> tuple[str, ...]:
    """Folders of the system that hold Noto Serif CJK."""
    found = {str(Path(font.path).parent) for font in typst.Fonts().fonts() if font.path and _is_ours(font.family)}
    return tuple(sorted(found))


def _is_ours(family: str) -> bool:
    return family in CJK_FAMILY.values()
