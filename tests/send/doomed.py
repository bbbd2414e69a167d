"""A sender that dies: `python -m tests.send.doomed STEP N` kills itself when it reaches a step for the Nth time.

Steps are those of `actions.sending.sender`, and three within: `deciding` (inside the transaction that begins a call,
before its commit), `drafting` (a letter's bytes written, not yet under its name), `keeping` (a document likewise).
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


class Doom:
    """Counts how often the fatal step was reached."""

    def __init__(self, step: str, times: int) -> None:
        self.step, self.left = step, times

    def __call__(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*args: Any, **kwargs: Any) -> Any:
            self(step)
            return function(*args, **kwargs)

        return doomed


def main(step: str, times: int) -> None:
    django.setup()
    from dunwell.actions.sending import outbox
    from dunwell.channels import files
    from tests.send.book import let_go

    doom = Doom(step, times)
    outbox.ContactItem.objects.bulk_create = doom.before("deciding", outbox.ContactItem.objects.bulk_create)
    rename = Path.rename

    def watched(path: Path, target: Path) -> Path:
        doom("drafting" if "letters" in path.parts else "keeping")
        return rename(path, target)

    files.Path.rename = watched  # type: ignore[method-assign]
    report = let_go(pause_at=doom)
    sys.stdout.write(f"{report.sent.total()}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
