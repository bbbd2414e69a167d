"""Worked examples of the law, where they are at hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def examples_of(shared: Path, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The examples of `law/examples.json` that are wanted."""
    every = json.loads((shared / "law" / "examples.json").read_text(encoding="utf-8"))
    return [each for each in every if wanted(each)]
