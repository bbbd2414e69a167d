"""One run, import or send at a time; a killed one leaves nothing locked."""

import signal

import pytest

from dunwell.core.errors import Refused
from dunwell.store.dialect import only_one

HOLD = """
from dunwell.store.dialect import only_one
import signal
with only_one("run"):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def holder(db):
    import sys

    process = db.start("-c", f"import django; django.setup()\n{HOLD}", program=sys.executable)
    said = process.stdout.readline()
    assert said == "held\n", process.stderr.read()
    yield process
    process.kill()
    process.communicate()


class TestTheWorkLock:
    def test_is_refused_while_another_process_holds_it(self, db, holder):
        with pytest.raises(Refused) as error, only_one("run"):
            pass
        assert error.value.code == "work.busy"

    def test_is_one_per_kind(self, db, holder):
        with only_one("send"):
            assert holder.poll() is None

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_goes_with_its_process(self, db, holder, how):
        holder.send_signal(how)
        holder.wait(timeout=20)
        assert _soon_free("run")

    def test_is_free_again_after_an_error(self, db):
        with pytest.raises(ZeroDivisionError), only_one("run"):
            1 / 0  # noqa: B018
        with only_one("run"):
            assert True

    def test_is_not_shared_by_two_homes(self, home, homes, tmp_path):
        from tests.support.homes import django_on

        (tmp_path / "other").mkdir()
        with homes.migrated(home.vendor, tmp_path / "other") as other, django_on(home), only_one("run"):
            done = other.python("from dunwell.store.dialect import only_one\nwith only_one('run'): print('held')")
        assert done.stdout == "held\n"


def _soon_free(kind):
    """PostgreSQL notices a broken connection a moment later: ask until it has."""
    from time import monotonic

    until = monotonic() + 20
    while monotonic() < until:
        try:
            with only_one(kind):
                return True
        except Refused:
            continue
    return False
