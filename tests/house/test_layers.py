"""Which room may import which: the contracts hold, and each of them bites."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PURE = ("core", "rulebook", "evidence", "intake", "documents", "engine", "insight")
CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}

VIOLATIONS = {
    "an import that goes up": ("core/planted.py", "import dunwell.engine", "Imports go down only"),
    "a door that reaches a table": ("jobs/planted.py", "from dunwell.store.models import Debtor", "Doors reach tables"),
    "a door that calls a channel": ("jobs/planted.py", "import dunwell.channels", "Only actions call channels"),
    "a store that knows the engine": ("store/planted.py", "import dunwell.engine", "The store knows neither"),
    "a store that knows documents": ("store/planted.py", "import dunwell.documents", "The store knows neither"),
    "a pure room with Django": ("engine/planted.py", "from django.db import models", "Pure rooms know no Django"),
    "a pure room on the network": ("intake/planted.py", "import socket", "Pure rooms know no Django"),
    "a room without a place": ("attic/__init__.py", "", "Imports go down only"),
}


def copy_of_the_house(folder: Path) -> None:
    shutil.copytree(ROOT / "dunwell", folder / "dunwell", ignore=shutil.ignore_patterns("__pycache__", "*.typ"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


class TestTheLayers:
    def test_hold(self, tmp_path):
        copy_of_the_house(tmp_path)
        done = lint(tmp_path)
        assert done.returncode == 0, done.stdout
        assert "0 broken" in done.stdout

    @pytest.mark.parametrize("name", VIOLATIONS)
    def test_refuse(self, tmp_path, name):
        where, line, contract = VIOLATIONS[name]
        copy_of_the_house(tmp_path)
        planted = tmp_path / "dunwell" / where
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(line + "\n")
        done = lint(tmp_path)
        assert done.returncode == 1
        broken = [each for each in done.stdout.splitlines() if " BROKEN" in each]
        assert any(each.startswith(contract) for each in broken), done.stdout


class TestPureRooms:
    def test_never_ask_the_clock(self):
        asked = []
        for room in PURE:
            for file in (ROOT / "dunwell" / room).rglob("*.py"):
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Attribute):
                        owner = (
                            node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
                        )
                        if (owner, node.attr) in CLOCK:
                            asked.append(f"{file.relative_to(ROOT)}:{node.lineno}")
        assert asked == []

    def test_are_there(self):
        assert {"core", "evidence", "engine", "documents", "rulebook"} <= {p.name for p in (ROOT / "dunwell").iterdir()}


class TestTheRepository:
    def test_names_no_machine_and_no_package_host(self):
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        forbidden = ["/wo" + "rk/", "/ro" + "ot/", "pypi." + "org", "python" + "hosted", "npm" + "js."]
        found = [
            f"{name}: {word}"
            for name in listed.splitlines()
            if name != "uv.lock" and (ROOT / name).is_file()
            for word in forbidden
            if word.encode() in (ROOT / name).read_bytes()
        ]
        assert found == []
