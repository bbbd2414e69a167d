"""Who holds a claim, written so that another process of this machine can tell whether he still lives."""

import os
import socket
from pathlib import Path
from uuid import uuid4


def new_owner() -> str:
    """A name for this process's claims: machine, process, when it began, and a token (at most 100 characters)."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{_began(os.getpid())}/{uuid4().hex[:12]}"


def is_dead(owner: str) -> bool:
    """True only when the owner was a process of this machine and is gone; else its lease decides."""
    machine, _, rest = owner.partition("/")
    pid, _, rest = rest.partition("/")
    began = rest.partition("/")[0]
    if machine != socket.gethostname()[:40] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    # the number may have been given to another process since
    return began not in ("", _began(int(pid)))


def _began(pid: int) -> str:
    """When a process began, in the kernel's clock ticks; empty where the system does not tell. `Z`: it has ended and
    only waits to be collected."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "Z" if after_name[0] == "Z" else after_name[19]
