"""Who acts. Every act names its actor; a job or the command line is an actor like any other."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of actor: only these may act at all."""

    USER = "user"
    JOB = "job"
    DEBTOR = "debtor"
    API = "api"


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts, e.g. `Actor(ActorKind.USER, "mei")`; written `user:mei` in the journal."""

    kind: ActorKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"
