"""The reference pages are written from the program, and are up to date."""

import os
import subprocess
import sys

from tests.conftest import ROOT


class TestReference:
    def test_says_what_the_program_says(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tools.docs", "--check"],
            cwd=ROOT,
            env={**os.environ, "DUNWELL_LANGUAGE": "en"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
