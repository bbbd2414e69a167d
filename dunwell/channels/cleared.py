"""Leave to make one contact: without it no channel lets anything go, and it serves once.

Only the gate (`actions.gate`) gives leave, after it has asked the contact rules and recorded what they said.
"""

from threading import Lock


class NotCleared(RuntimeError):
    """A programming mistake: something was about to leave that had not passed the gate."""


class Cleared:
    """Leave for the message of one key by one channel. `clearance`: the row of what the rules said.

    It cannot be made by hand: what `clear` did not give is no leave.
    """

    __slots__ = ("channel", "clearance", "key")

    def __init__(self, key: str, channel: str, clearance: int) -> None:
        self.key, self.channel, self.clearance = key, channel, clearance


_given: dict[int, Cleared] = {}
_lock = Lock()


def clear(key: str, channel: str, clearance: int) -> Cleared:
    """Give leave. Called by the gate alone."""
    leave = Cleared(key, channel, clearance)
    with _lock:
        _given[id(leave)] = leave
    return leave


def withdraw(leave: Cleared) -> None:
    """Take back leave that was not used."""
    with _lock:
        _given.pop(id(leave), None)


def spend(leave: Cleared, key: str, channel: str) -> None:
    """Use up the leave for a message. Raises NotCleared where there is none: what leaves is then a mistake of ours."""
    with _lock:
        given = _given.pop(id(leave), None)
    if given is None or given is not leave or (leave.key, leave.channel) != (key, channel):
        raise NotCleared(f"{key} by {channel}")
