"""The one settings object. `dunwell.config.environment` fills it from the environment and `settings.toml`."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


def _doc(text: str, default: object, *, in_file_only: bool = False) -> object:
    return field(default=default, metadata={"doc": text, "in_file_only": in_file_only})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner of an installation chooses. Each field is the variable `DUNWELL_<NAME>`, or a line of
    `settings.toml` in the data home; the environment wins. What gives a right (`in_file_only`) stands in the file
    alone: who calls a command also sets its environment."""

    home: Path = field(metadata={"doc": "the data home: database, documents, runs, letters, keys"})
    database_url: str = _doc("postgresql://user:password@host/name; empty: SQLite in the data home", "")  # type: ignore[assignment]
    language: str = _doc("language of the command line: en, zh-Hans or zh-Hant", "en")  # type: ignore[assignment]
    smtp_host: str = _doc("mail server; empty: no e-mail leaves", "")  # type: ignore[assignment]
    smtp_port: int = _doc("its port: usually 587 (starttls), 465 (tls) or 25 (none)", 587)  # type: ignore[assignment]
    smtp_security: str = _doc("starttls, tls or none (none only to this machine)", "starttls")  # type: ignore[assignment]
    smtp_user: str = _doc("log-in name at the mail server; empty: no log-in", "")  # type: ignore[assignment]
    smtp_password: str = _doc("log-in password at the mail server", "")  # type: ignore[assignment]
    sqlite_synchronous: str = _doc("full: a commit survives a power cut; normal: only a crash", "full")  # type: ignore[assignment]
    override_by: str = _doc(  # type: ignore[assignment]
        "users who may go past a presumption or an advice of the contact rules, with blanks between; empty: nobody",
        "",
        in_file_only=True,
    )
    now: datetime | None = _doc(  # type: ignore[assignment]
        "a pretended present moment, for trials: while set, mail leaves to this machine only", None
    )

    @property
    def documents(self) -> Path:
        """Sent bytes and other documents by content hash."""
        return self.home / "documents"

    @property
    def letters(self) -> Path:
        """Letters ready to print, one folder a creditor and day."""
        return self.home / "letters"

    @property
    def runs(self) -> Path:
        """Facts and decisions of each run."""
        return self.home / "runs"

    @property
    def copies(self) -> Path:
        """Copies of the tables that grow, for the run of a large book; they may be deleted at any time."""
        return self.home / "copies"

    @property
    def sqlite_file(self) -> Path:
        """The embedded database."""
        return self.home / "dunwell.sqlite3"
