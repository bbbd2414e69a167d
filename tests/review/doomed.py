"""A person's command that dies: `python -m tests.review.doomed ACT STEP` kills itself inside the act.

Steps: `begun` (before the first row changes), `changed` (rows changed, nothing recorded), `recorded` (before commit).
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(function: Callable[..., Any]) -> Callable[..., Any]:
    def doomed(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        _die()

    return doomed


def main(act: str, step: str) -> None:
    django.setup()
    from dunwell.actions.day import review
    from dunwell.store import journal
    from dunwell.store.models import Creditor
    from tests.review import steps

    if step == "begun":
        review.portions = _die  # type: ignore[assignment]
    elif step == "changed":
        journal.append = _die  # type: ignore[assignment]
    else:
        journal.append = _after(journal.append)
    getattr(steps, act)(Creditor.objects.get(), key="once")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
