"""The tests' own housekeeping: what a killed session left behind must not keep the next one from starting."""

import subprocess
import sys

from tests.support import postgres


class TestTheFolderOfAKilledSession:
    def test_goes_when_its_server_died_with_its_machine(self, tmp_path):
        left = tmp_path / "dunwell-tests-1-x"
        data = left / "postgres" / "data"
        data.mkdir(parents=True)
        (left / "postgres.started").touch()
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        (data / "postmaster.pid").write_text(f"{gone.pid}\n{data}\n")
        postgres.remove(left)
        assert not left.exists()
